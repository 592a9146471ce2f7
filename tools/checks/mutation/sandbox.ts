/**
 * A copy of the compiled repository in which one file at a time can be changed, while others work
 * in copies of their own.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScriptCoverage } from '../coverage.ts';
import { withModules } from '../modules.ts';

/** How a spec ended. */
export type Verdict = 'passed' | 'failed' | 'timed-out';

/** How a spec ended, and the title of the first thing in it that failed. */
export interface Ending {
  readonly verdict: Verdict;
  readonly failure: string | undefined;
}

/** What a spec may use: processor time counts, and the clock on the wall only when it is stuck. */
export interface Allowance {
  readonly processorSeconds: number;
  readonly wallMs: number;
}

/** What a spec takes when nothing is broken. */
export interface Baseline {
  /** Processor time. */
  readonly seconds: number;
  /** Time on the wall, on a machine as busy as it is. */
  readonly wallMs: number;
  /** The functions of `dist/lib` that it calls, as `dist/lib/a/b.js#name`. */
  readonly calls: ReadonlySet<string>;
}

/** Signals that end what runs too long; by others a process ends that has crashed. */
const CUTS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGXCPU', 'SIGALRM', 'SIGTERM']);

/** What the test library writes when it gives up waiting, and not when an assertion fails. */
const TIMEOUT = /^ *not ok \d+ - timeout!/m;

/** Returns the title of the first failure in what a spec wrote, behind those of its tests. */
export function firstFailure(output: string): string {
  const lines = output.split('\n');
  const at = lines.findIndex((line) => /^ *not ok /.test(line));
  if (at === -1) return 'no assertion: it crashed';
  const test = lines.slice(0, at).findLast((line) => /^ *# Subtest: /.test(line));
  const title = lines[at]!.replace(/^ *not ok \d+( - )?/, '');
  return test === undefined ? title : `${test.replace(/^ *# Subtest: /, '')}: ${title}`;
}

/** A place to run specs against a changed source. */
export class Sandbox {
  readonly #root: string;
  readonly #origin: string;

  /** @param origin root of the repository, which must be compiled. */
  constructor(origin: string) {
    this.#origin = origin;
    this.#root = mkdtempSync(join(tmpdir(), 'barewire-mutation-'));
    cpSync(join(origin, 'package.json'), join(this.#root, 'package.json'));
    cpSync(join(origin, 'dist'), join(this.#root, 'dist'), { recursive: true });
    mkdirSync(join(this.#root, '.tap'));
    for (const name of readdirSync(origin)) {
      if (name.startsWith('.') || name === 'dist' || name === 'package.json') continue;
      symlinkSync(join(origin, name), join(this.#root, name));
    }
  }

  /** Puts other code into a compiled file. */
  write(file: string, code: string): void {
    writeFileSync(join(this.#root, file), code);
  }

  /** Puts a compiled file back as it was. */
  restore(file: string): void {
    cpSync(join(this.#origin, file), join(this.#root, file));
  }

  /** Runs one compiled spec until its first failure. */
  async run(spec: string, allowance: Allowance): Promise<Ending> {
    const { verdict, output } = await this.#start('exec "$0" "$1"', spec, allowance);
    return { verdict, failure: verdict === 'failed' ? firstFailure(output) : undefined };
  }

  /** Runs an unchanged spec; `undefined` when it does not pass. */
  async measure(spec: string, allowance: Allowance): Promise<Baseline | undefined> {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-trace-'));
    // The shell tells what its child took, in the last line.
    const script = '"$0" "$1"; status=$?; times; exit $status';
    const begin = performance.now();
    const { verdict, output } = await this.#start(script, spec, allowance, folder);
    const wallMs = performance.now() - begin;
    const calls = new Set(this.#readCalls(folder));
    rmSync(folder, { recursive: true, force: true });
    const used = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(output)?.slice(1).map(Number);
    if (verdict !== 'passed' || used === undefined) return undefined;
    return { seconds: (used[0]! + used[2]!) * 60 + used[1]! + used[3]!, wallMs, calls };
  }

  #start(
    script: string,
    spec: string,
    { processorSeconds, wallMs }: Allowance,
    coverage?: string,
  ): Promise<{ verdict: Verdict; output: string }> {
    const { NODE_OPTIONS: _, ...rest } = process.env;
    const env = {
      ...withModules(rest),
      TAP_BAIL: '1',
      TAP_TIMEOUT: String(Math.ceil(wallMs / 1000)),
    };
    if (coverage !== undefined) Object.assign(env, { NODE_V8_COVERAGE: coverage });
    const options = { cwd: this.#root, env, timeout: Math.ceil(wallMs * 1.2), maxBuffer: 1 << 28 };
    const limited = `ulimit -t ${Math.ceil(processorSeconds)}; ${script}`;
    const args = ['-c', limited, process.execPath, join(this.#root, spec)];
    return new Promise((done) => {
      execFile('/bin/sh', args, { ...options, killSignal: 'SIGKILL' }, (error, output) => {
        const isCut = error?.killed === true || CUTS.has(error?.signal ?? '');
        const isLate = isCut || TIMEOUT.test(output);
        done({ verdict: error === null ? 'passed' : isLate ? 'timed-out' : 'failed', output });
      });
    });
  }

  #readCalls(folder: string): string[] {
    const lib = pathToFileURL(join(this.#root, 'dist/lib/')).href;
    const scripts = readdirSync(folder).flatMap(
      (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).result as ScriptCoverage[],
    );
    return scripts
      .filter(({ url }) => url.startsWith(lib))
      .flatMap(({ url, functions }) =>
        functions
          .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
          .map(({ functionName }) => `dist/lib/${url.slice(lib.length)}#${functionName}`),
      );
  }

  /** Removes the copy. */
  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

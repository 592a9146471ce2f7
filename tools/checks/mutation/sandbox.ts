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
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a spec ended. */
export type Verdict = 'passed' | 'failed' | 'timed-out';

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

  /** Runs one compiled spec. */
  run(spec: string, timeoutMs: number): Promise<Verdict> {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const options = { cwd: this.#root, env, timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
    return new Promise((done) => {
      const args = ['--enable-source-maps', join(this.#root, spec)];
      execFile(process.execPath, args, { ...options, maxBuffer: 1 << 28 }, (error) => {
        if (error === null) done('passed');
        else done(error.killed ? 'timed-out' : 'failed');
      });
    });
  }

  /** Removes the copy. */
  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

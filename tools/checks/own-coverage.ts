/**
 * Coverage of single files of `lib` by their own specs alone, without the whole suite and without
 * tap around it, the lines that are missing, and a verdict for each folder. What all of them come
 * to is the least that the whole suite covers:
 *
 *   npm run coverage:own                                            every file
 *   npm run coverage:own -- lib/codec lib/http/fields.ts [--missing]
 *
 *   --missing  lists the lines that are not covered of every file, and not only of those below the
 *              floor
 *
 * Exits with 1 when a file does not reach the floor of `coverage.ts`, or a spec fails.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  coverageOf,
  FLOORS,
  filesOfLib,
  measure,
  reaches,
  type ScriptCoverage,
  show,
} from './coverage.ts';
import { withModules } from './modules.ts';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { missing: { type: 'boolean', default: false } },
});

/** The specs that a compiled file of `lib` has for itself. */
function ownSpecs(path: string): string[] {
  const stem = relative(join(ROOT, 'dist/lib'), path).replace(/\.js$/, '');
  return ['spec', 'prop']
    .map((kind) => join(ROOT, 'dist/spec', `${stem}.${kind}.js`))
    .filter((spec) => existsSync(spec));
}

/** Runs one spec in a process that writes down its coverage; `undefined` when it fails. */
function record(spec: string): Promise<ScriptCoverage[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-coverage-'));
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((done) => {
    const options = {
      cwd: ROOT,
      env: { ...withModules(env), TAP_TIMEOUT: '900', NODE_V8_COVERAGE: folder },
      maxBuffer: 1 << 28,
    };
    execFile(process.execPath, ['--enable-source-maps', spec], options, (error, stdout) => {
      if (error !== null) console.log(`fails: ${relative(ROOT, spec)}\n${stdout}`);
      const scripts = readdirSync(folder).flatMap(
        (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).result as ScriptCoverage[],
      );
      rmSync(folder, { recursive: true, force: true });
      done(error === null ? scripts : undefined);
    });
  });
}

/** Files, and what they come to together. */
interface Sum {
  count: number;
  below: number;
  lines: [covered: number, count: number];
  branches: [covered: number, count: number];
}

const newSum = (): Sum => ({ count: 0, below: 0, lines: [0, 0], branches: [0, 0] });

/** Measures one file and prints what it comes to; adds it to these sums. */
async function check(path: string, sums: readonly Sum[]): Promise<void> {
  const source = relative(ROOT, path)
    .replace(/^dist\//, '')
    .replace(/js$/, 'ts');
  const records: { scripts: ScriptCoverage[] }[] = [];
  let isSound = true;
  for (const spec of ownSpecs(path)) {
    const scripts = await record(spec);
    if (scripts === undefined) isSound = false;
    else records.push({ scripts });
  }
  const tally = await measure(path, records);
  const coverage = coverageOf(tally);
  const isEnough = isSound && reaches(coverage, FLOORS.own);
  console.log(`${isEnough ? 'ok    ' : 'BELOW '} ${source}: ${show(coverage)}`);
  const missing = [...tally.missing].sort((left, right) => left - right);
  if ((values.missing || !isEnough) && missing.length > 0) {
    const lines = readFileSync(join(ROOT, source), 'utf8').split('\n');
    for (const line of missing) console.log(`  ${line}: ${lines[line - 1]?.trim()}`);
  }
  for (const sum of sums) {
    sum.count += 1;
    if (!isEnough) sum.below += 1;
    for (const kind of ['lines', 'branches'] as const) {
      sum[kind][0] += tally[kind][0];
      sum[kind][1] += tally[kind][1];
    }
  }
}

function printSum(name: string, sum: Sum): void {
  const { count, below } = sum;
  const share = show(coverageOf({ ...sum, missing: new Set() }));
  const verdict = below === 0 ? 'ok    ' : 'BELOW ';
  console.log(`${verdict} ${name}: ${count - below} of ${count} files, ${share}`);
}

const wanted = positionals.map((part) => part.replace(/\.ts$/, '.js'));
const files = filesOfLib(ROOT).filter(
  (path) =>
    wanted.length === 0 || wanted.some((part) => relative(join(ROOT, 'dist'), path).includes(part)),
);
const folders = new Map<string, Sum>();
const total = newSum();
for (const file of files) {
  const name = relative(join(ROOT, 'dist'), dirname(file));
  const folder = folders.get(name) ?? newSum();
  folders.set(name, folder);
  await check(file, [folder, total]);
}
console.log('');
for (const [name, sum] of folders) printSum(name, sum);
if (folders.size > 1) printSum('all', total);
const { below } = total;
console.log(`${files.length - below} passed, ${below} failed`);
if (below > 0 || files.length === 0) process.exitCode = 1;

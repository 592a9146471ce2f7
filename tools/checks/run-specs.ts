/**
 * Runs the compiled specs: makes sure that tap's plugins are built, starts tap on `dist/spec`,
 * shows what failed, and ends with one line of counts.
 *
 *   node dist/tools/checks/run-specs.js [part of a path …] [--tap] [--coverage] [-- tap options]
 *
 *   --tap       shows all that tap prints (as for a single file on a terminal)
 *   --coverage  measures the coverage of lib and fails below the floors of `coverage.ts`;
 *               of a part of lib when only a part of the specs is run
 *
 * Exits with 0 when everything passed, 1 when something failed, 2 when nothing could be run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RECORD_OPTIONS, type Recording, readRecordings, reportCoverage } from './coverage.ts';
import { withModules } from './modules.ts';
import { ensurePlugins, findTap } from './tap-plugins.ts';
import { TapReport } from './tap-report.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const SPEC = /\.(spec|prop)\.[jt]s$/;

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .sort();
}

/**
 * Removes what was compiled from sources that are gone, and returns the specs that have not been
 * compiled: either would make a green run a lie.
 */
function matchDist(): string[] {
  for (const folder of ['lib', 'spec', 'fuzz', 'bench', 'tools']) {
    for (const file of filesBelow(join('dist', folder))) {
      const source = file.slice('dist/'.length).replace(/\.(d\.ts|js|js\.map)$/, '.ts');
      if (source.endsWith('.ts') && !existsSync(join(root, source))) rmSync(join(root, file));
    }
  }
  return filesBelow('spec').filter(
    (file) => SPEC.test(file) && !existsSync(join(root, 'dist', file.replace(/ts$/, 'js'))),
  );
}

function chooseSpecs(parts: readonly string[]): string[] {
  const wanted = parts.map((part) => part.replace(/^(\.\/)?(dist\/)?/, '').replace(/\.ts$/, '.js'));
  const all = filesBelow('dist/spec').filter((file) => SPEC.test(file) && file.endsWith('.js'));
  return wanted.length === 0
    ? all
    : all.filter((file) => wanted.some((part) => file.includes(part)));
}

function stop(reason: string): never {
  console.error(reason);
  process.exit(2);
}

/** Runs tap once and gives each line of it to `take`. */
async function runTap(
  files: readonly string[],
  options: readonly string[],
  take: (line: string) => void,
): Promise<number | null> {
  const child = spawn(process.execPath, [findTap(root), '-Rtap', ...options, ...files], {
    cwd: root,
    env: withModules(process.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) take(line);
  const [status]: readonly (number | null)[] = await closed;
  return status ?? null;
}

/** Runs the specs, and those again that a timeout of another has taken away. */
async function runSpecs(files: readonly string[], options: readonly string[], showAll: boolean) {
  const failures: string[] = [];
  const report = new TapReport((line) => {
    if (!showAll) console.log(line);
    else if (line.startsWith('not ok')) failures.push(line);
  });
  const take = (line: string): void => {
    if (showAll) console.log(line);
    report.line(line);
  };
  const run = async (some: readonly string[]): Promise<number | null> => {
    const status = await runTap(some, options, take);
    if (isMeasured) recordings.push(...readRecordings(root));
    return status;
  };
  let status = await run(files);
  for (let before = files.length; ; ) {
    const silent = report.silent(files);
    if (silent.length === 0 || silent.length >= before) break;
    console.log(`${silent.length} files have no result yet and run again`);
    before = silent.length;
    status = await run(silent);
  }
  report.end(status, files);
  for (const line of failures) console.log(line);
  return report;
}

const separator = process.argv.indexOf('--', 2);
const words = process.argv.slice(2, separator === -1 ? undefined : separator);
const tapOptions = separator === -1 ? [] : process.argv.slice(separator + 1);
const flags = new Set(words.filter((word) => word.startsWith('--')));
for (const flag of flags) {
  if (!['--tap', '--coverage'].includes(flag)) stop(`unknown option ${flag}`);
}
const missing = matchDist();
if (missing.length > 0) stop(`not compiled, run "npm run build" first: ${missing.join(', ')}`);
const parts = words.filter((word) => !word.startsWith('--'));
const files = chooseSpecs(parts);
if (files.length === 0) stop(`no spec matches ${parts.join(', ')}`);
ensurePlugins(root);

const isQuiet = process.env['CI'] !== undefined || files.length > 1;
const isMeasured = flags.has('--coverage');
const options = isMeasured ? [...RECORD_OPTIONS, ...tapOptions] : tapOptions;
const recordings: Recording[] = [];
const report = await runSpecs(files, options, flags.has('--tap') || !isQuiet);
for (const skip of report.skips) console.log(`skipped ${skip}`);
if (isMeasured) {
  // Of a part of the specs, the coverage of the same part of lib is what counts.
  const { lines, isEnough } = await reportCoverage(
    root,
    recordings,
    parts.map((part) =>
      part.replace(/^(\.\/)?(dist\/)?spec\//, 'lib/').replace(/\.(spec|prop).*/, ''),
    ),
  );
  for (const line of lines) console.log(line);
  if (!isEnough) process.exitCode = 1;
}
const { passed, failed, skipped } = report.counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0) process.exitCode = 1;

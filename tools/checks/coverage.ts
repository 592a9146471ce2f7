/**
 * Coverage of `lib`, from what tap has recorded: of every spec together, and of each file by its
 * own specs alone.
 *
 * V8 counts ranges of the compiled code; they are merged over the processes first and taken back to
 * the sources afterwards. A file that no spec loads does not appear in any record, so the files of
 * `lib` are listed and the absent ones count as not covered at all. Files that only declare types
 * have nothing to cover.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import v8ToIstanbul from 'v8-to-istanbul';

/** Percent, from 0 to 100. */
export interface Coverage {
  readonly lines: number;
  readonly branches: number;
}

/** What is asked of all of `lib`, and of each file by its own specs. */
export const FLOORS: { readonly all: Coverage; readonly own: Coverage } = {
  all: { lines: 98, branches: 98 },
  own: { lines: 95, branches: 95 },
};

/** What one compiled file has counted in one process. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: Profiler.FunctionCoverage[];
}

/** One recorded process: the spec file it ran, and what it covered of `dist/lib`. */
export interface Recording {
  readonly spec: string;
  readonly scripts: readonly ScriptCoverage[];
}

type Merge = (records: { result: ScriptCoverage[] }[]) => { result: ScriptCoverage[] };
const { mergeProcessCovs } = createRequire(import.meta.url)('@bcoe/v8-coverage') as {
  mergeProcessCovs: Merge;
};

/** Covered and existing lines and branches, and where those are that are not covered. */
export interface Tally {
  lines: [covered: number, count: number];
  branches: [covered: number, count: number];
  /** Lines of the source, counted from 1, that no process ran, or ran in part. */
  missing: Set<number>;
}

/** tap options that make it record, give it time for that, and report nothing itself. */
export const RECORD_OPTIONS: readonly string[] = [
  '--no-disable-coverage',
  '--allow-incomplete-coverage',
  '--coverage-report=none',
  // Counting makes code several times slower.
  '--timeout=900',
];

/** What tap has written down about a process. */
interface ProcessInfo {
  /** The spec file that tap has started; not there for the processes below it. */
  readonly externalID?: string;
  /** The process that started it. */
  readonly parent?: string | null;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** The spec that a process ran, or that started it; empty when that has left no trace. */
function specOf(root: string, process: string): string {
  const path = join(root, '.tap/processinfo', `${process}.json`);
  if (!existsSync(path)) return '';
  const { externalID, parent } = readJson(path) as ProcessInfo;
  return externalID ?? (parent ? specOf(root, parent) : '');
}

/**
 * Reads what tap has recorded, which its next run takes away. What a spec starts in a process of
 * its own counts for that spec.
 */
export function readRecordings(root: string): Recording[] {
  const folder = join(root, '.tap/coverage');
  if (!existsSync(folder)) return [];
  const lib = pathToFileURL(join(root, 'dist/lib/')).href;
  return readdirSync(folder).map((name) => {
    const { result } = readJson(join(folder, name)) as { result: ScriptCoverage[] };
    const scripts = result.filter(({ url }) => url.startsWith(lib));
    return { spec: specOf(root, name.replace(/\.json$/, '')), scripts };
  });
}

/** Merges the records of one compiled file and takes them back to its source. */
export async function measure(
  path: string,
  records: readonly Pick<Recording, 'scripts'>[],
): Promise<Tally> {
  const url = pathToFileURL(path).href;
  const length = readFileSync(path, 'utf8').length;
  // Fuzz targets load other code under the same name: what they count is not this file.
  const isThisFile = (script: ScriptCoverage): boolean =>
    script.url === url && script.functions[0]?.ranges[0]?.endOffset === length;
  const scripts = records.flatMap(({ scripts }) => scripts.filter(isThisFile));
  const tally: Tally = { lines: [0, 0], branches: [0, 0], missing: new Set() };
  if (scripts.length === 0) return tally;
  const { result } = mergeProcessCovs(scripts.map((script) => ({ result: [script] })));
  const converter = v8ToIstanbul(path);
  await converter.load();
  converter.applyCoverage(result[0]!.functions);
  for (const data of Object.values(converter.toIstanbul())) {
    const lines = Object.values(data.s);
    const branches = Object.values(data.b).flat();
    tally.lines[0] += lines.filter((count) => count > 0).length;
    tally.lines[1] += lines.length;
    tally.branches[0] += branches.filter((count) => count > 0).length;
    tally.branches[1] += branches.length;
    for (const line of missingLines(data)) tally.missing.add(line);
  }
  converter.destroy();
  return tally;
}

type FileCoverage = ReturnType<ReturnType<typeof v8ToIstanbul>['toIstanbul']>[string];

/** Lines on which a statement or a branch was not taken. */
function missingLines(data: FileCoverage): number[] {
  const statements = Object.entries(data.statementMap)
    .filter(([key]) => data.s[key] === 0)
    .map(([, { start }]) => start.line);
  const branches = Object.entries(data.branchMap).flatMap(([key, { locations }]) =>
    locations.filter((_, index) => data.b[key]?.[index] === 0).map(({ start }) => start.line),
  );
  return [...statements, ...branches];
}

const percentOf = ([covered, count]: readonly [number, number], ifNone: number): number =>
  count === 0 ? ifNone : (covered / count) * 100;

/** What a tally comes to. Nothing recorded is nothing covered. */
export function coverageOf({ lines, branches }: Tally): Coverage {
  const isAbsent = lines[1] === 0;
  return { lines: percentOf(lines, 0), branches: percentOf(branches, isAbsent ? 0 : 100) };
}

/** Tells whether both shares are high enough. */
export const reaches = (coverage: Coverage, floor: Coverage): boolean =>
  coverage.lines >= floor.lines && coverage.branches >= floor.branches;

/** A coverage in words. */
export const show = ({ lines, branches }: Coverage): string =>
  `${lines.toFixed(1)} % of lines, ${branches.toFixed(1)} % of branches`;

function hasCode(path: string): boolean {
  const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return text.replace(/export \{\};?/, '').trim() !== '';
}

/** Compiled files of `lib` that have something to cover, but for those that only re-export. */
export function filesOfLib(root: string): string[] {
  return readdirSync(join(root, 'dist/lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !/(^|\/)index\.js$/.test(name))
    .map((name) => join(root, 'dist/lib', name))
    .filter(hasCode)
    .sort();
}

/** Tells whether a spec is one of a file's own: `spec/a/b.spec.js` or `spec/a/b.prop.js`. */
export function isOwnSpec(spec: string, file: string): boolean {
  const stem = file.replace(/\.js$/, '').replace(/^dist\/lib\//, '');
  return spec === `dist/spec/${stem}.spec.js` || spec === `dist/spec/${stem}.prop.js`;
}

/**
 * Measures what runs with {@link RECORD_OPTIONS} have recorded.
 *
 * @param records of one run after the other.
 * @param onlyOf parts of paths: only files that match are measured; none means all.
 * @returns lines for people, and whether every floor was reached: there is none for specs that
 *   belong to no file of `lib`.
 */
export async function reportCoverage(
  root: string,
  records: readonly Recording[],
  onlyOf: readonly string[],
): Promise<{ readonly lines: readonly string[]; readonly isEnough: boolean }> {
  if (records.length === 0) return { lines: ['nothing recorded'], isEnough: false };
  const total: Tally = { lines: [0, 0], branches: [0, 0], missing: new Set() };
  const lines: string[] = [];
  const files = filesOfLib(root).filter(
    (path) => onlyOf.length === 0 || onlyOf.some((part) => relative(root, path).includes(part)),
  );
  if (files.length === 0) return { lines: ['lib has no part of that name'], isEnough: true };
  for (const path of files) {
    const file = relative(root, path);
    const all = await measure(path, records);
    const own = await measure(
      path,
      records.filter(({ spec }) => isOwnSpec(spec, file)),
    );
    for (const kind of ['lines', 'branches'] as const) {
      total[kind][0] += all[kind][0];
      total[kind][1] += all[kind][1];
    }
    // An absent file weighs as much as it is long.
    if (all.lines[1] === 0) total.lines[1] += readFileSync(path, 'utf8').split('\n').length;
    const source = file.replace(/^dist\//, '').replace(/js$/, 'ts');
    const isBelow = !reaches(coverageOf(own), FLOORS.own);
    if (isBelow)
      lines.push(
        `${source}: ${show(coverageOf(own))} by its own specs (${show(coverageOf(all))} by all)`,
      );
  }
  const whole = coverageOf(total);
  const isEnough = lines.length === 0 && reaches(whole, FLOORS.all);
  return { lines: [...lines, `lib: ${show(whole)}`], isEnough };
}

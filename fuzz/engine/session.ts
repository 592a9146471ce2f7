/**
 * One fuzz run in this process: registers the hook, loads the target with everything instrumented,
 * and keeps its corpus.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PlantedFault } from '../planted-fault.ts';
import { TARGETS } from '../targets.ts';
import { readCorpus, writeCorpus } from './corpus.ts';
import { Counters } from './counters.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Budget, Fuzzer, type FuzzReport } from './fuzzer.ts';
import type { Fault, HookOptions } from './hook.ts';
import { addRun, type PresentRecord, type RunRecord, readRecord, writeRecord } from './record.ts';
import type { FuzzTarget } from './target.ts';
import { Watchdog } from './watchdog.ts';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** What a run is told. */
export interface SessionOptions extends Budget {
  readonly seed: number;
  /**
   * Adds the inputs to the committed corpus, and makes that as small as it can be; adds the run to
   * the record of the target.
   */
  readonly save?: boolean;
  /** A fault to plant into the sources before they are loaded. */
  readonly fault?: PlantedFault | undefined;
}

const counters = new Counters();
let isHooked = false;

/**
 * Instruments what is loaded from now on, with a fault where one is given. A process can be hooked
 * once, so that a fault cannot leak into a later run.
 */
export function hook(fault: PlantedFault | undefined): void {
  if (isHooked && fault === undefined) return;
  if (isHooked) throw new Error('a fault is planted in a fresh process');
  isHooked = true;
  counters.install();
  const folders = ['lib/', 'fuzz/canaries/'].map(
    (folder) => pathToFileURL(join(ROOT, 'dist', folder)).href,
  );
  const data: HookOptions = { folders, fault: fault && locate(fault) };
  register('./hook.js', import.meta.url, { data });
}

/** @throws Error unless the place of the fault stands exactly once in its chapter. */
function locate({ chapter, find, replace }: PlantedFault): Fault {
  const folder = join(ROOT, 'dist/lib', chapter);
  const modules = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const places = modules.flatMap((name) => {
    const path = join(folder, name);
    const times = readFileSync(path, 'utf8').split(find).length - 1;
    return Array<string>(times).fill(path);
  });
  if (places.length !== 1) throw new Error(`stands ${places.length} times in ${chapter}: ${find}`);
  return { url: pathToFileURL(places[0]!).href, find, replace };
}

const folderOf = (name: string): string => join(ROOT, 'fuzz/corpus', name);
const corpusPath = (name: string): string => join(folderOf(name), 'corpus.txt');
const recordPath = (name: string): string => join(folderOf(name), 'record.json');

const fingerprint = (name: string): string =>
  fingerprintOf(join(ROOT, 'dist/fuzz', `${name}.fuzz.js`));

/** What has been run of each target. */
export function readRecords(): Map<string, PresentRecord> {
  const names = Object.keys(TARGETS).filter((name) => !name.startsWith('canary'));
  return new Map(
    names.map((name) => {
      const corpus = readCorpus(corpusPath(name)).length;
      const record = readRecord(recordPath(name));
      return [name, { record, fingerprint: fingerprint(name), corpus }];
    }),
  );
}

/** Branches of the target's subjects, from the counters as they are. */
function branchesOf(target: FuzzTarget): RunRecord['branches'] {
  return Object.fromEntries(
    target.subjects.map((subject) => {
      const module = counters.modules.find(({ name }) => name === `${subject}.js`);
      if (module === undefined) throw new Error(`${target.name} does not load ${subject}`);
      return [subject, counters.coverageOf(module)];
    }),
  );
}

async function save(
  target: FuzzTarget,
  version: string,
  fuzzer: Fuzzer,
  report: FuzzReport,
): Promise<void> {
  const branches = branchesOf(target);
  const corpus = await fuzzer.minimise(fuzzer.corpus);
  writeCorpus(corpusPath(target.name), corpus);
  const path = recordPath(target.name);
  const after = { branches, corpus: corpus.length };
  writeRecord(path, addRun(readRecord(path), report, version, after));
}

/** What was asked for cannot be: a sentence for whoever asked. */
export class WrongCommand extends Error {}

/** Loads a target with its sources instrumented. */
export async function loadTarget(name: string, fault?: PlantedFault): Promise<FuzzTarget> {
  if (!Object.hasOwn(TARGETS, name)) {
    throw new WrongCommand(`no target ${name}: ${Object.keys(TARGETS).join(', ')}`);
  }
  hook(fault);
  return (await TARGETS[name]!()).target;
}

/** Fuzzes a target within a budget. */
export async function fuzz(name: string, options: SessionOptions): Promise<FuzzReport> {
  // Asked for before the run: an hour later the sources may be built anew.
  const version = options.save === true ? fingerprint(name) : undefined;
  const target = await loadTarget(name, options.fault);
  const watchdog = new Watchdog();
  counters.forget();
  const fuzzer = new Fuzzer(target, counters, { seed: options.seed, watchdog });
  const report = await fuzzer.run(readCorpus(corpusPath(name)), options);
  if (version !== undefined) await save(target, version, fuzzer, report);
  await watchdog.stop();
  return report;
}

/** Coverage of each instrumented module, as lines for people. */
export function coverageLines(): string[] {
  return counters.modules.map((module) => {
    const [covered, count] = counters.coverageOf(module);
    return `  ${module.name.padEnd(36)} ${String(covered).padStart(4)} of ${count}`;
  });
}

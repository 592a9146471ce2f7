/**
 * What a bench finds out, in the one form that tables, charts, `results.md` and `bench:compare`
 * read: rows (workloads) with entries (contenders), ours first, less being better everywhere.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { quantile } from './turns.ts';
import type { Unit } from './units.ts';

/** One measurement: the figure, and what else was seen on the way, such as `user` and `system`. */
export interface Sample {
  readonly value: number;
  readonly parts?: Readonly<Record<string, number>>;
}

/** Median and quartiles. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** What one contender did in one workload. */
export interface Entry extends Spread {
  readonly name: string;
  /** Ours divided by theirs, within each round; absent for ours. */
  readonly ratio?: Spread;
  /** Medians of the parts. */
  readonly parts?: Readonly<Record<string, number>>;
  readonly samples: readonly number[];
  /** Why there are no samples. */
  readonly error?: string;
}

/** One workload. */
export interface Row {
  /** Short and for good, such as `P3a`: what `bench:compare` finds it by. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly entries: readonly Entry[];
}

/** What a run of a bench found out. */
export interface Report {
  readonly bench: string;
  /** How to do it again. */
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
  /** What soaks found out: figures that compare with nobody's, and are no rows. */
  readonly results?: readonly SoakResult[];
  /** Of the table: what is not there, and why. */
  readonly gaps?: readonly Gap[];
}

/** One figure of a soak. */
export interface SoakFigure {
  readonly label: string;
  readonly value: number;
  readonly unit: 'B' | 'ms' | 's' | 'count' | 'MB/s' | 'percent';
}

/** What became of a soak. */
export interface SoakResult {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly SoakFigure[];
  /** Why there are no figures. */
  readonly error?: string;
}

/** Something that was to be measured and was not. */
export interface Gap {
  /** The id of the job. */
  readonly job: string;
  /** A goal of it, such as `P1 ÷ bun`; absent when it is the whole job. */
  readonly what?: string;
  readonly why: string;
  /** Whether the whole job was run in vain. It is told until the job has been run again. */
  readonly isFailure?: boolean;
}

/** Where it ran, and with what. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** One contender's samples, round by round; where a round failed, what was thrown. */
export type Series = readonly (Sample | Error)[];

/** Makes a row of the samples of all contenders, of which the first is ours. */
export function makeRow(
  head: Pick<Row, 'id' | 'title' | 'unit'>,
  contenders: readonly { readonly name: string; readonly series: Series }[],
): Row {
  const { id, title, unit } = head;
  const ours = contenders[0]!.series;
  const entries = contenders.map(({ name, series }, index) =>
    makeEntry(name, series, index === 0 ? undefined : ours),
  );
  return { id, title, unit, entries };
}

function makeEntry(name: string, series: Series, ours: Series | undefined): Entry {
  const samples = series.filter((sample): sample is Sample => !(sample instanceof Error));
  const errors = series.filter((sample) => sample instanceof Error);
  const values = samples.map(({ value }) => value);
  if (values.length === 0) {
    const nothing = { median: Number.NaN, low: Number.NaN, high: Number.NaN, samples: [] };
    return { name, ...nothing, error: String(errors[0]?.message ?? 'nothing was measured') };
  }
  const ratios = (ours ?? []).flatMap((own, round) => {
    const theirs = series[round]!;
    if (own instanceof Error || theirs instanceof Error) return [];
    // A clock that ticks by the hundredth of a second may have seen nothing of a short round.
    const ratio = own.value / theirs.value;
    return Number.isFinite(ratio) ? [ratio] : [];
  });
  const parts = mediansOf(samples);
  return {
    name,
    ...spreadOf(values),
    ...(ratios.length === 0 ? {} : { ratio: spreadOf(ratios) }),
    ...(parts === undefined ? {} : { parts }),
    samples: values,
    ...(errors.length === 0 ? {} : { error: errors[0]!.message }),
  };
}

function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
  };
}

function mediansOf(samples: readonly Sample[]): Record<string, number> | undefined {
  const names = Object.keys(samples[0]!.parts ?? {});
  if (names.length === 0) return undefined;
  const median = (name: string): number =>
    quantile(
      samples.map(({ parts }) => parts?.[name] ?? Number.NaN),
      0.5,
    );
  return Object.fromEntries(names.map((name) => [name, median(name)]));
}

const require = createRequire(import.meta.url);

/** Packages whose versions a reader wants to know, when they are installed. */
const PEERS = [
  'ws',
  'bufferutil',
  'utf-8-validate',
  'websocket-driver',
  'http-parser-js',
  'better-sse',
  'eventsource-parser',
];

/** By its path: not every package lets its `package.json` be required. */
function versionOf(name: string): [string, string][] {
  const files = (require.resolve.paths(name) ?? []).map((path) => join(path, name, 'package.json'));
  const file = files.find(existsSync);
  if (file === undefined) return [];
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return [[name, version]];
}

/** Asks another program, such as Bun, for its version. */
export function programVersion(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
}

/** Finds out where this runs. */
export function describeMachine(others: Readonly<Record<string, string>> = {}): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    versions: { node: process.version, ...Object.fromEntries(PEERS.flatMap(versionOf)), ...others },
  };
}

/** Puts rows into a report of today. */
export function makeReport(
  bench: string,
  rows: readonly Row[],
  others: Readonly<Record<string, string>> = {},
): Report {
  const args = process.argv.slice(2).filter((word, at, all) => {
    // Where the result goes says nothing about how it came about.
    return !/^--(json|svg)($|=)/.test(word) && !['--json', '--svg'].includes(all[at - 1]!);
  });
  return {
    bench,
    command: ['npm run bench --', bench, ...args].join(' '),
    date: new Date().toISOString(),
    machine: describeMachine(others),
    rows,
  };
}

/** Writes a report to a file. */
export function writeReport(path: string, report: Report): void {
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}

/**
 * What has been run so far, for each target: `fuzz/corpus/<target>/record.json`, which `--save`
 * adds to, and `npm run fuzz -- record` prints as the table of the README.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FuzzReport } from './fuzzer.ts';

/** All saved runs of a target together. */
export interface RunRecord {
  /** Inputs that were run. */
  readonly runs: number;
  /** Processor time that they took. */
  readonly processorSeconds: number;
  /** Runs that ended with a broken invariant. */
  readonly findings: number;
  /** Inputs in the corpus. */
  readonly corpus: number;
  /** Branches of the target's subjects, reached and existing, as of the last saved run. */
  readonly branches: Readonly<Record<string, readonly [reached: number, existing: number]>>;
  /** The version of the target that ran last, and the processor time of that one alone. */
  readonly latest?: { readonly fingerprint: string; readonly processorSeconds: number };
}

const NOTHING: RunRecord = { runs: 0, processorSeconds: 0, findings: 0, corpus: 0, branches: {} };

/** Reads a record; there may be none yet. */
export function readRecord(path: string): RunRecord {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : NOTHING;
}

/** A record with one more run, of the version of the target with that fingerprint. */
export function addRun(
  before: RunRecord,
  report: FuzzReport,
  fingerprint: string,
  after: Pick<RunRecord, 'branches' | 'corpus'>,
): RunRecord {
  const seconds = Math.round(report.seconds);
  const sinceChange = secondsSinceChange(before, fingerprint) + seconds;
  return {
    runs: before.runs + report.runs,
    processorSeconds: before.processorSeconds + seconds,
    findings: before.findings + (report.finding === undefined ? 0 : 1),
    latest: { fingerprint, processorSeconds: sinceChange },
    ...after,
  };
}

/** Processor time of the version with that fingerprint; none where the last one was another. */
function secondsSinceChange({ latest }: RunRecord, fingerprint: string): number {
  return latest?.fingerprint === fingerprint ? latest.processorSeconds : 0;
}

/** Writes a record. */
export function writeRecord(path: string, record: RunRecord): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** A record, and what its target is now. */
export interface PresentRecord {
  readonly record: RunRecord;
  readonly fingerprint: string;
  /** Inputs in its corpus, which may be older than the record. */
  readonly corpus: number;
}

const inMinutes = (seconds: number): string => `${(seconds / 60).toFixed(0)} min`;

/** The table of the README, one line a target. */
export function recordTable(records: ReadonlyMap<string, PresentRecord>): string {
  const lines = [...records].map(([name, { record, fingerprint, corpus }]) => {
    const branches = Object.entries(record.branches).map(
      ([module, [reached, existing]]) => `${reached} of ${existing} in \`${module}\``,
    );
    const cells = [
      `\`${name}\``,
      record.runs.toLocaleString('en'),
      inMinutes(record.processorSeconds),
      inMinutes(secondsSinceChange(record, fingerprint)),
      String(corpus),
      branches.join(', '),
      String(record.findings),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| target | inputs run | processor time | of that since the target last changed | corpus ' +
      '| branches reached | findings |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

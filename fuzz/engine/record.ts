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
}

const NOTHING: RunRecord = { runs: 0, processorSeconds: 0, findings: 0, corpus: 0, branches: {} };

/** Reads a record; there may be none yet. */
export function readRecord(path: string): RunRecord {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : NOTHING;
}

/** A record with one more run. */
export function addRun(
  before: RunRecord,
  report: FuzzReport,
  after: Pick<RunRecord, 'branches' | 'corpus'>,
): RunRecord {
  return {
    runs: before.runs + report.runs,
    processorSeconds: before.processorSeconds + Math.round(report.seconds),
    findings: before.findings + (report.finding === undefined ? 0 : 1),
    ...after,
  };
}

/** Writes a record. */
export function writeRecord(path: string, record: RunRecord): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** The table of the README, one line a target. */
export function recordTable(records: ReadonlyMap<string, RunRecord>): string {
  const lines = [...records].map(([name, record]) => {
    const minutes = (record.processorSeconds / 60).toFixed(0);
    const branches = Object.entries(record.branches).map(
      ([module, [reached, existing]]) => `${reached} of ${existing} in \`${module}\``,
    );
    const cells = [
      `\`${name}\``,
      record.runs.toLocaleString('en'),
      `${minutes} min`,
      String(record.corpus),
      branches.join(', '),
      String(record.findings),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| target | inputs run | processor time | corpus | branches reached | findings |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

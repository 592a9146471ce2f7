/**
 * The command line that all suites share:
 *
 *   npm run bench -- <name> [ids …] [--quick] [--rounds n] [--ms n] [--json file] [--svg file]
 */
import { writeFileSync } from 'node:fs';
import { drawBars } from './chart.ts';
import { readAmount, readCommandLine, readRows } from './command-line.ts';
import { SUITE_OPTIONS } from './options.ts';
import { makeReport, type Row, writeReport } from './report.ts';
import { type Case, type Effort, measureSuite } from './suite.ts';
import { formatRow } from './table.ts';

/** A row of a suite, to be measured. */
export interface Suite {
  readonly id: string;
  readonly title: string;
  /** Makes the cases when their turn has come; the first is ours. */
  readonly cases: () => readonly Case[] | Promise<readonly Case[]>;
}

/** Reads `--rounds` and `--ms`; without them, what is enough for figures, or for a look. */
export function effortOf(values: {
  readonly quick: boolean;
  readonly rounds?: string | undefined;
  readonly ms?: string | undefined;
}): Effort {
  const usual = values.quick ? { rounds: 3, milliseconds: 10 } : { rounds: 11, milliseconds: 30 };
  return {
    rounds: readAmount('--rounds', values.rounds, usual.rounds),
    milliseconds: readAmount('--ms', values.ms, usual.milliseconds),
  };
}

/** Writes what was measured where the command line wants it. */
export function saveRows(
  bench: string,
  rows: readonly Row[],
  values: { readonly json?: string | undefined; readonly svg?: string | undefined },
): void {
  if (values.json !== undefined) writeReport(values.json, makeReport(bench, rows));
  if (values.svg !== undefined) writeFileSync(values.svg, drawBars(bench, rows));
}

/** Measures the suites that the command line asks for. */
export async function runSuites(bench: string, suites: readonly Suite[]): Promise<void> {
  const { values, positionals } = readCommandLine({
    allowPositionals: true,
    options: SUITE_OPTIONS,
  });
  const effort = effortOf(values);
  const chosen = readRows(suites, positionals);
  const { rounds, milliseconds } = effort;
  console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
  const rows: Row[] = [];
  for (const { id, title, cases } of chosen) {
    const row = await measureSuite({ id, title }, await cases(), effort);
    console.log(formatRow(row));
    rows.push(row);
  }
  saveRows(bench, rows, values);
}

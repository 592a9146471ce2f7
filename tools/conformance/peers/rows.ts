/**
 * The rows of the table of results, kept between runs: the whole table takes an hour, one row
 * minutes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Behavior, CloseBehavior, Role } from '../model.ts';
import type { CaseResult } from '../result.ts';

/** One implementation in one role. */
export interface Row {
  /** Its place among the implementations: the name it is called by. */
  readonly name: string;
  readonly agent: string;
  readonly role: Role;
  /** The day on which it was measured, as `2026-11-30`. */
  readonly day: string;
  /** The version of Node that ran the suite. */
  readonly node: string;
  readonly verdicts: Readonly<Record<string, RowVerdict>>;
}

/** Both verdicts on a case. */
export interface RowVerdict {
  readonly behavior: Behavior;
  readonly behaviorClose: CloseBehavior;
}

/** Makes a row of what was measured today. */
export function makeRow(
  name: string,
  agent: string,
  role: Role,
  results: readonly CaseResult[],
): Row {
  const verdicts = results.map(({ entry, behavior, behaviorClose }) => [
    entry.case.id,
    { behavior, behaviorClose },
  ]);
  const day = new Date().toISOString().slice(0, 10);
  const node = process.versions.node;
  return { ...{ name, agent, role, day, node }, verdicts: Object.fromEntries(verdicts) };
}

/**
 * Keeps a row. Of an older row for the same version, the cases that were not run this time stay: a
 * row may be measured in pieces.
 */
export function keepRow(folder: string, row: Row): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${row.role}-${row.name}.json`);
  const before = existsSync(file) ? readRow(file) : undefined;
  const rest = before?.agent === row.agent ? before.verdicts : {};
  writeFileSync(file, JSON.stringify({ ...row, verdicts: { ...rest, ...row.verdicts } }));
}

/** Reads what is kept, in the order of the names. */
export function readRows(folder: string, names: readonly string[]): Row[] {
  const rows = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readRow(join(folder, file)));
  return names.flatMap((name) => rows.filter((row) => row.name === name));
}

const readRow = (file: string): Row => JSON.parse(readFileSync(file, 'utf8')) as Row;

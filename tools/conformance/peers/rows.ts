/**
 * The rows of the table of results, kept beside it: the whole table takes hours, one row minutes.
 *
 * ```
 * "OK / OK": "1.1.1 – 1.1.8, 1.2.1 – 1.2.8, …",  "NON-STRICT / OK": "6.4.1 – 6.4.4"
 * ```
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Behavior, CloseBehavior, Role } from '../model.ts';
import type { CaseResult } from '../result.ts';
import { formatIds, parseIds } from './id-ranges.ts';

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
export function keepRow(file: string, row: Row): void {
  const rows = readRows(file);
  const isSame = ({ name, role }: Row): boolean => name === row.name && role === row.role;
  const before = rows.find(isSame);
  const rest = before?.agent === row.agent ? before.verdicts : {};
  const whole = { ...row, verdicts: { ...rest, ...row.verdicts } };
  const kept = before === undefined ? [...rows, whole] : rows.map((r) => (isSame(r) ? whole : r));
  const packed = kept.map((each) => ({ ...each, verdicts: pack(each.verdicts) }));
  writeFileSync(file, `${JSON.stringify(packed, undefined, 2)}\n`);
}

/** Reads what is kept; in the order of the names, when they are given. */
export function readRows(file: string, names?: readonly string[]): Row[] {
  if (!existsSync(file)) return [];
  const packed = JSON.parse(readFileSync(file, 'utf8')) as PackedRow[];
  const rows = packed.map((row): Row => ({ ...row, verdicts: unpack(row.verdicts) }));
  return names?.flatMap((name) => rows.filter((row) => row.name === name)) ?? rows;
}

type Packed = Readonly<Record<string, string>>;
type PackedRow = Omit<Row, 'verdicts'> & { readonly verdicts: Packed };

/** Ids by both verdicts. */
function pack(verdicts: Row['verdicts']): Packed {
  const ids = new Map<string, string[]>();
  for (const [id, { behavior, behaviorClose }] of Object.entries(verdicts)) {
    const key = `${behavior} / ${behaviorClose}`;
    ids.set(key, [...(ids.get(key) ?? []), id]);
  }
  return Object.fromEntries([...ids].sort().map(([key, list]) => [key, formatIds(list)]));
}

function unpack(packed: Packed): Row['verdicts'] {
  const verdicts = Object.entries(packed).flatMap(([key, list]) => {
    const [behavior, behaviorClose] = key.split(' / ') as [Behavior, CloseBehavior];
    return parseIds(list).map((id) => [id, { behavior, behaviorClose }] as const);
  });
  return Object.fromEntries(verdicts);
}

/** The figures of reports, one by one: what two files are compared by. */
import type { Entry, Report, Row, Spread } from '../support/report.ts';
import { ratiosOf } from '../support/turns.ts';
import { jobOf } from './jobs.ts';

/** A ratio of ours to a peer; without a peer our own figure. */
export interface Figure {
  /** The job that measures it; empty when none does. */
  readonly job: string;
  readonly id: string;
  readonly peer: string;
  readonly spread: Spread;
  /** Round by round. */
  readonly rounds: readonly number[];
  readonly row: Row;
}

/** Puts all figures of some reports under names that are the same in every file. */
export function indexFigures(reports: readonly Report[]): Map<string, Figure> {
  const index = new Map<string, Figure>();
  for (const { bench, rows } of reports) {
    for (const row of rows) {
      const job = jobOf(bench, row);
      for (const [peer, spread, rounds] of figuresOf(row.entries)) {
        index.set(`${row.id} · ${peer}`, { job, id: row.id, peer, spread, rounds, row });
      }
    }
  }
  return index;
}

function figuresOf(entries: readonly Entry[]): [string, Spread, readonly number[]][] {
  const [ours, ...others] = entries;
  if (ours === undefined || ours.samples.length === 0) return [];
  const compared = others.flatMap(({ name, ratio, samples }) => {
    if (ratio === undefined) return [];
    return [[name, ratio, ratiosOf(ours.samples, samples)] as [string, Spread, number[]]];
  });
  return compared.length > 0 ? compared : [['(alone)', ours, ours.samples]];
}

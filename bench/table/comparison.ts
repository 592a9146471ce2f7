/**
 * Has a ratio got worse by more than the noise?
 *
 * Ratios of two runs are compared, never times. One counts as worse when its quartiles do not touch
 * those of before, and its median has grown by more than `MARGIN`: below that, no two runs agree.
 * Rows without a peer, such as allocations, are compared by their own medians.
 */
import type { Entry, Report, Spread } from '../support/report.ts';

const MARGIN = 0.05;

/** One comparison. */
export interface Change {
  readonly id: string;
  readonly peer: string;
  readonly before: Spread;
  readonly after: Spread;
  readonly verdict: 'worse' | 'better' | 'same';
}

/** Compares whatever both sides have measured. */
export function compareReports(before: readonly Report[], after: readonly Report[]): Change[] {
  const old = indexOf(before);
  return [...indexOf(after)].flatMap(([key, now]) => {
    const then = old.get(key);
    if (then === undefined) return [];
    const verdict = judgeChange(then.spread, now.spread);
    return [{ id: now.id, peer: now.peer, before: then.spread, after: now.spread, verdict }];
  });
}

/** What only one side has, and what was tried in vain; each as `row ÷ peer`, or with the reason. */
export interface Gaps {
  /** Was measured before, and is not there now. */
  readonly missing: readonly string[];
  /** Was not measured before. */
  readonly added: readonly string[];
  readonly failedBefore: readonly string[];
  readonly failedNow: readonly string[];
}

/** Lists what {@link compareReports} has nothing to say about. */
export function findGaps(before: readonly Report[], after: readonly Report[]): Gaps {
  const [old, now] = [indexOf(before), indexOf(after)];
  const without = (index: Map<string, Figure>, other: Map<string, Figure>): string[] =>
    [...index].flatMap(([key, { id, peer }]) => (other.has(key) ? [] : [`${id}  ÷ ${peer}`]));
  return {
    missing: without(old, now),
    added: without(now, old),
    failedBefore: failuresOf(before),
    failedNow: failuresOf(after),
  };
}

function failuresOf(reports: readonly Report[]): string[] {
  return reports
    .flatMap(({ rows }) => rows)
    .flatMap(({ id, entries }) =>
      entries.flatMap(({ name, samples, error }) => {
        if (error === undefined) return [];
        return [`${id}  ${name}: ${samples.length > 0 ? 'some rounds: ' : ''}${error}`];
      }),
    );
}

interface Figure {
  readonly id: string;
  readonly peer: string;
  readonly spread: Spread;
}

function indexOf(reports: readonly Report[]): Map<string, Figure> {
  const index = new Map<string, Figure>();
  for (const { rows } of reports) {
    for (const { id, entries } of rows) {
      for (const [peer, spread] of figuresOf(entries)) {
        index.set(`${id} · ${peer}`, { id, peer, spread });
      }
    }
  }
  return index;
}

function figuresOf(entries: readonly Entry[]): [string, Spread][] {
  const [ours, ...others] = entries;
  const compared = others.flatMap(({ name, ratio }): [string, Spread][] =>
    ratio === undefined ? [] : [[name, ratio]],
  );
  if (compared.length > 0 || ours === undefined || ours.samples.length === 0) return compared;
  return [['(alone)', ours]];
}

function judgeChange(before: Spread, after: Spread): Change['verdict'] {
  if (after.low > before.high && after.median > before.median * (1 + MARGIN)) return 'worse';
  if (after.high < before.low && after.median < before.median * (1 - MARGIN)) return 'better';
  return 'same';
}

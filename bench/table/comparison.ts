/**
 * Has a ratio got worse by more than the noise?
 *
 * Ratios of two runs are compared, never times. One counts as worse when the median of each run
 * lies outside the quartiles of the other, and the new one is greater by more than the band of the
 * figure (noise.ts). Rows without a peer are compared by their own medians.
 */
import { formatFigure } from '../soak/figures.ts';
import type { Report, Spread } from '../support/report.ts';
import { type Figure, indexFigures } from './figures.ts';
import { type Bands, halvesApart, LEAST_BAND, strangersApart } from './noise.ts';

/** One comparison. */
export interface Change {
  readonly id: string;
  readonly peer: string;
  readonly before: Spread;
  readonly after: Spread;
  /** What the change has to be greater than, as a part of the figure. */
  readonly band: number;
  readonly verdict: 'worse' | 'better' | 'same';
}

/** Compares whatever both sides have measured. */
export function compareReports(
  before: readonly Report[],
  after: readonly Report[],
  bands: Bands,
): Change[] {
  const old = indexFigures(before);
  return [...indexFigures(after)].flatMap(([key, now]) => {
    const then = old.get(key);
    if (then === undefined) return [];
    const band = bandOf(then, now, bands);
    const verdict = judgeChange(then.spread, now.spread, band);
    return [{ id: now.id, peer: now.peer, before: then.spread, after: now.spread, band, verdict }];
  });
}

function bandOf(before: Figure, after: Figure, bands: Bands): number {
  return Math.max(
    LEAST_BAND,
    bands.jobs[after.job] ?? bands.others,
    halvesApart(before.rounds),
    halvesApart(after.rounds),
    ...strangersApart(before.row, after.row),
  );
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
  const [old, now] = [indexFigures(before), indexFigures(after)];
  const without = (index: Map<string, Figure>, other: Map<string, Figure>): string[] =>
    [...index].flatMap(([key, { id, peer }]) => (other.has(key) ? [] : [`${id}  ÷ ${peer}`]));
  return {
    missing: without(old, now),
    added: without(now, old),
    failedBefore: failuresOf(before),
    failedNow: failuresOf(after),
  };
}

/** What should not grow by so much between two soaks: idling, and what a connection keeps. */
const SOAKED = /^idle .*: CPU of the server$|^memory per |: memory per /;
const MUCH_MORE = 2;

/** Figures of soaks that are more than twice what they were: a hint, for each is one sample. */
export function hintAtSoaks(before: readonly Report[], after: readonly Report[]): string[] {
  const indexed = (reports: readonly Report[]) =>
    new Map(
      reports
        .flatMap(({ results = [] }) => results)
        .flatMap(({ name, figures }) =>
          figures.map((figure) => [`${name}  ${figure.label}`, figure] as const),
        ),
    );
  const old = indexed(before);
  return [...indexed(after)].flatMap(([key, now]) => {
    const then = old.get(key);
    if (then === undefined || !SOAKED.test(now.label) || then.value <= 0) return [];
    if (now.value <= MUCH_MORE * then.value) return [];
    return [`${key}: ${formatFigure(then)} → ${formatFigure(now)}`];
  });
}

function failuresOf(reports: readonly Report[]): string[] {
  const jobs = reports
    .flatMap(({ gaps = [] }) => gaps)
    .flatMap(({ job, why, isFailure = false }) => (isFailure ? [`${job}  ${why}`] : []));
  const entries = reports
    .flatMap(({ rows }) => rows)
    .flatMap(({ id, entries }) =>
      entries.flatMap(({ name, samples, error }) => {
        if (error === undefined) return [];
        return [`${id}  ${name}: ${samples.length > 0 ? 'some rounds: ' : ''}${error}`];
      }),
    );
  return [...jobs, ...entries];
}

function judgeChange(before: Spread, after: Spread, band: number): Change['verdict'] {
  const isAbove = after.median > before.high && before.median < after.low;
  if (isAbove && after.median > before.median * (1 + band)) return 'worse';
  const isBelow = after.median < before.low && before.median > after.high;
  if (isBelow && before.median > after.median * (1 + band)) return 'better';
  return 'same';
}

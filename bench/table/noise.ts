/**
 * How far apart the figures of two runs may lie although nothing has changed.
 *
 * Quartiles tell how one run varies; runs vary among each other by more, because a process, its
 * allocator or the machine is in another state. There are three ways to see by how much, and a
 * change has to be greater than each of them:
 *
 * - the halves of one run: its rounds are a run of the same thing twice as well;
 * - the peers of a row among themselves: nobody has changed them between the two files;
 * - the same between runs that were kept, by job: the bands, in `bench/results/bands.json`.
 */
import type { Entry, Row } from '../support/report.ts';
import { quantile, ratiosOf } from '../support/turns.ts';

/** Below this no two runs agree, whatever they say of themselves. */
export const LEAST_BAND = 0.05;

/** By how much runs of one program lie apart, as parts of the figure, by job. */
export interface Bands {
  /** How the bands came about. */
  readonly from: string;
  readonly jobs: Readonly<Record<string, number>>;
  /** For a job that was never measured twice. */
  readonly others: number;
}

/** Whose code is not ours: these do not change unless their versions do. */
const STRANGERS: ReadonlySet<string> = new Set([
  ...['ws', 'bun', 'net.Socket', 'bare handle', 'node:http', 'HTTPParser', 'http-parser-js'],
  ...['websocket-driver', 'bufferutil', 'plain loop', 'buffer.isUtf8', 'isUtf8', 'TextDecoder'],
  ...['by hand', 'better-sse', 'eventsource-parser'],
]);

/** The peers of a row whose code is not ours, as far as they were measured. */
export function strangersOf(row: Row): Entry[] {
  // What is added to a name, as in `ws + addon` and `bun, 100`, is how it was run.
  const isStranger = ({ name }: Entry): boolean => STRANGERS.has(name.split(/,| \+/)[0]!);
  return row.entries.slice(1).filter((entry) => isStranger(entry) && entry.samples.length > 0);
}

/** By how much one of two figures is greater than the other. */
export function apart(left: number, right: number): number {
  return Math.max(left / right, right / left) - 1;
}

/**
 * By how much the medians of two halves of the rounds differ at most. A half is a stretch of rounds
 * that may go on from the last to the first, so that drift is seen.
 */
export function halvesApart(rounds: readonly number[]): number {
  const size = Math.floor(rounds.length / 2);
  if (size === 0) return 0;
  return Math.max(
    ...rounds.map((_, start) => {
      const turned = [...rounds.slice(start), ...rounds.slice(0, start)];
      return apart(quantile(turned.slice(0, size), 0.5), quantile(turned.slice(size), 0.5));
    }),
  );
}

/** By how much the strangers of a row have moved against each other, pair by pair. */
export function strangersApart(before: Row, after: Row): number[] {
  const now = new Map(strangersOf(after).map((entry) => [entry.name, entry]));
  const both = strangersOf(before).filter(({ name }) => now.has(name));
  return both.flatMap((left, index) =>
    both.slice(index + 1).flatMap((right) => {
      const then = ratiosOf(left.samples, right.samples);
      const later = ratiosOf(now.get(left.name)!.samples, now.get(right.name)!.samples);
      if (then.length === 0 || later.length === 0) return [];
      return [apart(quantile(then, 0.5), quantile(later, 0.5))];
    }),
  );
}

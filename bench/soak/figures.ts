/** What a soak finds out, and how it is printed. */
import type { SoakFigure as Figure } from '../support/report.ts';
import { quantile } from '../support/turns.ts';

export type { Figure };

/** A long measurement. Fails when something was lost, or was not as it must be. */
export interface Soak {
  readonly name: string;
  readonly title: (quick: boolean) => string;
  /** @param quick a smaller one, for finding out whether it works at all. */
  readonly run: (quick: boolean) => Promise<readonly Figure[]>;
}

/** Median, 99th percentile and maximum of some times in ms. */
export function latencies(label: string, times: readonly number[]): Figure[] {
  if (times.length === 0) throw new Error(`${label}: nothing was measured`);
  return [
    { label: `${label}: how many`, value: times.length, unit: 'count' },
    { label: `${label}: median`, value: quantile(times, 0.5), unit: 'ms' },
    { label: `${label}: p99`, value: quantile(times, 0.99), unit: 'ms' },
    { label: `${label}: longest`, value: quantile(times, 1), unit: 'ms' },
  ];
}

/** A number as people read it. */
export function formatFigure({ value, unit }: Figure): string {
  if (unit === 'count') return value.toLocaleString('en');
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  if (unit !== 'B') return `${value.toFixed(value < 100 ? 2 : 0)} ${unit}`;
  if (Math.abs(value) >= 2 ** 20) return `${(value / 2 ** 20).toFixed(1)} MiB`;
  return `${(value / 2 ** 10).toFixed(2)} KiB`;
}

/** Resolves after so many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs `work` over all items, so many at a time; the results in the order of the items. */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results;
}

/**
 * Measuring in turns: A B C A B C …, because absolute times drift by a third from minute to minute.
 * Two contenders are compared by the ratio within one round, and the result is the median of those.
 */

/** A sample for each contender, round by round. */
export type Rounds = readonly (readonly number[])[];

/** What the rounds show about one contender. */
export interface Figures {
  /** Median of its own samples. */
  readonly median: number;
  /** First and third quartile of its samples, as parts of the median: the spread. */
  readonly low: number;
  readonly high: number;
  /** Median of the rounds' ratios to the contender it is compared with. */
  readonly ratio: number;
}

/** Lets every contender take a sample in every round; who begins changes from round to round. */
export async function takeTurns(
  count: number,
  samplers: readonly (() => number | Promise<number>)[],
): Promise<Rounds> {
  const rounds: number[][] = [];
  for (let round = 0; round < count; round += 1) {
    const samples = new Array<number>(samplers.length);
    for (let turn = 0; turn < samplers.length; turn += 1) {
      const who = (turn + round) % samplers.length;
      samples[who] = await samplers[who]!();
    }
    rounds.push(samples);
  }
  return rounds;
}

/** Sums up what contender `index` did, compared with contender `reference`. */
export function figuresOf(rounds: Rounds, index: number, reference: number): Figures {
  const own = rounds.map((samples) => samples[index]!);
  const middle = quantile(own, 0.5);
  return {
    median: middle,
    low: quantile(own, 0.25) / middle,
    high: quantile(own, 0.75) / middle,
    ratio: quantile(
      rounds.map((samples) => samples[index]! / samples[reference]!),
      0.5,
    ),
  };
}

/** The value below which the given part (0 – 1) of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** Writes nanoseconds in three digits with their unit. */
export function formatTime(nanoseconds: number): string {
  if (!Number.isFinite(nanoseconds)) return '–';
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} µs`;
  return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
}

/** Writes a length in bytes as people say it. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1_048_576 && bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  if (bytes >= 1_024 && bytes % 1_024 === 0) return `${bytes / 1_024} KiB`;
  return `${bytes} B`;
}

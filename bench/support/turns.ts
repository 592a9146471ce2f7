/**
 * Measuring in turns: A B C, B C A, …, because absolute times drift by a third from minute to
 * minute. Two contenders are compared by the ratio within one round, and the result is the median
 * of those.
 */

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
export async function takeTurns<Sample>(
  count: number,
  samplers: readonly (() => Sample | Promise<Sample>)[],
): Promise<readonly (readonly Sample[])[]> {
  const rounds: Sample[][] = [];
  for (let round = 0; round < count; round += 1) {
    const samples = new Array<Sample>(samplers.length);
    for (let turn = 0; turn < samplers.length; turn += 1) {
      const who = (turn + round) % samplers.length;
      samples[who] = await samplers[who]!();
    }
    rounds.push(samples);
  }
  return rounds;
}

/** Sums up what contender `index` did, compared with contender `reference`. */
export function figuresOf(
  rounds: readonly (readonly number[])[],
  index: number,
  reference: number,
): Figures {
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

/**
 * The ratios of two series, round by round. Where a round of one of them failed it is not known
 * which belong together: what comes out then varies more than the ratios did, and never less.
 */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): number[] {
  const length = Math.min(ours.length, theirs.length);
  return Array.from({ length }, (_, round) => ours[round]! / theirs[round]!).filter(
    (ratio) => Number.isFinite(ratio) && ratio > 0,
  );
}

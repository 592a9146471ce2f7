/** Measures rows: all seats in turns, each time in a fresh process. */
import { makeRow, type Row, type Sample } from '../support/report.ts';
import { takeTurns } from '../support/turns.ts';
import type { Seat, Workload } from './seats.ts';
import { ServerProcess } from './server-process.ts';

/** What takes longer hangs. */
const MAX_SAMPLE_MS = 120_000;

/**
 * Measures one row. A sample that fails or hangs is an error in its place; the others go on.
 *
 * @param tell hears about each sample when it has been taken.
 */
export async function measureRow(
  workload: Workload,
  rounds: number,
  tell: (name: string, sample: Sample | Error) => void,
): Promise<Row> {
  const { seats } = workload;
  const samples = await takeTurns(
    rounds,
    seats.map((seat) => async () => {
      const sample = await takeSample(seat);
      tell(seat.name, sample);
      return sample;
    }),
  );
  return makeRow(
    workload,
    seats.map(({ name }, index) => ({ name, series: samples.map((round) => round[index]!) })),
  );
}

async function takeSample({ contender, measure }: Seat): Promise<Sample | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`not done after ${MAX_SAMPLE_MS / 1000} s`);
    timer = setTimeout(() => reject(error), MAX_SAMPLE_MS);
  });
  try {
    return await Promise.race([measure(contender), late]);
  } catch (error) {
    await ServerProcess.stopAll();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The process of one row with one setting of the fast paths, which are read when it begins. Asked
 * with a number of milliseconds, it answers with a sample of that length.
 *
 *   node dist/bench/paths/worker.js <id of the row>
 */
import type { Sample } from '../support/report.ts';
import { MeasuredCase } from '../support/suite.ts';
import { PATH_ROWS } from './rows.ts';

/** What the parent gets. */
export type Answer = { readonly sample: Sample } | { readonly error: string };

const row = PATH_ROWS.find(({ id }) => id === process.argv[2])!;
let measured: MeasuredCase | undefined;

async function answer(milliseconds: number): Promise<Answer> {
  try {
    measured ??= new MeasuredCase(row.makeCase());
    return { sample: await measured.sample(milliseconds) };
  } catch (error) {
    return { error: String(error) };
  }
}

process.on('message', async (milliseconds: number) => {
  process.send!(await answer(milliseconds));
});

/**
 * A process of its own for each contender, so that none warms or spoils the code of another. The
 * parent says which workload runs next and for how long; the answer is nanoseconds for each
 * message, taken by benny (support/suite.ts). Another process of the same kind is asked beforehand
 * whether the contender does the work, so that nothing it is shown then is known to the code that
 * is timed.
 *
 *   node dist/bench/framing/worker.js <module of the contender>
 */

import type { Sample } from '../support/report.ts';
import { MeasuredCase } from '../support/suite.ts';
import { makeDecodeCase, makeEncodeCase } from './cases.ts';
import type { Contender } from './contender.ts';
import { isBeyond, verifyContender } from './verify.ts';
import type { Workload } from './workload.ts';

/** What the parent asks: a sample of so many milliseconds; without, whether the work is done. */
export interface Order {
  readonly workload: Workload;
  readonly milliseconds?: number;
}

/** What it gets. */
export type Answer =
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'verified' }
  /** There is no way to ask the contender for this workload. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: string };

const { contender } = (await import(process.argv[2]!)) as { contender: Contender };
const measured = new Map<string, MeasuredCase>();

process.on('message', async (order: Order) => {
  process.send!(await answer(order));
});

async function answer({ workload, milliseconds }: Order): Promise<Answer> {
  try {
    if (milliseconds !== undefined) {
      return { kind: 'sample', sample: await caseOf(workload).sample(milliseconds) };
    }
    if (isBeyond(contender, workload)) return { kind: 'absent' };
    await verifyContender(contender, workload);
    return { kind: 'verified' };
  } catch (error) {
    return { kind: 'failed', error: String(error) };
  }
}

function caseOf(workload: Workload): MeasuredCase {
  const key = JSON.stringify(workload);
  const make = workload.direction === 'decode' ? makeDecodeCase : makeEncodeCase;
  const one = measured.get(key) ?? new MeasuredCase(make(contender, workload));
  measured.set(key, one);
  return one;
}

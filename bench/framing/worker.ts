/**
 * A process of its own for each contender, so that none warms or spoils the code of another. The
 * parent says which workload runs next and for how long; the answer is nanoseconds for each
 * message, taken by benny (support/suite.ts).
 *
 *   node dist/bench/framing/worker.js <module of the contender>
 */

import type { Sample } from '../support/report.ts';
import { MeasuredCase } from '../support/suite.ts';
import { makeDecodeCase, makeEncodeCase } from './cases.ts';
import type { Contender } from './contender.ts';
import type { Workload } from './workload.ts';

/** What the parent asks. */
export interface Order {
  readonly workload: Workload;
  readonly milliseconds: number;
}

/** What it gets. */
export interface Answer {
  readonly sample?: Sample;
  readonly error?: string;
}

const { contender } = (await import(process.argv[2]!)) as { contender: Contender };
const measured = new Map<string, MeasuredCase>();

process.on('message', async (order: Order) => {
  process.send!(await answer(order));
});

async function answer({ workload, milliseconds }: Order): Promise<Answer> {
  try {
    const key = JSON.stringify(workload);
    const make = workload.direction === 'decode' ? makeDecodeCase : makeEncodeCase;
    const one = measured.get(key) ?? new MeasuredCase(make(contender, workload));
    measured.set(key, one);
    return { sample: await one.sample(milliseconds) };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Laws of turns in the thread pool, for any interleaving of coming, ending, growing and leaving. */

import t from 'tap';
import { FairQueue, type SlicedJob } from '../../lib/deflate/fair-queue.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const KIB = 1024;

/** What happens to a queue. */
type Step =
  | { readonly kind: 'add'; readonly slices: number; readonly kib: number; readonly grows: number }
  | { readonly kind: 'end'; readonly which: number }
  | { readonly kind: 'remove'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      slices: fc.integer({ min: 1, max: 6 }),
      kib: fc.constantFrom(0, 1, 256, 257, 1024, 1025, 4096, 4097),
      grows: fc.constantFrom(0, 0, 300, 1500, 5000, 5000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(60) }) },
);

/** A job that knows what may be done to it. */
class Job implements SlicedJob {
  readonly grows: number;
  readonly lane: number;
  workBytes: number;
  state: 'waits' | 'runs' | 'finished' | 'removed' = 'waits';
  hasBegun = false;
  #left: number;
  #done: ((isFinished: boolean) => void) | undefined;

  constructor(slices: number, kib: number, grows: number) {
    this.#left = slices;
    this.workBytes = kib * KIB;
    this.grows = grows;
    this.lane = [256, 1024, 4096].findIndex((most) => kib <= most);
  }

  runSlice(done: (isFinished: boolean) => void): void {
    if (this.state !== 'waits') throw new Error(`a slice begins of a job that is ${this.state}`);
    this.state = 'runs';
    this.hasBegun = true;
    this.#done = done;
  }

  end(): void {
    this.#left -= 1;
    this.workBytes += this.grows * KIB;
    this.state = this.#left === 0 ? 'finished' : 'waits';
    this.#done!(this.#left === 0);
  }
}

/** How often a lane was seen in which no place was free. */
let full = 0;

/** Says what must hold at any time. */
function check(
  queue: FairQueue,
  jobs: readonly Job[],
  maxRunning: number,
  maxStarted: number,
): void {
  const running = jobs.filter(({ state }) => state === 'runs').length;
  const unfinished = jobs.filter(({ state }) => state === 'runs' || state === 'waits').length;
  if (running > maxRunning) throw new Error(`${running} run at a time`);
  if (queue.length !== unfinished) throw new Error(`${queue.length} of ${unfinished} are known`);
  if (unfinished > 0 && running === 0) throw new Error('nobody works, and somebody waits');
  // Those that stay in their lane have their first turns in the order in which they came.
  for (const lane of [0, 1, 2, -1]) {
    const steady = jobs.filter((job) => job.lane === lane && job.grows === 0);
    const first = steady.findIndex(({ hasBegun, state }) => !hasBegun && state === 'waits');
    const overtaker = first === -1 ? undefined : steady.slice(first).find((job) => job.hasBegun);
    if (overtaker !== undefined) throw new Error('one that came later began before');
    const started = steady.filter((job) => {
      return job.hasBegun && (job.state === 'waits' || job.state === 'runs');
    });
    if (started.length > maxStarted) throw new Error(`${started.length} of a lane are started`);
    if (started.length === maxStarted && maxStarted > 1) full += 1;
  }
}

t.test('law: every job has its turns, one slice at a time, and none is lost', (t) => {
  const law = fc.property(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 4 }),
    fc.array(step, { maxLength: 200, size: 'max' }),
    (maxRunning, maxStarted, steps) => {
      const queue = new FairQueue(maxRunning, maxStarted);
      const jobs: Job[] = [];
      const endOne = (which: number): void => {
        const running = jobs.filter(({ state }) => state === 'runs');
        if (running.length > 0) running[which % running.length]!.end();
      };
      for (const each of steps) {
        if (each.kind === 'add') {
          const job = new Job(each.slices, each.kib, each.grows);
          jobs.push(job);
          queue.add(job);
        } else if (each.kind === 'end') {
          endOne(each.which);
        } else if (jobs.length > 0) {
          const job = jobs[each.which % jobs.length]!;
          const waits = job.state === 'waits';
          if (waits) job.state = 'removed';
          if (queue.remove(job) !== waits) throw new Error(`${job.state}, and told otherwise`);
        }
        check(queue, jobs, maxRunning, maxStarted);
      }
      for (let turn = 0; queue.length > 0; turn += 1) {
        if (turn > 1000) throw new Error('it never ends');
        endOne(turn);
        check(queue, jobs, maxRunning, maxStarted);
      }
      const isOver = ({ state }: Job): boolean => state === 'finished' || state === 'removed';
      if (!jobs.every(isOver)) throw new Error('somebody was forgotten');
    },
  );
  fc.assert(law, runs(400));
  t.ok(full > 1000, `${full} times a lane was full`);
  t.end();
});

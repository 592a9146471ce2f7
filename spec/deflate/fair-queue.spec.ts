import t from 'tap';
import { FairQueue, type SlicedJob } from '../../lib/deflate/fair-queue.ts';

/** A job whose slices end when the spec says so. */
class FakeJob implements SlicedJob {
  readonly #name: string;
  readonly #log: string[];
  #slices: number;
  #done: ((isFinished: boolean) => void) | undefined;

  constructor(name: string, slices: number, log: string[]) {
    this.#name = name;
    this.#slices = slices;
    this.#log = log;
  }

  get isRunning(): boolean {
    return this.#done !== undefined;
  }

  runSlice(done: (isFinished: boolean) => void): void {
    this.#log.push(this.#name);
    this.#done = done;
  }

  endSlice(): void {
    const done = this.#done!;
    this.#done = undefined;
    this.#slices -= 1;
    done(this.#slices === 0);
  }
}

t.test('gives everybody a turn, in the order of coming', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1);
  const [a, b, c] = [new FakeJob('a', 3, log), new FakeJob('b', 1, log), new FakeJob('c', 2, log)];
  for (const job of [a, b, c]) queue.add(job);
  t.equal(queue.length, 3);
  while (queue.length > 0) [a, b, c].find((job) => job.isRunning)!.endSlice();
  t.same(log, ['a', 'b', 'c', 'a', 'c', 'a']);
  t.end();
});

t.test('runs no more slices at a time than it may', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(2);
  const jobs = ['a', 'b', 'c'].map((name) => new FakeJob(name, 2, log));
  for (const job of jobs) queue.add(job);
  t.same(log, ['a', 'b']);
  jobs[0]!.endSlice();
  t.same(log, ['a', 'b', 'c']);
  jobs[1]!.endSlice();
  t.same(log, ['a', 'b', 'c', 'a']);
  t.end();
});

t.test('starts no more jobs than may hold engines, until one is finished', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 2);
  const [a, b, c] = [new FakeJob('a', 2, log), new FakeJob('b', 2, log), new FakeJob('c', 1, log)];
  for (const job of [a, b, c]) queue.add(job);
  a.endSlice();
  b.endSlice();
  a.endSlice();
  t.same(log, ['a', 'b', 'a', 'b'], 'c has waited for the end of a');
  b.endSlice();
  t.same(log, ['a', 'b', 'a', 'b', 'c']);
  c.endSlice();
  t.equal(queue.length, 0);
  t.end();
});

t.test('takes out what is not running', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 2);
  const jobs = ['a', 'b', 'c', 'd'].map((name) => new FakeJob(name, 1, log));
  for (const job of jobs) queue.add(job);
  t.equal(queue.remove(jobs[0]!), false, 'a is running');
  t.equal(queue.remove(jobs[1]!), true, 'b was ready');
  t.equal(queue.remove(jobs[3]!), true, 'd was waiting');
  t.equal(queue.remove(jobs[3]!), false, 'd is gone');
  jobs[0]!.endSlice();
  t.same(log, ['a', 'c']);
  jobs[2]!.endSlice();
  t.equal(queue.length, 0);
  t.end();
});

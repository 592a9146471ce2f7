import t from 'tap';
import { FairQueue, type SlicedJob } from '../../lib/deflate/fair-queue.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A job whose slices end when the spec says so. */
class FakeJob implements SlicedJob {
  readonly #name: string;
  readonly #log: string[];
  workBytes: number;
  #slices: number;
  #done: ((isFinished: boolean) => void) | undefined;

  constructor(name: string, slices: number, log: string[], workBytes = 0) {
    this.#name = name;
    this.#slices = slices;
    this.#log = log;
    this.workBytes = workBytes;
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

t.test('a short job has its turn before any of those that hold up the large ones', (t) => {
  for (const workBytes of [300 * KIB, 3 * MIB, 16 * MIB]) {
    const log: string[] = [];
    const queue = new FairQueue(1);
    const heavy = Array.from({ length: 50 }, () => new FakeJob('heavy', 1000, log, workBytes));
    for (const job of heavy) queue.add(job);
    const light = new FakeJob('light', 4, log, 256 * KIB);
    queue.add(light);
    for (let turn = 0; !log.includes('light') || light.isRunning; turn += 1) {
      [light, ...heavy].find((job) => job.isRunning)!.endSlice();
      if (turn === 10) break;
    }
    const mine = log.flatMap((name, index) => (name === 'light' ? [index] : []));
    t.ok(mine[0]! <= 2, `the light one comes ${mine[0]}th`);
    for (let turn = 0; turn < 20; turn += 1) {
      [light, ...heavy].find((job) => job.isRunning)!.endSlice();
    }
    const last = log.lastIndexOf('light');
    t.equal(log.filter((name) => name === 'light').length, 4);
    t.ok(last <= 8, `and is done after ${last} slices`);
  }
  t.end();
});

t.test('no lane is left out, however many come in the others', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1);
  const jobs = [KIB, 300 * KIB, 2 * MIB, 16 * MIB].flatMap((bytes) =>
    Array.from({ length: 20 }, () => new FakeJob(String(bytes), 1000, log, bytes)),
  );
  for (const job of jobs) queue.add(job);
  for (let turn = 0; turn < 800; turn += 1) jobs.find((job) => job.isRunning)!.endSlice();
  const shares = [KIB, 300 * KIB, 2 * MIB, 16 * MIB].map(
    (bytes) => log.filter((name) => name === String(bytes)).length / log.length,
  );
  t.ok(shares[0]! > 0.6 && shares[0]! < 0.65, `${shares}`);
  for (const share of shares.slice(1)) t.ok(share > 0.12 && share < 0.13, `${shares}`);
  t.end();
});

t.test('a job that turns out to be larger makes room for shorter ones', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 2);
  const bombs = ['a', 'b', 'c'].map((name) => new FakeJob(name, 100, log, KIB));
  const [a, b, c] = bombs as [FakeJob, FakeJob, FakeJob];
  for (const job of bombs) queue.add(job);
  a.workBytes = b.workBytes = c.workBytes = 16 * MIB;
  const light = new FakeJob('light', 1, log, KIB);
  queue.add(light);
  for (let turn = 0; turn < 8; turn += 1) {
    [light, ...bombs].find((job) => job.isRunning)!.endSlice();
  }
  t.ok(log.indexOf('light') <= 7, log.join(' '));
  t.equal(queue.length, 3);
  for (let turn = 0; turn < 97; turn += 1) bombs.find((job) => job.isRunning)!.endSlice();
  t.ok(log.filter((name) => name === 'c').length <= 1, 'only two have places in the last lane');
  for (let turn = 0; turn < 300; turn += 1) bombs.find((job) => job.isRunning)?.endSlice();
  t.equal(queue.length, 0);
  t.equal(queue.remove(c), false);
  t.end();
});

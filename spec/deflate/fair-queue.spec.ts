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

  get isFinished(): boolean {
    return this.#slices === 0;
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

t.test('lanes end at 256 KiB, 1 MiB and 4 MiB, to the byte', (t) => {
  for (const most of [256 * KIB, MIB, 4 * MIB]) {
    const running = (first: number, second: number): number => {
      const queue = new FairQueue(2, 1);
      const jobs = [first, second].map((bytes) => new FakeJob('', 1, [], bytes));
      for (const job of jobs) queue.add(job);
      return jobs.filter((job) => job.isRunning).length;
    };
    t.equal(running(most - 1, most), 1, 'one lane, which has one place');
    t.equal(running(most, most + 1), 2, 'two lanes');
    t.equal(running(most + 1, most + 2), 1);
  }
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

/** A job that grows with each slice, as what a bomb inflates to does. */
class GrowingJob extends FakeJob {
  override runSlice(done: (isFinished: boolean) => void): void {
    this.workBytes += 64 * KIB;
    super.runSlice(done);
  }
}

t.test('what jobs hold that grow is bounded, however many they are', (t) => {
  const log: string[] = [];
  const queue = new FairQueue();
  const bombs = Array.from({ length: 1000 }, () => new GrowingJob('bomb', 256, log, KIB));
  for (const job of bombs) queue.add(job);
  let most = 0;
  let running = bombs.filter((job) => job.isRunning);
  while (running.length > 0) {
    for (const job of running) job.endSlice();
    const held = bombs.filter((job) => !job.isFinished && job.workBytes > KIB);
    most = Math.max(
      most,
      held.reduce((sum, { workBytes }) => sum + workBytes, 0),
    );
    running = bombs.filter((job) => job.isRunning);
  }
  t.equal(queue.length, 0, 'all of them are done');
  t.ok(most <= 256 * MIB, `${most / MIB} MiB at a time`);
  t.end();
});

t.test('a short job has its turn while many wait that have grown', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1);
  const bombs = Array.from({ length: 60 }, () => new GrowingJob('bomb', 256, log, KIB));
  for (const job of bombs) queue.add(job);
  for (let turn = 0; turn < 600; turn += 1) bombs.find((job) => job.isRunning)!.endSlice();
  const light = new FakeJob('light', 1, log, KIB);
  queue.add(light);
  log.length = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    [light, ...bombs].find((job) => job.isRunning)!.endSlice();
  }
  t.ok(log.includes('light'), log.join(' '));
  t.end();
});

t.test('a job that grows has room in a lane, however many wait there that have not', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 1);
  const heavy = Array.from({ length: 50 }, () => new FakeJob('heavy', 1000, log, 16 * MIB));
  for (const job of heavy) queue.add(job);
  const growing = new FakeJob('growing', 1000, log, KIB);
  const light = new FakeJob('light', 1, log, KIB);
  for (const job of [growing, light]) queue.add(job);
  growing.workBytes = 16 * MIB;
  for (let turn = 0; turn < 10; turn += 1) {
    [light, growing, ...heavy].find((job) => job.isRunning)!.endSlice();
  }
  t.ok(log.includes('light'), log.join(' '));
  t.end();
});

t.test('a job that has no place to grow into can be taken out, and gives its own free', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 1);
  const bombs = Array.from({ length: 80 }, () => new GrowingJob('bomb', 256, log, KIB));
  for (const job of bombs) queue.add(job);
  for (let turn = 0; turn < 2000; turn += 1) bombs.find((job) => job.isRunning)!.endSlice();
  const light = new FakeJob('light', 1, log, KIB);
  queue.add(light);
  for (const job of bombs) if (!job.isRunning) queue.remove(job);
  for (let turn = 0; turn < 4 && !log.includes('light'); turn += 1) {
    [...bombs, light].find((job) => job.isRunning)!.endSlice();
  }
  t.ok(log.includes('light'));
  t.ok(queue.length <= 2);
  t.end();
});

t.test('jobs that have grown and are taken out leave their room to others that grow', (t) => {
  const log: string[] = [];
  const queue = new FairQueue(1, 1);
  const heavy = new FakeJob('heavy', 1000, log, MIB);
  queue.add(heavy);
  const endSlices = (job: FakeJob, until: () => boolean): void => {
    for (let turn = 0; turn < 10 && !until(); turn += 1) {
      [job, heavy].find(({ isRunning }) => isRunning)?.endSlice();
    }
  };
  for (let count = 0; count < 100; count += 1) {
    const growing = new FakeJob('growing', 1000, log, KIB);
    queue.add(growing);
    endSlices(growing, () => growing.isRunning);
    // It goes on behind the heavy one now, where so many may wait that hold something.
    growing.workBytes = MIB;
    growing.endSlice();
    const light = new FakeJob('light', 1, log, KIB);
    queue.add(light);
    endSlices(light, () => light.isFinished);
    t.ok(light.isFinished, `behind ${count}`);
    t.ok(queue.remove(growing));
  }
  t.equal(queue.length, 1);
  t.end();
});

t.test('costs no more a job when very many wait', (t) => {
  const queue = new FairQueue(1);
  const order: number[] = [];
  let end = (): void => {};
  // If each had to move all that wait, it would take hours, and the runner would end it.
  const count = 1_000_000;
  for (let index = 0; index < count; index += 1) {
    queue.add({
      workBytes: 0,
      runSlice(done) {
        order.push(index);
        end = () => done(true);
      },
    });
  }
  while (queue.length > 0) end();
  t.equal(order.length, count);
  t.ok(order.every((job, index) => job === index));
  t.end();
});

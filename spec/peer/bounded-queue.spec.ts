import { UsageError } from 'barewire/base';
import { BoundedQueue, MessageQueue } from 'barewire/peer';
import t from 'tap';

function control(): { log: string[]; pause(): void; resume(): void; leave(): void } {
  const log: string[] = [];
  return {
    log,
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    leave: () => log.push('leave'),
  };
}

t.test('gives items in order, waiting or not, and ends after the last', async (t) => {
  const queue = new MessageQueue(control());
  queue.push('a');
  const first = await queue.next();
  const second = queue.next();
  queue.push('b');
  queue.push('c');
  queue.close();
  t.strictSame(
    [first, await second, await queue.next(), await queue.next()],
    [
      { value: 'a', done: false },
      { value: 'b', done: false },
      { value: 'c', done: false },
      { value: undefined, done: true },
    ],
  );
});

t.test('pauses when full by number or by bytes, and resumes when empty', async (t) => {
  for (const [count, item] of [
    [64, 'x'],
    [2, 'x'.repeat(128 * 1024)],
  ] as const) {
    const gate = control();
    const queue = new MessageQueue(gate);
    for (let index = 0; index < count - 1; index += 1) queue.push(item);
    t.strictSame(gate.log, []);
    queue.push(item);
    t.strictSame(gate.log, ['pause']);
    for (let index = 0; index < count - 1; index += 1) await queue.next();
    t.strictSame(gate.log, ['pause']);
    await queue.next();
    t.strictSame(gate.log, ['pause', 'resume']);
  }
});

t.test('allows one read at a time', async (t) => {
  const queue = new BoundedQueue<number>(control(), () => 1);
  const waiting = queue.next();
  await t.rejects(queue.next(), UsageError);
  queue.close();
  t.equal((await waiting).done, true);
});

t.test('leaves and forgets when the loop is left, once, and says how much waited', async (t) => {
  const gate = { ...control(), leave: (waiting: number) => gate.log.push(`leave ${waiting}`) };
  const queue = new MessageQueue(gate);
  queue.push('a');
  queue.push('b');
  queue.push('c');
  for await (const item of queue) {
    t.equal(item, 'a');
    break;
  }
  t.strictSame(gate.log, ['leave 2']);
  await queue.return();
  t.strictSame(gate.log, ['leave 2']);
  t.equal((await queue.next()).done, true);
  const late = new MessageQueue(gate);
  late.push('a');
  late.close();
  await late.return();
  t.strictSame(gate.log, ['leave 2', 'leave 1'], 'also behind the end');
});

t.test('takes as much again when the connection is closing, and pauses it no more', async (t) => {
  const gate = { ...control(), discarded: () => gate.log.push('discarded') };
  const queue = new MessageQueue(gate);
  for (let index = 0; index < 64; index += 1) queue.push(`${index}`);
  queue.finish();
  for (let index = 64; index < 130; index += 1) queue.push(`${index}`);
  t.strictSame(gate.log, ['pause', 'resume', 'discarded', 'discarded']);
  t.equal((await queue.next()).value, '0');
  queue.push('behind a gap');
  queue.close();
  const rest: unknown[] = [];
  for await (const item of queue) rest.push(item);
  t.equal(rest.length, 127);
  t.equal(rest.at(-1), '127');
  t.equal(gate.log.length, 5);
});

t.test('keeps nothing for a loop that was left', async (t) => {
  const gate = { ...control(), discarded: () => gate.log.push('discarded') };
  const queue = new MessageQueue(gate);
  await queue.return();
  for (let index = 0; index < 100; index += 1) queue.push('x');
  t.equal(gate.log.filter((what) => what === 'discarded').length, 100);
  t.notOk(gate.log.includes('pause'));
});

t.test(
  'ends with an error behind what waits, once, for a reader that waits or comes later',
  async (t) => {
    const error = new Error('the connection ended');
    for (const isWaiting of [false, true]) {
      const queue = new BoundedQueue<string>(control(), () => 1);
      if (!isWaiting) queue.push('kept');
      const first = queue.next();
      queue.close(error);
      queue.close(new Error('a second end'));
      queue.push('late');
      if (isWaiting) {
        await t.rejects(first, error);
      } else {
        t.strictSame(await first, { value: 'kept', done: false });
        await t.rejects(queue.next(), error);
      }
      t.strictSame(await queue.next(), { value: undefined, done: true });
    }
  },
);

t.test('leaves nothing paused when it is left while it is full', async (t) => {
  const gate = control();
  const queue = new MessageQueue(gate);
  for (let index = 0; index < 64; index += 1) queue.push('x');
  await queue.return();
  t.strictSame(gate.log, ['pause', 'resume', 'leave']);
  t.strictSame(await queue.next(), { value: undefined, done: true });
});

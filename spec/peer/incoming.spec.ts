import { UsageError } from 'barewire/base';
import { BoundedQueue, IncomingQueue, MessageQueue } from 'barewire/peer';
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

t.test('leaves and forgets when the loop is left, once', async (t) => {
  const gate = control();
  const queue = new MessageQueue(gate);
  queue.push('a');
  queue.push('b');
  for await (const item of queue) {
    t.equal(item, 'a');
    break;
  }
  t.strictSame(gate.log, ['leave']);
  await queue.return();
  t.strictSame(gate.log, ['leave']);
  t.equal((await queue.next()).done, true);
});

t.test('throws inside a message that broke off, after the pieces that came', async (t) => {
  const queue = new IncomingQueue(control(), true);
  queue.start(true);
  queue.piece('half');
  queue.close();
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const message of queue) for await (const piece of message) seen.push(piece);
  })();
  await t.rejects(reading, UsageError);
  t.strictSame(seen, ['half']);
});

t.test('skips the rest of a message whose loop was left', async (t) => {
  const gate = control();
  const queue = new IncomingQueue(gate, true);
  const message = queue.start(false);
  t.equal(message.type, 'binary');
  queue.piece(Buffer.from('a'));
  for await (const piece of message) {
    t.equal(piece.toString(), 'a');
    break;
  }
  for (let index = 0; index < 1000; index += 1) queue.piece(Buffer.from('skipped'));
  queue.end();
  t.strictSame(gate.log, []);
});

t.test('goes on only when every queue has room', async (t) => {
  const gate = control();
  const queue = new IncomingQueue(gate, false);
  const [first, second] = [queue.start(true), undefined];
  for (let index = 0; index < 64; index += 1) queue.piece('x');
  queue.end();
  const other = queue.start(true);
  for (let index = 0; index < 64; index += 1) queue.piece('y');
  queue.end();
  t.strictSame(gate.log, ['pause']);
  for await (const _piece of first);
  t.strictSame(gate.log, ['pause']);
  for await (const _piece of other);
  t.strictSame(gate.log, ['pause', 'resume']);
  t.equal(second, undefined);
});

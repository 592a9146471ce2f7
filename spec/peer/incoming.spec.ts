import { UsageError } from 'barewire/base';
import { IncomingQueue } from 'barewire/peer';
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

t.test('breaks a message off whose pieces are too many to be kept while closing', async (t) => {
  const gate = { ...control(), discarded: () => gate.log.push('discarded') };
  const queue = new IncomingQueue(gate, true);
  queue.start(false);
  for (let index = 0; index < 70; index += 1) queue.piece('x');
  queue.finish();
  for (let index = 0; index < 100; index += 1) queue.piece('x');
  queue.end();
  queue.start(false);
  queue.piece('next');
  queue.end();
  queue.close();
  const sizes: number[] = [];
  const reading = (async () => {
    for await (const message of queue) {
      let size = 0;
      sizes.push(size);
      for await (const piece of message) size = sizes[sizes.length - 1] = size + piece.length;
    }
  })();
  await t.rejects(reading, { code: 'invalid-state' });
  t.strictSame(sizes, [128]);
  t.strictSame(gate.log, ['pause', 'resume', 'discarded']);
});

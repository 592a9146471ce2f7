import { UsageError } from 'barewire/base';
import { type IncomingMessage, IncomingQueue } from 'barewire/peer';
import t from 'tap';
import { joinPeers } from '../support/joined-peers.ts';

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
  t.strictSame(gate.log, ['pause', 'resume', 'discarded', 'leave']);
});

t.test(
  'holds nothing up with a message that begins while closing, and keeps it twice',
  async (t) => {
    const gate = { ...control(), discarded: () => gate.log.push('discarded') };
    const queue = new IncomingQueue(gate, true);
    queue.finish();
    const message = queue.start(true);
    for (let index = 0; index < 128; index += 1) queue.piece('x');
    t.strictSame(gate.log, []);
    queue.piece('one too many');
    t.strictSame(gate.log, ['discarded']);
    const seen: unknown[] = [];
    await t.rejects(async () => {
      for await (const piece of message) seen.push(piece);
    }, UsageError);
    t.equal(seen.length, 128);
  },
);

t.test('skips a message that nobody reads when the next one is asked for', async (t) => {
  const { client, server } = await joinPeers(t, { server: { delivery: 'pieces' } });
  client.attach({});
  client.send(Buffer.alloc(2_000_000));
  client.send('read');
  client.send(Buffer.alloc(2_000_000));
  client.send('last');
  const texts: string[] = [];
  const skipped: IncomingMessage[] = [];
  for await (const message of server.streams()) {
    if (message.type === 'binary') {
      skipped.push(message);
      continue;
    }
    let text = '';
    for await (const piece of message) text += piece;
    texts.push(text);
    if (text === 'last') break;
  }
  t.strictSame(texts, ['read', 'last']);
  for (const message of skipped) {
    t.throws(() => message[Symbol.asyncIterator](), { code: 'invalid-state' });
  }
});

t.test('leaves a message to who has begun to read it', async (t) => {
  const queue = new IncomingQueue(control(), true);
  queue.start(true);
  queue.piece('a');
  const first = await queue.next();
  const pieces = first.value![Symbol.asyncIterator]();
  const second = queue.next();
  queue.piece('b');
  queue.end();
  queue.start(true);
  t.equal((await second).done, false);
  t.equal((await pieces.next()).value, 'a');
  t.equal((await pieces.next()).value, 'b');
  t.equal((await pieces.next()).done, true);
  queue.close();
});

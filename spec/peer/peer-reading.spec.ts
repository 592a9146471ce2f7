import type { CloseReport, Connection } from 'barewire/connection';
import type {
  IncomingMessage,
  WebSocketHandler,
  WebSocketOptions,
  WebSocketPeer,
} from 'barewire/peer';
import t, { type Test } from 'tap';
import { PeerReading } from '../../lib/peer/peer-reading.ts';
import { hearChannels } from '../support/channels.ts';
import { joinPeers } from '../support/joined-peers.ts';

/** What a reader asks of its connection. */
const gate = (pause: () => unknown, resume: () => unknown): Connection =>
  ({ pause, resume }) as Connection;

t.test('passes what comes to the one who reads, with the peer and in its order', (t) => {
  const steps: string[] = [];
  const closes: unknown[] = [];
  const peer = { close: (...all: unknown[]) => closes.push(all) } as unknown as WebSocketPeer;
  const failures: unknown[] = [];
  const reading = new PeerReading(peer, { handlerFailed: (error) => failures.push(error) });
  reading.connection = gate(
    () => steps.push('pause'),
    () => steps.push('resume'),
  );
  const seen: unknown[] = [];
  const error = new Error('mine');
  const handler: WebSocketHandler = {
    open: (from) => seen.push('open', from === peer),
    message: (from, data) => seen.push(from === peer, data),
    ping: (_peer, payload) => seen.push(payload),
    pong: async (_peer, _payload, roundTripMs) => {
      seen.push(roundTripMs);
      await Promise.reject(error);
    },
  };
  t.equal(reading.isAttached, false);
  reading.attach(handler, undefined);
  t.strictSame(steps, ['pause', 'resume']);
  t.throws(() => reading.streams(undefined), { code: 'invalid-state' });
  t.throws(() => reading.messages(undefined), { code: 'already-reading' });
  reading.message('x');
  reading.ping(Buffer.from('p'));
  reading.pong(Buffer.from('p'), 7);
  t.strictSame(seen, ['open', true, true, 'x', Buffer.from('p'), 7]);
  setImmediate(() => {
    t.strictSame(failures, [error]);
    t.strictSame(closes, [[1011, 'handler failed']]);
    t.end();
  });
});

t.test('calls a handler that has failed for nothing but the end', async (t) => {
  const failures: unknown[] = [];
  const handlerFailed = (error: unknown) => failures.push(error);
  const { client, server } = await joinPeers(t, { server: { handlerFailed } });
  client.attach({});
  const seen: unknown[] = [];
  for (let count = 0; count < 50; count += 1) client.send('x');
  void client.ping();
  server.attach({
    message(_peer, data) {
      seen.push(data);
      throw new Error('mine');
    },
    ping: () => seen.push('ping'),
    drain: () => seen.push('drain'),
    close: (_peer, { sentCode }) => seen.push(sentCode),
  });
  await server.closed;
  t.strictSame(seen, ['x', 1011]);
  t.equal(failures.length, 1);
  t.equal(server.counters.messagesDiscarded, 49);
});

t.test('shows no further message in pieces to a handler that has failed', async (t) => {
  const handlerFailed = (): void => {};
  const { client, server } = await joinPeers(t, { server: { handlerFailed, delivery: 'pieces' } });
  client.attach({});
  for (let count = 0; count < 5; count += 1) client.send('x');
  let streams = 0;
  server.attach({
    stream() {
      streams += 1;
      throw new Error('mine');
    },
  });
  t.match(await server.closed, { sentCode: 1011, wasClean: true });
  t.equal(streams, 1);
  t.equal(server.counters.messagesDiscarded, 4);
});

t.test('a handler may return a promise of another library', async (t) => {
  const failures: unknown[] = [];
  const handlerFailed = (error: unknown) => failures.push(error);
  for (const name of ['message', 'ping'] as const) {
    const { client, server } = await joinPeers(t, { server: { handlerFailed } });
    client.attach({});
    const error = new Error(name);
    // biome-ignore lint/suspicious/noThenProperty: what such a promise is made of.
    const thenable = { then: (_yes: unknown, no: (reason: Error) => void) => no(error) };
    server.attach({ [name]: () => thenable } as WebSocketHandler);
    client.send('x');
    void client.ping();
    t.match(await server.closed, { sentCode: 1011 });
    t.equal(failures.pop(), error);
  }
});

t.test('a reader that comes too late gets what came, and the end', async (t) => {
  const { client, server } = await joinPeers(t);
  client.terminate();
  await client.closed;
  const calls: string[] = [];
  client.attach({ open: () => calls.push('open'), close: () => calls.push('close') });
  t.strictSame(calls, ['open', 'close']);
  server.terminate();
  await server.closed;
  t.strictSame(await server[Symbol.asyncIterator]().next(), { value: undefined, done: true });
});

/** A server that takes messages in pieces, and a client that talks to it. */
async function inPieces(t: Test, handler: WebSocketHandler, options: WebSocketOptions = {}) {
  const { client, server } = await joinPeers(t, { server: { delivery: 'pieces', ...options } });
  client.attach({});
  server.attach(handler);
  return { client, server };
}

const textOf = async (message: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const piece of message) text += String(piece);
  return text;
};

t.test('a message that its handler does not read is passed over when that is done', async (t) => {
  for (const settle of [() => undefined, async () => {}, () => Promise.resolve().then(() => {})]) {
    const read: string[] = [];
    const { client, server } = await inPieces(t, {
      stream: (_peer, message) =>
        message.type === 'binary' ? settle() : textOf(message).then((text) => read.push(text)),
    });
    for (let index = 0; index < 3; index += 1) client.send(Buffer.alloc(400_000));
    client.send('the next one');
    await client.close(1000);
    t.match(await server.closed, { wasClean: true, code: 1000 });
    t.strictSame(read, ['the next one']);
  }
});

t.test('a handler may think before it begins to read, and read when it has returned', async (t) => {
  const read: string[] = [];
  const { client } = await inPieces(t, {
    async stream(_peer, message) {
      await new Promise((resolve) => setImmediate(resolve));
      // Begun before the handler is done: it goes on without it.
      void textOf(message).then((text) => read.push(text));
    },
  });
  const long = 'long '.repeat(100_000);
  client.send(long);
  client.send('short');
  await client.close(1000);
  t.strictSame([read[0] === long, read[1]], [true, 'short']);
});

t.test('a message that was passed over cannot be read any more', async (t) => {
  const messages: IncomingMessage[] = [];
  const { client } = await inPieces(t, { stream: (_peer, message) => messages.push(message) });
  client.send('never read');
  await client.close(1000);
  t.throws(() => messages[0]![Symbol.asyncIterator](), { code: 'invalid-state' });
});

t.test('nobody who reads: messages in pieces are passed over, and limits hold', async (t) => {
  for (const handler of [{}, { stream: () => {} }]) {
    const { client, server } = await inPieces(t, handler, { maxMessageBytes: 1_000_000 });
    for (let index = 0; index < 5; index += 1) client.send(Buffer.alloc(900_000));
    client.send(Buffer.alloc(1_000_001));
    t.match(await server.closed, { error: { code: 'message-too-large' } });
    t.equal(server.counters.messagesReceived, 5);
  }
});

/** A reading whose connection tells whether it delivers. */
function gated(delivery?: 'message' | 'pieces'): { reading: PeerReading; isOpen: () => boolean } {
  let isOpen = true;
  const reading = new PeerReading({ close: () => {} } as unknown as WebSocketPeer, { delivery });
  reading.connection = gate(
    () => {
      isOpen = false;
    },
    () => {
      isOpen = true;
    },
  );
  return { reading, isOpen: () => isOpen };
}

const READER = {};

t.test('goes on when the last of those who paused has resumed', (t) => {
  const { reading, isOpen } = gated();
  reading.attach({}, undefined);
  const other = {};
  reading.pause(READER);
  reading.pause(READER);
  reading.pause(other);
  reading.resume(READER);
  t.equal(isOpen(), false, 'the other has not');
  reading.resume(READER);
  reading.resume(other);
  t.equal(isOpen(), true);
  t.end();
});

t.test('stays paused when somebody comes who reads, until it is resumed', (t) => {
  const early = gated();
  early.reading.pause(READER);
  early.reading.attach({}, undefined);
  t.equal(early.isOpen(), false);
  early.reading.resume(READER);
  t.equal(early.isOpen(), true);
  const late = gated();
  late.reading.resume(READER);
  t.equal(late.isOpen(), false);
  late.reading.attach({ open: () => late.reading.pause(READER) }, undefined);
  t.equal(late.isOpen(), false);
  late.reading.resume(READER);
  t.equal(late.isOpen(), true);
  for (const delivery of ['message', 'pieces'] as const) {
    const { reading, isOpen } = gated(delivery);
    reading.pause(READER);
    if (delivery === 'pieces') reading.streams(undefined);
    else reading.messages(undefined);
    t.equal(isOpen(), false);
  }
  t.end();
});

t.test('goes on when neither the loop nor the application holds it up', async (t) => {
  const { reading, isOpen } = gated();
  const loop = reading.messages(undefined);
  const fill = (): void => {
    for (let count = 0; count < 64; count += 1) reading.message('x');
  };
  const empty = async (): Promise<void> => {
    for (let count = 0; count < 64; count += 1) await loop.next();
  };
  fill();
  reading.pause(READER);
  reading.resume(READER);
  t.equal(isOpen(), false);
  await empty();
  t.equal(isOpen(), true);
  fill();
  reading.pause(READER);
  await empty();
  t.equal(isOpen(), false);
  reading.resume(READER);
  t.equal(isOpen(), true);
});

/** The reading half alone: what it asks of its connection and of its peer. */
function alone(options: WebSocketOptions = {}): {
  reading: PeerReading;
  asked: string[];
  peer: WebSocketPeer;
} {
  const asked: string[] = [];
  const peer = { close: (code: number) => asked.push(`close ${code}`) } as unknown as WebSocketPeer;
  const reading = new PeerReading(peer, options);
  reading.connection = gate(
    () => asked.push('pause'),
    () => asked.push('resume'),
  );
  return { reading, asked, peer };
}

const REPORT = { code: 1000 } as CloseReport;

t.test('begins to read when somebody is there, and when it is over tells him that', async (t) => {
  for (const report of [undefined, REPORT]) {
    for (const way of ['attach', 'messages', 'streams'] as const) {
      const { reading, asked } = alone({ delivery: way === 'streams' ? 'pieces' : 'message' });
      const calls: string[] = [];
      const close = (): number => calls.push('close');
      if (way === 'attach') {
        reading.attach({ open: () => calls.push('open'), close }, report);
        t.strictSame(calls, report === undefined ? ['open'] : ['open', 'close']);
      } else {
        const first = reading[way](report).next();
        if (report === undefined) reading.end();
        t.strictSame(await first, { value: undefined, done: true });
      }
      t.equal(reading.isAttached, true);
      t.strictSame(asked, report === undefined ? ['pause', 'resume'] : ['pause'], way);
    }
  }
});

t.test('lets nobody read in a way that does not fit what comes, nor two at once', (t) => {
  const [whole, pieces] = [alone(), alone({ delivery: 'pieces' })];
  t.throws(() => whole.reading.streams(undefined), { code: 'invalid-state' });
  t.throws(() => pieces.reading.messages(undefined), { code: 'invalid-state' });
  t.throws(() => pieces.reading.attach({ message() {} }, undefined), { code: 'invalid-argument' });
  t.strictSame([whole.reading.isAttached, pieces.reading.isAttached], [false, false]);
  whole.reading.messages(undefined);
  pieces.reading.streams(undefined);
  for (const { reading } of [whole, pieces]) {
    t.throws(() => reading.attach({}, undefined), { code: 'already-reading' });
  }
  t.throws(() => whole.reading.messages(undefined), { code: 'already-reading' });
  t.throws(() => pieces.reading.streams(undefined), { code: 'already-reading' });
  t.end();
});

t.test(
  'iterates over messages at the pace of the loop, and counts what is for nobody',
  async (t) => {
    const { reading, asked } = alone();
    const loop = reading.messages(undefined);
    for (let index = 0; index < 64; index += 1) reading.message(`${index}`);
    t.strictSame(asked.splice(0), ['pause', 'resume', 'pause']);
    t.strictSame(await loop.next(), { value: '0', done: false });
    reading.finish();
    t.strictSame(asked.splice(0), ['resume'], 'a closing connection is not held up');
    t.strictSame(await loop.return!(), { value: undefined, done: true });
    t.strictSame(asked.splice(0), ['close 1000']);
    reading.message('late');
    t.equal(reading.messagesDiscarded, 64, '63 waited for the loop');
    t.equal((await loop.next()).done, true);
  },
);

t.test('iterates over messages as they come, whole or broken off', async (t) => {
  const { reading } = alone({ delivery: 'pieces' });
  const loop = reading.streams(undefined);
  reading.messageStart(true);
  reading.messagePiece('a');
  reading.messagePiece('b');
  reading.messageEnd();
  reading.messageStart(false);
  reading.messagePiece(Buffer.from('c'));
  const first = (await loop.next()).value!;
  t.match(first, { type: 'text' });
  t.equal(await textOf(first), 'ab');
  const half = (await loop.next()).value!;
  t.match(half, { type: 'binary' });
  reading.finish();
  reading.end();
  await t.rejects(textOf(half), { code: 'invalid-state' });
  t.strictSame(await loop.next(), { value: undefined, done: true });
});

t.test('a handler without a method for it hears nothing of it, and nothing fails', (t) => {
  const { reading, asked } = alone();
  const piecewise = alone({ delivery: 'pieces' });
  for (const each of [reading, piecewise.reading]) each.attach({}, undefined);
  reading.message('x');
  reading.ping(Buffer.from('p'));
  reading.pong(Buffer.from('p'), undefined);
  piecewise.reading.messageStart(true);
  piecewise.reading.messagePiece('x');
  piecewise.reading.messageEnd();
  for (const each of [reading, piecewise.reading]) each.end();
  t.strictSame(asked, ['pause', 'resume']);
  t.equal(reading.messagesDiscarded + piecewise.reading.messagesDiscarded, 0);
  t.end();
});

t.test('prints what a handler threw when nobody wants to know, whichever it was', async (t) => {
  const printed: unknown[][] = [];
  t.intercept(console, 'error', { value: (...all: unknown[]) => printed.push(all) });
  const error = new Error('mine');
  const fails = (): never => {
    throw error;
  };
  const events: Readonly<Record<string, (reading: PeerReading) => void>> = {
    open: () => {},
    message: (reading) => reading.message('x'),
    ping: (reading) => reading.ping(Buffer.alloc(0)),
    pong: (reading) => reading.pong(Buffer.alloc(0), 1),
    drain: (reading) => reading.call('drain'),
    close: (reading) => reading.call('close', REPORT),
  };
  for (const [name, happen] of Object.entries(events)) {
    const { reading, asked } = alone();
    reading.attach({ [name]: fails }, undefined);
    happen(reading);
    t.ok(asked.includes('close 1011'), name);
    t.strictSame(printed.splice(0), [['barewire: a WebSocket handler failed:', error]], name);
  }
});

t.test('survives a handlerFailed that fails itself, and tells the channel first', (t) => {
  const printed: unknown[][] = [];
  t.intercept(console, 'error', { value: (...all: unknown[]) => printed.push(all) });
  const told = hearChannels(t, 'peer', ['error']);
  const [error, second] = [new Error('mine'), new Error('of the one who was told')];
  const handlerFailed = (): never => {
    t.equal(told.length, 1);
    throw second;
  };
  const { reading, asked, peer } = alone({ handlerFailed });
  reading.attach({ message: () => Promise.reject(error) }, undefined);
  reading.message('x');
  setImmediate(() => {
    t.strictSame(told, [['error', { peer, error }]]);
    t.strictSame(printed, [['barewire: handlerFailed failed itself:', second]]);
    t.strictSame(asked, ['pause', 'resume', 'close 1011']);
    t.end();
  });
});

t.test('counts what waited for a loop that was left', async (t) => {
  for (const delivery of ['message', 'pieces'] as const) {
    const { client, server } = await joinPeers(t, { server: { delivery } });
    client.attach({});
    const messages = delivery === 'pieces' ? server.streams() : server[Symbol.asyncIterator]();
    for (let count = 0; count < 10; count += 1) client.send('x');
    await client.ping();
    await messages.next();
    await messages.return!();
    await server.closed;
    t.equal(server.counters.messagesReceived, 10);
    t.equal(server.counters.messagesDiscarded, 9);
  }
});

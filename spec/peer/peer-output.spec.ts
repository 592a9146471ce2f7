import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { hasFastPath } from 'barewire/base';
import { MessageCodec } from 'barewire/deflate';
import {
  broadcast,
  type MessageWriter,
  type PieceSource,
  PreparedMessage,
  type WebSocketPeer,
} from 'barewire/peer';
import t, { type Test } from 'tap';
import { sharedDeflatePool } from '../../lib/deflate/pool.ts';
import { End } from '../support/connection-pair.ts';
import { DEFAULTS } from '../support/deflate-jobs.ts';
import { fakePeer } from '../support/fake-transport.ts';
import { type Joint, joinPeers } from '../support/joined-peers.ts';

const PIECE = randomBytes(16 * 1024);
const TOTAL = 8 * 1024 * 1024;
/** What one writer may have waiting: a turn, and what a socket asks for before it says stop. */
const BOUND = 512 * 1024;

const JOINTS: Readonly<Record<string, Joint>> = {
  plain: {},
  deflate: { deflate: true },
  tls: { tls: true },
  'tls and deflate': { tls: true, deflate: true },
};

/** Reads everything the peer sends, and says how many bytes of each message came. */
async function readSizes(peer: WebSocketPeer): Promise<number[]> {
  const sizes: number[] = [];
  for await (const message of peer.streams()) {
    let size = 0;
    for await (const piece of message) size += piece.length;
    sizes.push(size);
  }
  return sizes;
}

/** Writes pieces that are there already: nothing but `write` itself ever waits. */
async function writeAll(
  peer: WebSocketPeer,
  writer: MessageWriter,
  watch: () => void,
): Promise<void> {
  for (let sent = 0; sent < TOTAL; sent += PIECE.length) {
    const written = writer.write(PIECE);
    watch();
    if (!(await written)) throw new Error('the connection ended');
    watch();
  }
  await writer.end();
  await peer.drained();
}

for (const [name, joint] of Object.entries(JOINTS)) {
  t.test(`a message written piece by piece waits for the socket: ${name}`, async (t) => {
    const options = { delivery: 'pieces', maxMessageBytes: TOTAL } as const;
    const { client, server } = await joinPeers(t, { ...joint, client: options });
    const reading = readSizes(client);
    let most = 0;
    await writeAll(server, server.startMessage('binary'), () => {
      most = Math.max(most, server.bufferedAmount);
    });
    await server.close(1000);
    t.strictSame(await reading, [TOTAL]);
    const hasWaited = most > 0 || !hasFastPath('one-write');
    t.ok(hasWaited && most <= BOUND, `${most} bytes waited at most`);
  });
}

t.test('a message written piece by piece stands still while nobody reads', async (t) => {
  for (const joint of Object.values(JOINTS)) {
    const { client, server, sockets } = await joinPeers(t, {
      ...joint,
      client: { delivery: 'pieces', maxMessageBytes: TOTAL },
    });
    sockets[0]!.pause();
    let pieces = 0;
    const writing = (async () => {
      const writer = server.startMessage('binary');
      for (; pieces < 4096 && (await writer.write(PIECE)); pieces += 1);
    })();
    // What the kernel takes is not ours to say; it is over when the socket asks for a pause.
    await untilStuck(server);
    t.ok(pieces < 4096, `stands still after ${pieces} pieces`);
    t.ok(server.bufferedAmount <= BOUND, `${server.bufferedAmount} bytes wait`);
    client.terminate();
    server.terminate();
    await writing;
  }
});

type Watch = () => void;

const SOURCES: Readonly<Record<string, (watch: Watch) => PieceSource>> = {
  'an async iterable': async function* (watch) {
    for (let sent = 0; sent < TOTAL; sent += PIECE.length) {
      yield PIECE;
      watch();
    }
  },
  'an iterable': function* (watch) {
    for (let sent = 0; sent < TOTAL; sent += PIECE.length) {
      yield PIECE;
      watch();
    }
  },
  'a Blob': () => new Blob(Array.from({ length: TOTAL / PIECE.length }, () => PIECE)),
};

/** What piles up before anybody waits: where each piece is a write, that is one of them. */
const STUCK_BYTES = hasFastPath('one-write') ? 64 * 1024 : 1;

/** Waits until output has piled up and does not change any more. */
async function untilStuck(peer: WebSocketPeer): Promise<void> {
  let quietTurns = 0;
  for (let last = -1; quietTurns < 100; last = peer.counters.bytesSent) {
    const isQuiet = peer.counters.bytesSent === last && peer.bufferedAmount >= STUCK_BYTES;
    quietTurns = isQuiet ? quietTurns + 1 : 0;
    await new Promise((go) => setImmediate(go));
  }
}

for (const [name, makeSource] of Object.entries(SOURCES)) {
  t.test(`${name} is sent at the pace of the peer`, async (t) => {
    const options = { delivery: 'pieces', maxMessageBytes: TOTAL } as const;
    const { client, server, sockets } = await joinPeers(t, { client: options });
    sockets[0]!.pause();
    let most = 0;
    const watch = (): void => {
      most = Math.max(most, server.bufferedAmount);
    };
    const sending = server.send(makeSource(watch));
    await untilStuck(server);
    watch();
    const reading = readSizes(client);
    t.equal(await sending, true);
    await server.close(1000);
    t.strictSame(await reading, [TOTAL]);
    t.ok(most >= STUCK_BYTES && most <= BOUND, `${most} bytes waited at most`);
  });
}

t.test('pieces that nobody waits for are held up to the bound, and no further', async (t) => {
  const { server } = await joinPeers(t, { server: { maxBufferedBytes: 1_000_000 } });
  const writer = server.startMessage('binary');
  let bytes = 0;
  for (let pieces = 0; pieces < 1000; pieces += 1) {
    void writer.write(PIECE);
    bytes = Math.max(bytes, server.bufferedAmount);
  }
  server.terminate();
  t.ok(bytes > 900_000 && bytes <= 1_000_000, `${bytes} bytes were held`);
  t.equal((await server.closed).error?.code, 'slow-consumer');
});

t.test(
  'messages behind an unfinished one say that there is no room, and are bounded',
  async (t) => {
    const { client, server } = await joinPeers(t, { server: { maxBufferedBytes: 400_000 } });
    let drains = 0;
    server.attach({
      drain: () => {
        drains += 1;
      },
    });
    const writer = server.startMessage('text');
    await writer.write('begun');
    const chunk = Buffer.alloc(50_000);
    t.equal(server.send(chunk), true);
    t.equal(server.offer(chunk), 'queued');
    let hasDrained = false;
    const drained = server.drained().then(() => {
      hasDrained = true;
    });
    await new Promise((go) => setImmediate(go));
    t.equal(hasDrained, false);
    // The message in front does not wait for those behind it.
    t.equal(await writer.write('more'), true);
    t.equal(await writer.end(), true);
    await drained;
    t.ok(drains > 0);
    const sizes: number[] = [];
    for await (const message of client) {
      sizes.push(message.length);
      if (sizes.length === 3) break;
    }
    t.strictSame(sizes, [9, 50_000, 50_000]);

    const other = await joinPeers(t, { server: { maxBufferedBytes: 400_000 } });
    await other.server.startMessage('text').write('never ended');
    let outcome = other.server.offer(chunk);
    for (let sends = 0; sends < 100 && outcome !== 'closed'; sends += 1) {
      outcome = other.server.offer(chunk);
    }
    t.equal(outcome, 'closed');
    other.server.terminate();
    t.equal((await other.server.closed).error?.code, 'slow-consumer');
  },
);

t.test('messages that wait for the compressor say that there is no room', async (t: Test) => {
  const { client, server } = await joinPeers(t, {
    deflate: true,
    server: { maxBufferedBytes: 64 * 1024 * 1024 },
  });
  client.attach({});
  const chunk = randomBytes(1024 * 1024);
  const outcomes = Array.from({ length: 4 }, () => server.offer(chunk));
  t.equal(outcomes.at(-1), 'queued');
  await server.drained();
  t.ok(server.bufferedAmount < 2 * chunk.length, `${server.bufferedAmount} bytes wait`);
  await server.close(1000);
});

t.test('a writer is let go when the connection ends, or closes under it', async (t) => {
  const { server, sockets } = await joinPeers(t, { deflate: true });
  sockets[0]!.pause();
  const first = server.startMessage('binary');
  const second = server.startMessage('binary');
  const behind = second.write(Buffer.alloc(100_000));
  await first.write('x');
  let isBack = false;
  const back = behind.then(() => {
    isBack = true;
  });
  await new Promise((go) => setImmediate(go));
  t.equal(isBack, false);
  server.terminate();
  await back;
  t.equal(await second.write('late'), false);
});

t.test('a source that gives nothing any more does not outlive the connection', async (t) => {
  for (const end of ['close', 'terminate'] as const) {
    const { client, server } = await joinPeers(t);
    client.attach({});
    server.attach({});
    const stuck = async function* (): AsyncGenerator<string> {
      yield 'begun';
      await new Promise(() => {});
    };
    const sending = server.send(stuck());
    await new Promise((go) => setImmediate(go));
    if (end === 'close') void server.close(1000);
    else server.terminate();
    t.equal(await sending, false, end);
    await server.closed;
  }
});

t.test('what a source throws after the end is for nobody', async (t) => {
  const { server } = await joinPeers(t);
  let fail = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    fail = () => reject(new Error('late'));
  });
  const source = async function* (): AsyncGenerator<string> {
    yield 'begun';
    await late;
  };
  const sending = server.send(source());
  // The source is asked for its second piece before the connection ends.
  await new Promise((go) => setImmediate(go));
  server.terminate();
  t.equal(await sending, false);
  fail();
  await new Promise((go) => setImmediate(go));
});

t.test(
  'counts as dropped what close() finds behind half a message, and nothing else',
  async (t) => {
    const { client, server } = await joinPeers(t);
    const received: unknown[] = [];
    server.attach({ message: (_, data) => received.push(data) });
    client.attach({});
    client.send('before');
    const writer = client.startMessage('text');
    await writer.write('half');
    const { signal } = new AbortController();
    t.equal(client.offer('behind'), 'sent');
    t.equal(client.offer('behind', { signal }), 'sent');
    t.match(client.counters, { messagesSent: 4, messagesDropped: 0 });
    const report = await client.close(1000);
    t.match(report, { wasClean: true, code: 1000 });
    t.strictSame(received, ['before']);
    t.match(client.counters, { messagesSent: 1, messagesDropped: 3, messagesWithdrawn: 0 });
    t.equal(server.counters.messagesReceived, client.counters.messagesSent);
  },
);

t.test('an end with messages inside counts them, whoever brings it about', async (t) => {
  const { client, server } = await joinPeers(t);
  client.attach({});
  server.attach({});
  const writer = client.startMessage('text');
  await writer.write('half');
  const aborter = new AbortController();
  client.send('behind', { signal: aborter.signal });
  client.terminate();
  aborter.abort();
  await client.closed;
  t.match(client.counters, { messagesSent: 0, messagesDropped: 2, messagesWithdrawn: 0 });
});

t.test('fails when the memory of a message that waits is gone', async (t) => {
  const gone = (bytes: Uint8Array): void => {
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
  };
  for (const slowConsumer of ['wait', 'drop-oldest'] as const) {
    const { client, server } = await joinPeers(t, { server: { slowConsumer } });
    const received: unknown[] = [];
    const bytes = new Uint8Array(1000).fill(7);
    let end = async (): Promise<unknown> => client.attach({ message: (_, m) => received.push(m) });
    if (slowConsumer === 'wait') {
      await end();
      const writer = server.startMessage('text');
      await writer.write('first');
      end = () => writer.end();
    } else {
      const chunk = Buffer.alloc(256 * 1024);
      while (server.offer(chunk) === 'sent');
    }
    server.offer(bytes);
    server.offer('behind');
    gone(bytes);
    await end();
    server.attach({});
    t.match(await server.closed, { sentCode: 1011, error: { code: 'payload-gone' } });
    t.equal((await client.closed).code, 1011);
    const others = received.filter((m) => m !== 'first' && (m as Buffer).length !== 256 * 1024);
    t.strictSame(others, []);
    t.equal(server.counters.messagesDropped, 2, 'the one that is gone and the one behind it');
  }
});

t.test(
  'a broadcast that is compressed while it waits for room is not taken for gone',
  async (t) => {
    const joint = { deflate: true, server: { slowConsumer: 'drop-oldest' } } as const;
    const { client, server, sockets } = await joinPeers(t, joint);
    sockets[0]!.pause();
    const chunk = randomBytes(256 * 1024);
    while (server.offer(chunk, { compress: false }) === 'sent');
    const text = randomBytes(100_000).toString('hex');
    t.match(broadcast([server], text, { compress: true }), { queued: 1 });
    const { queue } = sharedDeflatePool();
    while (queue.length > 0) await new Promise((resolve) => setImmediate(resolve));
    sockets[0]!.resume();
    const received: unknown[] = [];
    client.attach({ message: (_, data) => received.push(data) });
    await server.drained();
    t.match(await server.close(1000), { wasClean: true, error: undefined });
    t.equal(received.at(-1), text);
  },
);

t.test('a message in pieces comes behind those that are kept back', async (t) => {
  for (const slowConsumer of ['drop-oldest', 'conflate'] as const) {
    const { client, server, sockets } = await joinPeers(t, { server: { slowConsumer } });
    sockets[0]!.pause();
    const chunk = Buffer.alloc(256 * 1024);
    while (server.offer(chunk) === 'sent');
    const sent = ['one', 'two', 'three', 'four', 'five'];
    server.offer('one');
    server.offer('two', { key: 'k' });
    const writer = server.startMessage('text');
    server.offer('four', { key: 'k' });
    const sending = server.send(['fi', 've']);
    void writer.write('thr');
    void writer.end('ee');
    sockets[0]!.resume();
    const received: unknown[] = [];
    client.attach({ message: (_, data) => typeof data === 'string' && received.push(data) });
    await sending;
    await server.drained();
    await server.close(1000);
    t.strictSame(received, sent, slowConsumer);
    t.equal(server.counters.messagesDropped, 0);
  }
});

t.test('copies bytes that wait when it is asked to, and no others', async (t) => {
  const options = { slowConsumer: 'drop-oldest' } as const;
  const { client, server, sockets } = await joinPeers(t, { server: options });
  const bytes = Buffer.alloc(100);
  /** The same buffer over and over, as a sender with one of its own has it. */
  const send = (peer: WebSocketPeer, value: number, length = 100): void => {
    const message = length === 100 ? bytes : Buffer.alloc(length);
    peer.send(message.fill(value), { copy: true });
    message.fill(255);
  };
  const kept = async (peer: WebSocketPeer, send: () => Promise<void>): Promise<number[]> => {
    const values: number[] = [];
    const reader = peer === client ? server : client;
    reader.attach({ message: (_, data) => data[0] !== undefined && values.push(Number(data[0])) });
    await send();
    await reader.closed;
    return values;
  };
  sockets[0]!.pause();
  const chunk = Buffer.alloc(256 * 1024);
  const values = await kept(server, async () => {
    while (server.offer(chunk) === 'sent');
    send(server, 1);
    send(server, 2, 100_000);
    sockets[0]!.resume();
    await server.drained();
    const writer = server.startMessage();
    send(server, 3);
    send(server, 4, 100_000);
    await writer.end(Buffer.from([9]));
    send(server, 5, 100_000);
    send(server, 6);
    void server.close(1000);
  });
  t.strictSame(
    values.filter((value) => value !== 0),
    [1, 2, 9, 3, 4, 5, 6],
  );
  t.throws(() => server.send('x', { copy: 1 as never }), { code: 'invalid-option' });
});

t.test('a message that may be taken back is copied too', async (t) => {
  const { client, server } = await joinPeers(t, { deflate: true });
  const bytes = Buffer.alloc(50_000, 1);
  const { signal } = new AbortController();
  client.send(bytes, { signal, copy: true });
  bytes.fill(2);
  const received: number[] = [];
  server.attach({ message: (_, data) => received.push(Number(data[40_000])) });
  await client.close(1000);
  t.strictSame(received, [1]);
});

t.test('a prepared message takes the options of any other, and refuses what is none', async (t) => {
  const { client, server } = await joinPeers(t);
  const message = new PreparedMessage('x');
  const unknown = { kompress: true } as never;
  t.throws(() => server.offerPrepared(message, unknown), { code: 'invalid-option' });
  t.throws(() => client.offerPrepared(message, unknown), { code: 'invalid-option' });
  t.equal(server.offerPrepared(message, { compress: false, key: 'k' }), 'sent');
});

t.test('pieces that wait are copied when it is asked for', async (t) => {
  const { client, server } = await joinPeers(t, { deflate: true });
  const received: string[] = [];
  client.attach({ message: (_, data) => received.push((data as Buffer).toString('latin1')) });
  const bytes = Buffer.alloc(50_000);
  const first = server.startMessage('text');
  const second = server.startMessage('binary', { copy: true });
  void second.write(bytes.fill('a'));
  void second.end(bytes.fill('b'));
  async function* pieces(): AsyncGenerator<Buffer> {
    yield bytes.fill('c');
    yield bytes.fill('d');
  }
  const third = server.send(pieces(), { copy: true });
  await first.end('first');
  t.equal(await third, true);
  bytes.fill('!');
  await server.close(1000);
  const runs = received.slice(1).map((text) => text.replaceAll(/(.)\1*/g, '$1'));
  t.strictSame(runs, ['ab', 'cd']);
  t.throws(() => server.startMessage('text', { copy: 1 as never }), { code: 'invalid-option' });
});

const POLICIES = ['wait', 'drop-newest', 'drop-oldest', 'conflate', 'close'] as const;

/** Each way to send a message that is not in pieces. */
const WAYS: Readonly<Record<string, (peer: WebSocketPeer) => string>> = {
  plain: (peer) => peer.offer('x'),
  'with a signal': (peer) => peer.offer('x', new AbortController()),
  prepared: (peer) => peer.offerPrepared(new PreparedMessage('x')),
  'prepared, with a signal': (peer) =>
    peer.offerPrepared(new PreparedMessage('x'), new AbortController()),
};

t.test(
  'says what becomes of a message, by policy, room and state, in each way to send',
  async (t) => {
    const congested = {
      ...{ wait: 'queued', 'drop-newest': 'dropped', 'drop-oldest': 'queued' },
      ...{ conflate: 'queued', close: 'closed' },
    };
    for (const slowConsumer of POLICIES) {
      for (const [way, send] of Object.entries(WAYS)) {
        const { peer, transport } = fakePeer({ slowConsumer });
        const title = `${way}, ${slowConsumer}`;
        t.equal(send(peer), 'sent', title);
        t.equal((await transport.written()).toString('latin1'), '\x81\x01x');
        transport.isCongested = true;
        t.equal(send(peer), congested[slowConsumer], `congested: ${title}`);
        const isGivenUp = slowConsumer === 'close';
        t.equal(peer.isOpen, !isGivenUp, 'gives up by this policy alone');
        const before = peer.counters.messagesDropped;
        t.equal(before, slowConsumer === 'drop-newest' ? 1 : 0);
        await transport.written();
        transport.drain();
        const rest = (await transport.written()).toString('latin1');
        const isWaiting = slowConsumer === 'wait' && way.endsWith('with a signal');
        const isHeld = isWaiting || ['drop-oldest', 'conflate'].includes(slowConsumer);
        t.equal(rest, isHeld ? '\x81\x01x' : '', title);
        void peer.close(1000);
        for (const isCongested of [false, true]) {
          transport.isCongested = isCongested;
          t.equal(send(peer), 'closed', `closing: ${title}`);
        }
        t.equal(peer.counters.messagesDropped, before, 'what was not accepted is not dropped');
        peer.terminate();
      }
    }
  },
);

t.test('compresses nothing for a peer that is closing', (t) => {
  const { peer } = fakePeer();
  void peer.close(1000);
  const message = new PreparedMessage('x'.repeat(10_000));
  t.intercept(message, 'compressedFrame', { value: () => t.fail('compressed') });
  t.equal(peer.offerPrepared(message, { compress: true }), 'closed');
  peer.terminate();
  t.end();
});

t.test('takes a message that is held back out again, and stops listening', async (t) => {
  const { peer, transport } = fakePeer({ slowConsumer: 'drop-oldest' });
  transport.isCongested = true;
  const [first, second, third] = [1, 2, 3].map(() => new AbortController());
  t.equal(peer.offer('first', first), 'queued');
  t.equal(peer.offerPrepared(new PreparedMessage('second'), second), 'queued');
  t.equal(peer.offer('third', third), 'queued');
  t.equal(peer.bufferedAmount, 16);
  second!.abort();
  second!.abort();
  t.equal(peer.bufferedAmount, 10);
  t.match(peer.counters, { messagesWithdrawn: 1, messagesDropped: 0 });
  transport.drain();
  t.equal((await transport.written()).toString('latin1'), '\x81\x05first\x81\x05third');
  for (const { signal } of [first!, second!, third!]) {
    t.equal(getEventListeners(signal, 'abort').length, 0);
  }
  third!.abort();
  t.equal(peer.counters.messagesWithdrawn, 1, 'what has left cannot be taken back');
  peer.terminate();
});

t.test('stays with no signal of a message that is dropped, at once or by the close', async (t) => {
  const { peer, transport } = fakePeer({ slowConsumer: 'drop-newest' });
  transport.isCongested = true;
  const aborter = new AbortController();
  t.equal(peer.offer('x', aborter), 'dropped');
  t.equal(getEventListeners(aborter.signal, 'abort').length, 0);
  transport.isCongested = false;
  void peer.startMessage('text').write('half');
  peer.offer('behind', aborter);
  await transport.written();
  void peer.close(1000);
  t.match(peer.counters, { messagesDropped: 3 }, 'the half one, too');
  aborter.abort();
  t.match(peer.counters, { messagesDropped: 3, messagesWithdrawn: 0 }, 'each is counted once');
  peer.terminate();
  t.throws(() => peer.offer('late', aborter), { name: 'AbortError' });
});

t.test(
  'begins no message in pieces for an aborted signal, or on a closing connection',
  async (t) => {
    const { peer, transport } = fakePeer();
    const reason = new Error('enough');
    let asked = 0;
    const pieces = {
      [Symbol.iterator](): Iterator<string> {
        asked += 1;
        return ['a'][Symbol.iterator]();
      },
    };
    await t.rejects(peer.send(pieces, { signal: AbortSignal.abort(reason) }), reason);
    t.match(peer.counters, { messagesSent: 0, messagesWithdrawn: 0 });
    peer.send('not held up');
    t.equal((await transport.written()).toString('latin1'), '\x81\x0bnot held up');
    void peer.close(1000);
    t.equal(await peer.send(pieces), false);
    t.equal(asked, 0, 'nobody has asked the source for anything');
    peer.terminate();
  },
);

t.test('closes nobody who waits for our compressor, up to the bound', (t) => {
  const deflate = Object.assign(new MessageCodec('server', DEFAULTS), { compress: () => {} });
  const options = { slowConsumer: 'close', maxBufferedBytes: 200_000 } as const;
  const { peer } = fakePeer(options, { deflate, windowBits: 15 });
  const outcomes = Array.from({ length: 5 }, () => peer.offer('x'.repeat(60_000)));
  t.strictSame(outcomes, ['sent', 'queued', 'queued', 'closed', 'closed']);
  peer.terminate();
  t.end();
});

t.test('gives a frame of its own to whom the shared one does not fit', async (t) => {
  const text = 'compressible '.repeat(200);
  for (const [name, settings, isShared] of [
    ['a server', {}, true],
    ['a client, which masks [6455-5.1-3]', { role: 'client' }, false],
    ['a window of 8 bits', { windowBits: 8 }, false],
    ['a window of 9 bits', { windowBits: 9 }, true],
  ] as const) {
    const role = 'role' in settings ? settings.role : 'server';
    const bits = 'windowBits' in settings ? settings.windowBits : 15;
    const parameters = { ...DEFAULTS, serverMaxWindowBits: bits };
    const deflate = new MessageCodec(role, parameters, { zlib: 'handle' });
    const { peer, transport } = fakePeer({}, { deflate, windowBits: bits, ...settings });
    const message = new PreparedMessage(text);
    let shared = 0;
    const { compressedFrame } = message;
    t.intercept(message, 'compressedFrame', {
      value(windowBits: number) {
        shared += 1;
        return compressedFrame.call(message, windowBits);
      },
    });
    t.equal(peer.offerPrepared(message), 'sent');
    t.equal(shared, isShared && hasFastPath('broadcast') ? 1 : 0, name);
    const other = role === 'client' ? 'server' : 'client';
    const reader = new End(
      { nowMs: 0 },
      {
        role: other,
        deflate: new MessageCodec(other, parameters, { zlib: 'handle' }),
      },
    );
    reader.connection.receive(await transport.written());
    t.strictSame(reader.seen, [['message', text]], name);
    peer.terminate();
  }
});

t.test('has not drained before what was kept back has left, though there is room', async (t) => {
  const { peer, transport } = fakePeer({ slowConsumer: 'drop-oldest' });
  transport.isCongested = true;
  t.equal(peer.offer('kept'), 'queued');
  // There is room, and the transport has not said so yet.
  transport.isCongested = false;
  let hasDrained = false;
  const drained = peer.drained().then(() => {
    hasDrained = true;
  });
  t.equal((await transport.written()).length, 0);
  t.equal(hasDrained, false);
  transport.drain();
  await drained;
  t.match((await transport.written()).toString('latin1'), /kept$/);
  peer.terminate();
});

t.test('a connection that is over has drained, however full its transport is', async (t) => {
  const { peer, transport } = fakePeer();
  transport.isCongested = true;
  let hasDrained = false;
  const drained = peer.drained().then(() => {
    hasDrained = true;
  });
  transport.sink.closed(undefined);
  await peer.closed;
  await drained;
  t.equal(hasDrained, true);
  await peer.drained();
  t.equal(peer.send('late'), false);
});

t.test('what a policy held back counts as never having left', async (t) => {
  const { peer, transport } = fakePeer({ slowConsumer: 'drop-oldest' });
  peer.send('first');
  transport.isCongested = true;
  t.equal(peer.offer('12345'), 'queued');
  const before = peer.bufferedAmount;
  transport.sink.closed(undefined);
  await peer.closed;
  t.equal(peer.bufferedAmount, before);
  t.equal(peer.counters.messagesDropped, 1);
  const other = fakePeer({ slowConsumer: 'drop-oldest' });
  t.equal(other.peer.bufferedAmount, 0, 'of others it is no loss');
});

import { randomBytes } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { ENTRY_OVERHEAD_BYTES, UsageError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  broadcast,
  DuplexTransport,
  PreparedMessage,
  type Tickable,
  type WebSocketOptions,
  WebSocketPeer,
} from 'barewire/peer';
import t, { type Test } from 'tap';
import { hearChannels } from '../support/channels.ts';
import { fakePeer } from '../support/fake-transport.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { joinPeers } from '../support/joined-peers.ts';
import { eventually } from '../support/sockets.ts';

/** Both ends of a TCP connection on the loopback. */
async function socketPair(t: Test): Promise<readonly [Socket, Socket]> {
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(listener, 'connection')) as [Socket];
  t.teardown(() => {
    near.destroy();
    far.destroy();
    listener.close();
  });
  return [near, far];
}

/** Two peers joined by a real TCP connection on the loopback; the handshake is left out. */
async function joined(
  t: Test,
  serverOptions: WebSocketOptions = {},
): Promise<{ client: WebSocketPeer; server: WebSocketPeer; sockets: readonly Socket[] }> {
  const [near, far] = await socketPair(t);
  const takeMaskingKey = (): number => randomBytes(4).readUInt32BE();
  const client = new WebSocketPeer(new DuplexTransport(near), { role: 'client', takeMaskingKey });
  const server = new WebSocketPeer(new DuplexTransport(far), { role: 'server' }, serverOptions);
  return { client, server, sockets: [near, far] };
}

t.test(
  'carries messages in order, by handler on one side and by iteration on the other',
  async (t) => {
    const { client, server } = await joined(t);
    server.attach({ message: (peer, data) => peer.send(data) });
    const sent = ['a', 'ü'.repeat(70_000), '', 'x'.repeat(20_000)];
    for (const text of sent) client.send(text);
    const bytes = randomBytes(300_000);
    client.send(bytes);
    const received: (string | Buffer)[] = [];
    for await (const message of client) {
      received.push(message);
      if (received.length === 5) break;
    }
    t.strictSame(received.slice(0, 4), sent);
    t.ok(bytes.equals(received[4] as Buffer));
    t.match(await client.closed, { wasClean: true, code: 1000, closedBy: 'us' });
    t.match(await server.closed, { wasClean: true, code: 1000, closedBy: 'peer' });
  },
);

t.test('bytes may be changed once nothing waits, or at once where they are copied', async (t) => {
  for (const copy of [false, true]) {
    const { client, server } = await joined(t);
    const received: (string | Buffer)[] = [];
    client.attach({ message: (_peer, data) => received.push(data) });
    client.pause();
    const bytes = Buffer.alloc(100_000);
    // More than both kernels take.
    for (let index = 0; index < 100; index += 1) {
      bytes.fill(index);
      server.send(bytes, { copy });
      if (server.bufferedAmount > 1 << 20) client.resume();
      while (!copy && server.bufferedAmount > 0) {
        client.resume();
        await turn();
      }
    }
    bytes.fill(0xff);
    await server.close();
    t.equal(received.length, 100);
    const isWhole = (data: string | Buffer, index: number): boolean =>
      Buffer.alloc(100_000, index).equals(data as Buffer);
    t.ok(received.every(isWhole));
  }
});

t.test('delivers nothing before somebody reads, and everything then', async (t) => {
  const { client, server } = await joined(t);
  for (let index = 0; index < 100; index += 1) client.send(`${index}`);
  const seen: unknown[] = [];
  client.close(1000);
  t.strictSame(seen, []);
  server.attach({ message: (_peer, data) => seen.push(data), close: () => seen.push('closed') });
  await server.closed;
  t.equal(seen.length, 101);
  t.equal(seen.at(-1), 'closed');
});

t.test('keeps every byte intact for a slow reader, whatever memory is used again', async (t) => {
  const { client, server } = await joined(t);
  const parts: string[] = [];
  const count = 4000;
  const received: string[] = [];
  const reading = (async () => {
    for await (const message of client) received.push(message as string);
  })();
  for (let index = 0; index < count; index += 1) {
    const part = `${index}:${'abcdefgh'.repeat(index % 300)}`;
    parts.push(part);
    server.send(part);
    if (index % 50 === 0) await server.drained();
  }
  server.close(1000);
  await reading;
  t.equal(received.length, count);
  t.ok(received.every((part, index) => part === parts[index]));
});

t.test('says that the peer is slow, and that it reads again', async (t) => {
  const { client, server, sockets } = await joined(t);
  sockets[0]!.pause();
  const chunk = Buffer.alloc(100_000);
  let isTaken = true;
  for (let sends = 0; sends < 150 && isTaken; sends += 1) isTaken = server.send(chunk);
  t.equal(isTaken, false);
  t.ok(server.bufferedAmount > 0);
  client.attach({});
  await server.drained();
  t.equal(server.send('again'), true);
});

t.test('closes a peer that never reads once the bound is passed', async (t) => {
  const { server, sockets } = await joined(t, { maxBufferedBytes: 1_000_000 });
  sockets[0]!.pause();
  const chunk = Buffer.alloc(100_000);
  let outcome = server.offer(chunk);
  for (let sends = 0; sends < 1000 && outcome !== 'closed'; sends += 1)
    outcome = server.offer(chunk);
  t.equal(outcome, 'closed');
  t.ok(server.bufferedAmount < 1_500_000);
  server.terminate();
  t.equal((await server.closed).error?.code, 'slow-consumer');
});

t.test('drops by policy, and counts what it drops', async (t) => {
  for (const policy of ['drop-newest', 'drop-oldest', 'conflate'] as const) {
    const { client, server, sockets } = await joined(t, {
      slowConsumer: policy,
      maxBufferedBytes: 400_000,
    });
    sockets[0]!.pause();
    const chunk = Buffer.alloc(100_000);
    let sends = 0;
    while (server.send(chunk) && sends < 1000) sends += 1;
    for (let index = 0; index < 20; index += 1) server.offer(`late ${index}`, { key: 'k' });
    const seen: string[] = [];
    client.attach({
      message: (_peer, data) => {
        if (typeof data === 'string') seen.push(data);
      },
    });
    await server.drained();
    await server.close(1000);
    const expected = {
      'drop-newest': [],
      'drop-oldest': Array.from({ length: 20 }, (_, index) => `late ${index}`),
      conflate: ['late 19'],
    }[policy];
    t.strictSame(seen, expected, policy);
    const dropped = { 'drop-newest': 20, 'drop-oldest': 0, conflate: 19 }[policy];
    t.equal(server.counters.messagesDropped, dropped, policy);
  }
});

t.test('says of a message that can never be kept that it was dropped', async (t) => {
  const { server, sockets } = await joined(t, {
    slowConsumer: 'drop-oldest',
    maxBufferedBytes: 100_000 + ENTRY_OVERHEAD_BYTES,
  });
  sockets[0]!.pause();
  while (server.send(Buffer.alloc(50_000)));
  const before = server.counters.messagesDropped;
  t.equal(server.offer(Buffer.alloc(100_001)), 'dropped');
  t.equal(server.counters.messagesDropped, before + 1);
  // Text counts as it travels: three bytes a sign here.
  t.equal(server.offer('€'.repeat(33_334)), 'dropped');
  t.equal(server.offer('€'.repeat(33_333)), 'queued');
  server.terminate();
});

t.test('refuses readers of whole messages when messages come in pieces', async (t) => {
  const { server } = await joined(t, { delivery: 'pieces' });
  t.throws(() => server[Symbol.asyncIterator](), { code: 'invalid-state' });
  t.throws(() => server.attach({ message: () => undefined }), { code: 'invalid-argument' });
  server.attach({ stream: () => undefined });
  server.terminate();
});

t.test('gives up by policy the first time that a message would have to wait', async (t) => {
  const { client, server, sockets } = await joined(t, { slowConsumer: 'close' });
  client.attach({});
  sockets[0]!.pause();
  const outcomes = new Set<string>();
  while (server.isOpen) outcomes.add(server.offer(Buffer.alloc(100_000)));
  t.same(outcomes, new Set(['sent', 'queued', 'closed']), 'one was taken in that did not leave');
  t.ok(server.bufferedAmount < 500_000);
  t.equal(server.offer('late'), 'closed');
  sockets[0]!.resume();
  t.equal((await server.closed).error?.code, 'slow-consumer');
});

t.test('streams a message out and in, piece by piece', async (t) => {
  const { client, server } = await joined(t, { delivery: 'pieces' });
  const total = 8 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024, 7);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < total; sent += piece.length) yield piece;
  }
  const isSent = client.send(pieces());
  client.send('after');
  const sizes: [string, number][] = [];
  for await (const message of server.streams()) {
    let size = 0;
    for await (const part of message) size += part.length;
    sizes.push([message.type, size]);
    if (sizes.length === 2) break;
  }
  t.equal(await isSent, true);
  t.strictSame(sizes, [
    ['binary', total],
    ['text', 5],
  ]);
});

t.test('takes back a message whose source fails before anything was sent', async (t) => {
  const { client, server } = await joined(t);
  // biome-ignore lint/correctness/useYield: a source that fails before its first piece
  async function* broken(): AsyncGenerator<string> {
    throw new Error('no source');
  }
  await t.rejects(client.send(broken()), { message: 'no source' });
  async function* breaksOff(): AsyncGenerator<string> {
    yield 'half';
    throw new Error('broke off');
  }
  client.send('whole');
  const failed = t.rejects(client.send(breaksOff()), { message: 'broke off' });
  const seen: unknown[] = [];
  for await (const message of server) seen.push(message);
  await failed;
  t.strictSame(seen, ['whole']);
  t.match(await server.closed, { code: 1011, wasClean: true });
});

t.test('sends a Blob as one message', async (t) => {
  const { client, server } = await joined(t);
  t.equal(await client.send(new Blob(['one', 'two'])), true);
  client.close(1000);
  const seen: unknown[] = [];
  for await (const message of server) seen.push(message.toString());
  t.strictSame(seen, ['onetwo']);
});

t.test('pings, and rejects when the connection ends first', async (t) => {
  const { client, server } = await joined(t);
  server.attach({});
  client.attach({});
  t.ok((await client.ping()) >= 0);
  const lost = t.rejects(client.ping(), UsageError);
  client.terminate();
  await lost;
  await t.rejects(client.ping(), UsageError);
});

t.test('closes with 1011 when a handler throws or rejects, and tells the owner', async (t) => {
  for (const message of [
    () => {
      throw new Error('boom');
    },
    async () => {
      throw new Error('boom');
    },
  ]) {
    const failures: unknown[] = [];
    const { client, server } = await joined(t, { handlerFailed: (error) => failures.push(error) });
    server.attach({ message });
    client.attach({});
    client.send('x');
    t.match(await client.closed, { code: 1011, wasClean: true });
    t.match(failures, [{ message: 'boom' }]);
  }
});

t.test('lives on when even handlerFailed throws, or rejects', async (t) => {
  const printed: unknown[][] = [];
  const { error: print } = console;
  console.error = (...args: unknown[]) => void printed.push(args);
  t.teardown(() => {
    console.error = print;
  });
  const second = new Error('second');
  const throwing = (): void => {
    throw second;
  };
  for (const [message, handlerFailed] of [
    [() => Promise.reject(new Error('first')), throwing],
    [() => JSON.parse('{'), throwing],
    [() => JSON.parse('{'), () => Promise.reject(second)],
  ] as const) {
    const { client, server } = await joined(t, { handlerFailed });
    server.attach({ message });
    client.attach({});
    client.send('x');
    t.match(await client.closed, { code: 1011, wasClean: true });
  }
  const line = ['barewire: handlerFailed failed itself:', second];
  t.strictSame(printed, [line, line, line]);
});

t.test('ends without an unhandled error when the peer resets', async (t) => {
  const { client, server, sockets } = await joined(t);
  const signal = server.signal;
  server.attach({});
  client.attach({});
  sockets[0]!.resetAndDestroy();
  const report = await server.closed;
  t.match(report, { code: 1006, wasClean: false, closedBy: 'transport' });
  t.equal(signal.aborted, true);
  t.equal(server.send('x'), false);
  await server.drained();
});

t.test('allows one reader', async (t) => {
  const { server } = await joined(t);
  server.attach({});
  t.throws(() => server.attach({}), UsageError);
  t.throws(() => server[Symbol.asyncIterator](), UsageError);
  t.throws(() => server.streams(), UsageError);
});

t.test('broadcasts one frame to all, and says what became of it', async (t) => {
  const pairs = await Promise.all([joined(t), joined(t), joined(t)]);
  const received = pairs.map(async ({ client }) => {
    for await (const message of client) return message;
    return undefined;
  });
  const servers = pairs.map(({ server }) => server);
  servers[2]!.close(1000);
  const message = new PreparedMessage('to all');
  t.strictSame(broadcast(servers, message, { except: servers[1]! }), {
    sent: 1,
    queued: 0,
    dropped: 0,
    closed: 1,
  });
  broadcast([servers[1]!], 'to one');
  t.strictSame(await Promise.all(received), ['to all', 'to one', undefined]);
});

t.test('closes cleanly though its own loop does not pull, and keeps what it had', async (t) => {
  const { client, server } = await joined(t);
  const loop = server[Symbol.asyncIterator]();
  client.attach({});
  for (let index = 0; index < 1000; index += 1) client.send(`${index}`.padEnd(1000));
  await client.drained();
  t.equal((await loop.next()).value, '0'.padEnd(1000));
  const report = await server.close(4001, 'enough');
  t.match(report, { code: 4001, wasClean: true, closedBy: 'us', error: undefined });
  t.match(await client.closed, { code: 4001, wasClean: true, closedBy: 'peer' });
  let count = 1;
  for (let next = await loop.next(); !next.done; next = await loop.next()) {
    t.equal(next.value, `${count}`.padEnd(1000));
    count += 1;
  }
  t.equal(count, 1 + 2 * 64, 'as many again as the queue holds');
  t.equal(server.counters.messagesDiscarded + count, 1000, 'every one is accounted for');
});

t.test('closes cleanly behind a loop that was left, and behind a pause', async (t) => {
  for (const way of ['leave', 'pause'] as const) {
    const { client, server } = await joined(t);
    client.attach({});
    for (let index = 0; index < 1000; index += 1) client.send(`${index}`.padEnd(1000));
    await client.drained();
    const seen: unknown[] = [];
    if (way === 'leave') {
      for await (const message of server) {
        seen.push(message);
        break;
      }
    } else {
      server.attach({
        message(peer, data) {
          seen.push(data);
          peer.pause();
        },
      });
      while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
      void server.close(1000);
    }
    t.match(await server.closed, { code: 1000, wasClean: true, closedBy: 'us' });
    t.match(await client.closed, { code: 1000, wasClean: true });
    t.equal(seen.length, 1);
  }
});

t.test('pings that nobody answers are bounded', async (t) => {
  const { client, server, sockets } = await joined(t, { maxPingsInFlight: 10 });
  sockets[0]!.pause();
  server.attach({});
  const pings = Array.from({ length: 10 }, () => server.ping());
  const sentBytes = server.counters.bytesSent + server.bufferedAmount;
  await t.rejects(server.ping(), { code: 'invalid-state', message: /10 pings/ });
  t.equal(server.counters.bytesSent + server.bufferedAmount, sentBytes, 'and is not sent');
  t.equal(server.isOpen, true);
  client.attach({});
  sockets[0]!.resume();
  for (const roundTripMs of await Promise.all(pings)) t.ok(roundTripMs >= 0);
  t.ok((await server.ping()) >= 0, 'there is room again');
});

t.test('a peer is not slow because we compress', async (t) => {
  const { client, server } = await joinPeers(t, {
    deflate: true,
    server: { slowConsumer: 'close' },
  });
  const text = 'compressible '.repeat(20_000);
  t.not(server.offer(text), 'closed');
  t.not(server.offer(text), 'closed');
  const received: number[] = [];
  client.attach({ message: (_, data) => received.push(data.length) });
  await server.drained();
  await server.close(1000);
  t.strictSame(received, [text.length, text.length]);
});

t.test('delivers nothing to a handler that pauses in open, until it resumes', async (t) => {
  const { client, server } = await joinPeers(t);
  client.attach({});
  client.send('early');
  const seen: unknown[] = [];
  server.attach({
    open: (peer) => peer.pause(),
    message: (_peer, data) => seen.push(data),
  });
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  t.strictSame(seen, []);
  server.resume();
  await eventually(() => seen.length > 0);
  t.strictSame(seen, ['early']);
});

const masked = (opcode: number, payload: string | Buffer): Buffer =>
  encodeFrame({ opcode, payload, maskingKey: 7 });

t.test('begins with what came behind the handshake, when somebody reads', async (t) => {
  const head = Buffer.concat([masked(OPCODE.text, 'early'), masked(OPCODE.ping, 'p')]);
  for (const bytes of [head, Buffer.alloc(0)]) {
    const { peer, transport } = fakePeer({}, { head: bytes });
    t.equal((await transport.written()).length, 0, 'also no pong');
    const seen: unknown[] = [];
    peer.attach({ message: (_peer, data) => seen.push(data) });
    transport.sink.data(masked(OPCODE.text, 'later'));
    t.strictSame(seen, bytes.length > 0 ? ['early', 'later'] : ['later']);
    peer.terminate();
  }
});

t.test('goes on only for somebody who reads', (t) => {
  const { peer, transport } = fakePeer();
  transport.sink.data(masked(OPCODE.text, 'x'));
  peer.resume();
  const seen: unknown[] = [];
  t.strictSame(transport.calls, ['pause'], 'nobody is there: it would be lost');
  peer.attach({ message: (_peer, data) => seen.push(data) });
  peer.pause();
  transport.sink.data(masked(OPCODE.text, 'y'));
  t.strictSame(seen, ['x']);
  peer.resume();
  t.strictSame(seen, ['x', 'y']);
  t.strictSame(transport.calls, ['pause', 'resume', 'pause', 'resume']);
  peer.terminate();
  t.end();
});

t.test('is written piece by piece, in one message', async (t) => {
  const { peer, transport } = fakePeer();
  const writer = peer.startMessage();
  t.equal(await writer.write('a'), true);
  t.equal(await writer.end('b'), true);
  t.equal((await transport.written()).toString('latin1'), '\x01\x01a\x80\x01b');
  t.throws(() => peer.startMessage('text', { compres: true } as object), {
    code: 'invalid-option',
  });
  void peer.close(1000);
  t.throws(() => peer.startMessage('text'), { code: 'invalid-state' });
  peer.terminate();
});

t.test(
  'waits for a pong no longer than until a signal, and asks nothing of one aborted',
  async (t) => {
    const { peer, transport } = fakePeer();
    peer.attach({});
    const reason = new Error('enough');
    await t.rejects(peer.ping(undefined, { signal: AbortSignal.abort(reason) }), reason);
    t.equal((await transport.written()).length, 0, 'no ping was sent');
    const aborter = new AbortController();
    const given = peer.ping(Buffer.from('a'), aborter);
    aborter.abort(reason);
    await t.rejects(given, reason);
    const { signal } = new AbortController();
    const waited = peer.ping(Buffer.from('b'), { signal });
    t.equal((await transport.written()).toString('latin1'), '\x89\x01a\x89\x01b');
    transport.sink.data(masked(OPCODE.pong, 'b'));
    t.ok((await waited) >= 0);
    t.equal(getEventListeners(signal, 'abort').length, 0);
    await t.rejects(peer.ping(undefined, { signl: signal } as object), { code: 'invalid-option' });
    peer.terminate();
  },
);

t.test('shows where its end stands, and how it ended to whoever asks later', async (t) => {
  const { peer, transport } = fakePeer();
  peer.attach({});
  const states: string[] = [peer.state];
  const early = peer.signal;
  void peer.close(4000, 'enough');
  states.push(peer.state);
  transport.sink.data(masked(OPCODE.close, Buffer.from('\u000f\u00a0', 'latin1')));
  states.push(peer.state);
  t.equal(early.aborted, false);
  transport.sink.closed(undefined);
  states.push(peer.state);
  t.strictSame(states, ['open', 'close-sent', 'exchanged', 'closed']);
  t.equal(early.aborted, true);
  t.equal(peer.signal, early);
  t.match(await peer.closed, { code: 4000, sentCode: 4000, wasClean: true });
  const { peer: other } = fakePeer();
  other.terminate();
  t.equal(other.signal.aborted, false, 'cut, and its transport has not said that it is gone');
  const gone = fakePeer();
  gone.transport.sink.closed(new Error('reset'));
  t.equal(gone.peer.signal.aborted, true, 'a signal that comes late is aborted already');
  t.match(await gone.peer.closed, { code: 1006, transportError: { message: 'reset' } });
});

t.test('tells its owner and the channels of its beginning and its end, in this order', (t) => {
  const told = hearChannels(t, 'peer', ['open', 'close']);
  const order: string[] = [];
  const owner = { peerClosed: (who: WebSocketPeer) => order.push(`owner ${who === peer}`) };
  const { peer, transport } = fakePeer({}, { owner });
  peer.attach({ close: () => order.push(`handler, told ${told.length}`) });
  t.strictSame(told, [['open', { peer }]]);
  transport.sink.closed(undefined);
  transport.sink.closed(undefined);
  t.strictSame(order, ['owner true', 'handler, told 2']);
  t.strictSame(told[1]?.[0], 'close');
  t.match(told[1]?.[1], { peer, report: { code: 1006, closedBy: 'transport' } });
  t.end();
});

t.test('ends with a transport that throws, whatever it throws and in whichever call', async (t) => {
  for (const thrown of [new Error('broken'), 'broken']) {
    for (const call of ['write', 'pause', 'resume', 'end', 'destroy'] as const) {
      const { peer, transport } = fakePeer();
      peer.attach({});
      transport[call] = () => {
        throw thrown;
      };
      const calls: Readonly<Record<typeof call, () => void>> = {
        write: () => void peer.close(1000),
        pause: () => {
          peer.pause();
          transport.sink.data(Buffer.of(0x81));
        },
        resume: () => {
          peer.pause();
          transport.sink.data(Buffer.of(0x81));
          peer.resume();
        },
        end: () => transport.sink.data(masked(OPCODE.close, Buffer.alloc(0))),
        destroy: () => peer.terminate(),
      };
      t.doesNotThrow(calls[call], call);
      await transport.written();
      t.match(await peer.closed, { transportError: { message: 'broken' } }, call);
      t.equal(transport.calls.includes('destroy'), call !== 'destroy', 'and is cut');
    }
  }
});

t.test('notices that a client is gone although nobody reads', async (t) => {
  const [near, far] = await socketPair(t);
  const members = new Set<Tickable>();
  const ticker = {
    now: () => 0,
    add: (member: Tickable) => members.add(member),
    delete: (member: Tickable) => members.delete(member),
  };
  const transport = new DuplexTransport(far);
  const server = new WebSocketPeer(
    transport,
    { role: 'server', ticker },
    { pingIntervalMs: 1_000 },
  );
  near.write(Buffer.alloc(1_000_000));
  // So much waits that the socket is not read any more: no event tells of its end.
  await eventually(() => far.readableLength >= far.readableHighWaterMark);
  near.resetAndDestroy();
  for (let nowMs = 0; nowMs < 1e5 && server.isOpen; nowMs += 1_000) {
    for (const member of members) member.tick(nowMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(server.isOpen, false);
  t.match(await server.closed, { code: 1006, closedBy: 'transport' });
});

t.test('refuses a list in which one is no message, aloud and before anything leaves', async (t) => {
  const { client, server } = await joined(t);
  server.attach({});
  const errors: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => errors.push(error));
  const sent = client.send(['a', 5, 'b'] as never);
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners('unhandledRejection');
  for (const listener of listeners) process.on('unhandledRejection', listener);
  t.match(errors, [{ code: 'invalid-argument' }]);
  t.equal(errors.length, 1);
  await t.rejects(sent as never, { code: 'invalid-argument' });
  t.equal(client.counters.messagesSent, 0);
  t.equal(client.isOpen, true);
  t.equal(await client.send(['a', 'b']), true);
});

t.test(
  'what had not left when it was cut in the same turn counts as lost, not as sent',
  needsFastPath('one-write'),
  async (t) => {
    const { server } = await joinPeers(t);
    server.send('x'.repeat(10_000));
    server.send(Buffer.alloc(5000));
    server.terminate();
    t.equal(server.bufferedAmount, 10_004 + 5004);
    await server.closed;
    t.equal(server.bufferedAmount, 10_004 + 5004);
    t.equal(server.counters.bytesSent, 0);
  },
);

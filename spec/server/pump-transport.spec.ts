import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import { createServer } from 'barewire/server';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { PumpTransport } from '../../lib/server/pump-transport.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

function setUp() {
  const [ours, theirs] = duplexPair();
  theirs.on('error', () => undefined);
  const settings = {
    wheel: new TimerWheel(new FakeTime()),
    writeTimeoutMs: 1e4,
    maxBufferedBytes: 10,
  };
  const old = { receive: fail, receiveEnd: fail, drained: fail, closed: fail };
  const pump = new SocketPump(ours, old, settings);
  pump.start();
  const transport = new PumpTransport(pump);
  const seen: string[] = [];
  const sink = {
    data: (bytes: Buffer) => void seen.push(bytes.toString()),
    end: () => void seen.push('<end>'),
    drain: () => void seen.push('<drain>'),
    closed: (error: Error | undefined) => void seen.push(`<closed ${error?.message ?? ''}>`),
  };
  return { pump, transport, theirs, seen, sink };
}

function fail(): never {
  throw new Error('the old sink hears nothing');
}

t.test('carries bytes both ways, in order', async (t) => {
  const { transport, theirs, seen, sink } = setUp();
  t.equal(transport.ownsBytes, true, 'what was read may be overwritten');
  transport.start(sink);
  theirs.write('in');
  await eventually(() => seen.length === 1);
  transport.write(Buffer.from('a'), true);
  transport.write(Buffer.from('b'), true);
  t.equal(transport.write(Buffer.from('c'), false), false, 'a stream may keep what it is given');
  t.equal(String(theirs.read()), 'abc');
  theirs.end();
  await eventually(() => seen.length === 2);
  transport.end();
  await eventually(() => seen.length === 3);
  t.same(seen, ['in', '<end>', '<closed >']);
});

t.test('answers for the sockets of Node, and for no other stream', (t) => {
  const settings = {
    wheel: new TimerWheel(new FakeTime()),
    writeTimeoutMs: 1e4,
    maxBufferedBytes: 10,
  };
  const sink = { receive: fail, receiveEnd: fail, drained: fail, closed: fail };
  const heir = new (class extends Socket {})();
  for (const [stream, isSafe] of [
    [new Socket(), true],
    [new TLSSocket(new Socket()), true],
    [new (class extends TLSSocket {})(new Socket()), false],
    [heir, false],
    [new PassThrough(), false],
  ] as const) {
    t.equal(new PumpTransport(new SocketPump(stream, sink, settings)).neverThrows, isSafe);
  }
  t.end();
});

t.test('has no bound of its own, and tells congestion', async (t) => {
  const { transport, theirs, seen, sink } = setUp();
  transport.start(sink);
  transport.write(Buffer.alloc(100_000), false);
  transport.write(Buffer.alloc(100_000), false);
  t.equal(transport.isCongested, true);
  t.equal(transport.bufferedBytes, 200_000);
  theirs.resume();
  await eventually(() => seen.includes('<drain>'));
  t.equal(transport.isCongested, false);
});

t.test('pauses and resumes', async (t) => {
  const { transport, theirs, seen, sink } = setUp();
  transport.pause();
  transport.start(sink);
  theirs.write('later');
  await new Promise((next) => setImmediate(next));
  t.same(seen, []);
  transport.resume();
  await eventually(() => seen.length === 1);
  t.same(seen, ['later']);
});

t.test('tells once that it is gone, also when it was gone before it began', async (t) => {
  const late = setUp();
  late.pump.cut('cut');
  late.transport.start(late.sink);
  await eventually(() => late.seen.length > 0);
  await new Promise((next) => setImmediate(next));
  t.same(late.seen, ['<closed >']);
  const cut = setUp();
  cut.transport.start(cut.sink);
  cut.transport.destroy();
  cut.transport.destroy();
  await eventually(() => cut.seen.length > 0);
  t.same(cut.seen, ['<closed >']);
});

t.test('tells of an end that came before it began', async (t) => {
  const [ours, theirs] = duplexPair();
  const settings = {
    wheel: new TimerWheel(new FakeTime()),
    writeTimeoutMs: 1e4,
    maxBufferedBytes: 10,
  };
  const old = { receive: fail, receiveEnd: () => undefined, drained: fail, closed: fail };
  const pump = new SocketPump(ours, old, settings);
  pump.start();
  theirs.end();
  await eventually(() => pump.hasPeerEnded);
  const seen: string[] = [];
  const note = (word: string) => () => void seen.push(word);
  const sink = { data: fail, end: note('end'), drain: fail, closed: note('closed') };
  new PumpTransport(pump).start(sink);
  t.same(seen, [], 'not within the call');
  await eventually(() => seen.length > 0);
  t.same(seen, ['end']);
});

for (const end of ['cut', 'reset', 'said'] as const) {
  t.test(`what never left counts when all is over: ${end}`, async (t) => {
    const { pump, transport, theirs, seen, sink } = setUp();
    transport.start(sink);
    transport.write(Buffer.alloc(100_000), false);
    transport.write(Buffer.alloc(100_000), false);
    if (end === 'said') {
      theirs.resume();
      theirs.end();
      transport.end();
    } else if (end === 'cut') {
      transport.destroy();
    } else {
      pump.socket.destroy(new Error('reset'));
    }
    await eventually(() => seen.at(-1)?.startsWith('<closed') === true);
    t.equal(transport.bufferedBytes, end === 'said' ? 0 : 200_000);
  });
}

for (const directWrites of [true, false]) {
  t.test(`so it does on a socket whose peer resets: ${directWrites}`, async (t) => {
    let peer: WebSocketPeer | undefined;
    const server = createServer({
      directWrites,
      websocket: {
        deflate: false,
        open: (opened) => {
          peer = opened;
        },
      },
    });
    const { port } = await server.listen(0, '127.0.0.1');
    t.teardown(() => server.close({ deadlineMs: 0 }));
    const client = await connectWebSocket(`ws://127.0.0.1:${port}`, { deflate: false });
    await eventually(() => peer !== undefined);
    client.pause();
    for (let sends = 0; sends < 3; sends += 1) peer!.send(Buffer.alloc(4_000_000));
    const leftAtOnce = 12_000_030 - peer!.bufferedAmount;
    client.terminate();
    await peer!.closed;
    t.ok(peer!.bufferedAmount > 1_000_000, `${leftAtOnce} bytes left at once`);
    peer!.terminate();
    t.equal(peer!.counters.bytesSent, 12_000_030);
    await server.close();
  });
}

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { lendReadMemory } from 'barewire/codec';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import type { PumpSink, TransportEnd } from '../../lib/server/pump-sink.ts';
import { shareReads } from '../../lib/server/shared-read.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { turn } from '../support/interleavings.ts';
import { duplexPair, eventually, listen, RawClient } from '../support/sockets.ts';

/** A sink that writes down what it is told. */
class Log implements PumpSink {
  readonly seen: string[] = [];
  onReceive: (bytes: Buffer) => void = () => undefined;
  end: TransportEnd | undefined;

  receive(bytes: Buffer): void {
    this.seen.push(bytes.toString());
    this.onReceive(bytes);
  }
  receiveEnd(): void {
    this.seen.push('<end>');
  }
  drained(): void {
    this.seen.push('<drained>');
  }
  closed(end: TransportEnd): void {
    this.seen.push(`<closed: ${end}>`);
    this.end = end;
  }
}

interface Setup {
  time: FakeTime;
  log: Log;
  pump: SocketPump;
  peer: Duplex;
  received: () => string;
  writes: () => number;
}

function setUp(options: { maxBufferedBytes?: number; writeTimeoutMs?: number } = {}): Setup {
  const time = new FakeTime();
  const log = new Log();
  const [socket, peer] = duplexPair();
  const pump = new SocketPump(socket, log, {
    wheel: new TimerWheel(time),
    writeTimeoutMs: options.writeTimeoutMs ?? 30_000,
    maxBufferedBytes: options.maxBufferedBytes ?? 1 << 20,
  });
  let wire = '';
  peer.on('error', () => undefined);
  let writes = 0;
  const write = socket.write.bind(socket) as (chunk: Uint8Array, done?: () => void) => boolean;
  socket.write = ((chunk: Uint8Array, done?: () => void) => {
    writes += 1;
    return done === undefined ? write(chunk) : write(chunk, done);
  }) as typeof socket.write;
  pump.start();
  return {
    time,
    log,
    pump,
    peer,
    received: () => {
      for (let chunk = peer.read(); chunk !== null; chunk = peer.read()) wire += String(chunk);
      return wire;
    },
    writes: () => writes,
  };
}

t.test('writes once for everything that one read causes', async (t) => {
  const { pump, log, peer, received, writes } = setUp();
  log.onReceive = () => {
    pump.writeText('one ', 'latin1');
    pump.write(Buffer.from('two '));
    pump.writeText('thrée', 'utf8');
  };
  peer.write('go');
  await eventually(() => received() === 'one two thrée');
  t.equal(writes(), 1);
});

t.test('writes once for everything that one tick causes, its microtasks included', async (t) => {
  const { pump, received, writes } = setUp();
  pump.writeText('a', 'latin1');
  await Promise.resolve().then(() => pump.writeText('b', 'latin1'));
  await Promise.resolve();
  pump.writeText('c', 'latin1');
  await eventually(() => received() === 'abc');
  t.ok(writes() <= 2, `${writes()} writes`);
});

t.test('writes at once when asked, behind what waits', async (t) => {
  const { pump, received } = setUp();
  pump.writeText('1', 'latin1');
  t.equal(pump.writeNow(Buffer.from('2')), false, 'the bytes are still needed');
  t.equal(received(), '12');
  pump.writeNow(Buffer.from('3'));
  t.equal(received(), '123');
});

t.test('says when output is congested and when it is not any more', async (t) => {
  const { pump, log, received } = setUp();
  t.equal(pump.isCongested, false);
  pump.write(Buffer.alloc(200_000, 'x'));
  t.equal(pump.isCongested, true);
  t.equal(pump.bufferedBytes, 200_000);
  await eventually(() => received().length === 200_000);
  await eventually(() => log.seen.includes('<drained>'));
  t.equal(pump.isCongested, false);
  t.same(log.seen, ['<drained>'], 'once');
});

t.test('cuts a peer for which too much is piled up', async (t) => {
  const { pump, log } = setUp({ maxBufferedBytes: 100_000 });
  pump.write(Buffer.alloc(300_000));
  t.equal(pump.isGone, false, 'one write may be larger');
  t.equal(pump.admits(), false);
  t.equal(pump.isGone, true);
  await eventually(() => log.end !== undefined);
  t.equal(log.end, 'slow-consumer');
  t.equal(pump.bufferedBytes <= 300_000, true);
});

t.test('cuts a peer that takes nothing within the write timeout', async (t) => {
  const { pump, log, time } = setUp({ writeTimeoutMs: 30_000 });
  pump.write(Buffer.alloc(200_000));
  pump.flush();
  time.advance(29_999);
  t.equal(pump.isGone, false);
  time.advance(1_000);
  t.equal(pump.isGone, true);
  await eventually(() => log.end !== undefined);
  t.equal(log.end, 'write-timeout');
});

t.test('cuts a peer that takes a byte a second', async (t) => {
  const { pump, log, time, peer } = setUp({ writeTimeoutMs: 30_000 });
  pump.write(Buffer.alloc(400_000));
  pump.flush();
  peer.read(20_000);
  for (let second = 0; second < 31; second += 1) {
    peer.read(1);
    time.advance(1_000);
    await turn();
  }
  await eventually(() => log.end !== undefined);
  t.equal(log.end, 'write-timeout');
});

t.test('bears with a slow peer that takes a portion in time', async (t) => {
  const { pump, log, time, received } = setUp({ writeTimeoutMs: 30_000 });
  pump.write(Buffer.alloc(600_000, 'x'));
  pump.flush();
  for (let portion = 0; portion < 5; portion += 1) {
    time.advance(29_000);
    const before = received().length;
    await eventually(() => received().length >= Math.min(600_000, before + 131_072));
  }
  t.equal(log.end, undefined);
  t.equal(received().length, 600_000);
  time.advance(120_000);
  t.equal(pump.isGone, false, 'and nothing is due afterwards');
});

t.test('gives later output its own time when the earlier one has left', async (t) => {
  const { pump, log, time, peer } = setUp({ writeTimeoutMs: 30_000 });
  pump.write(Buffer.alloc(20_000));
  pump.flush();
  pump.write(Buffer.alloc(20_000));
  pump.flush();
  time.advance(20_000);
  pump.write(Buffer.alloc(2_000));
  pump.flush();
  peer.read(40_000);
  await turn();
  time.advance(15_000);
  t.equal(log.end, undefined, 'the deadline of what has left is over');
});

t.test('calls back when everything has left', async (t) => {
  const { pump, peer } = setUp();
  const seen: string[] = [];
  pump.writeText('a', 'latin1');
  pump.whenFlushed(() => seen.push('small'));
  await eventually(() => seen.length === 1);
  pump.write(Buffer.alloc(200_000));
  pump.whenFlushed(() => seen.push('large'));
  await turn();
  t.same(seen, ['small']);
  peer.resume();
  await eventually(() => seen.length === 2);
  pump.cut('cut');
  pump.whenFlushed(() => seen.push('gone'));
  t.same(seen, ['small', 'large', 'gone']);
});

t.test('calls back when the transport goes before everything has left', async (t) => {
  const { pump } = setUp();
  let isDone = false;
  pump.write(Buffer.alloc(400_000));
  pump.whenFlushed(() => {
    isDone = true;
  });
  await turn();
  t.equal(isDone, false);
  pump.cut('cut');
  await eventually(() => isDone);
});

t.test('ends our side after everything has left, and takes nothing more', async (t) => {
  const { pump, peer, log } = setUp();
  let length = 0;
  let isEnded = false;
  pump.write(Buffer.alloc(200_000));
  pump.end();
  pump.writeText('too late', 'latin1');
  peer.on('data', (bytes: Buffer) => {
    length += bytes.length;
  });
  peer.on('end', () => {
    isEnded = true;
    peer.end();
  });
  await eventually(() => isEnded && log.end !== undefined);
  t.equal(length, 200_000);
  t.same(log.seen.slice(-2), ['<end>', '<closed: ended>']);
});

t.test('tells the end of the peer, and why the transport is gone', async (t) => {
  const ended = setUp();
  ended.peer.end();
  await eventually(() => ended.pump.hasPeerEnded);
  ended.pump.socket.destroy();
  await eventually(() => ended.log.end !== undefined);
  t.equal(ended.log.end, 'peer-ended');

  const reset = setUp();
  reset.pump.socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  await eventually(() => reset.log.end !== undefined);
  t.equal(reset.log.end, 'reset');
  reset.pump.writeText('nobody hears', 'latin1');
  reset.pump.flush();
  reset.pump.cut('cut');
  t.same(reset.log.seen, ['<closed: reset>'], 'and only once');
});

t.test('stops and goes on reading', async (t) => {
  const { pump, peer, log } = setUp();
  pump.pause();
  peer.write('later');
  await turn();
  t.same(log.seen, []);
  pump.resume();
  await eventually(() => log.seen.length === 1);
  t.same(log.seen, ['later']);
});

t.test('releases a socket that flows like a new one, everything written before', async (t) => {
  const { pump, peer, log, received } = setUp();
  pump.writeText('before ', 'latin1');
  const socket = pump.release();
  peer.write('raw');
  await turn();
  t.same(log.seen, [], 'the sink hears no more');
  const raw: string[] = [];
  socket.on('data', (bytes: Buffer) => raw.push(bytes.toString()));
  await eventually(() => raw.length === 1);
  socket.write('after');
  await eventually(() => received() === 'before after');
  t.equal(socket.listenerCount('error'), 1, 'an error of nobody does not end the process');
  socket.destroy(new Error('nobody listens'));
  await turn();
  t.same(log.seen, []);
});

t.test(
  'reuses its memory on a plain socket only when the kernel has taken the bytes',
  async (t) => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket));
    const client = new RawClient(await listen(server));
    await eventually(() => sockets.length === 1);
    const log = new Log();
    const wheel = new TimerWheel(new FakeTime());
    const settings = { wheel, writeTimeoutMs: 1_000, maxBufferedBytes: 1 << 30 };
    const pump = new SocketPump(sockets[0]!, log, settings);
    pump.start();
    t.equal(pump.writeNow(Buffer.from('small')), true);
    client.socket.pause();
    for (let round = 0; round < 200; round += 1) pump.writeNow(Buffer.alloc(100_000));
    t.equal(pump.writeNow(Buffer.from('small')), false);
    pump.writeText('text in the slab', 'latin1');
    pump.flush();
    t.ok(pump.bufferedBytes > 0);
    client.socket.resume();
    await client.untilLength(10 + 200 * 100_000 + 16);
    t.match(client.text, /text in the slab$/);
    client.close();
    pump.cut('cut');
    await eventually(() => log.end !== undefined);
    server.close();
  },
);

t.test('is closed by a cut in the moment in which its end is on the way', async (t) => {
  const seen: Log[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const log = new Log();
    const pump = new SocketPump(socket, log, {
      wheel: new TimerWheel(new FakeTime()),
      writeTimeoutMs: 30_000,
      maxBufferedBytes: 1 << 20,
    });
    pump.start();
    pump.endIsMeaningful = true;
    pump.writeText('all of it', 'latin1');
    pump.end();
    queueMicrotask(() => {
      seen.push(log);
      pump.cut('write-timeout');
    });
  });
  const client = new RawClient(await listen(server));
  t.equal(await client.ended(), 'all of it');
  await eventually(() => seen[0]?.end !== undefined);
  t.equal(seen[0]?.end, 'write-timeout');
  client.close();
  await new Promise((done) => server.close(done));
});

t.test('knows why it is over, and does nothing then', async (t) => {
  const { pump, log } = setUp();
  t.equal(pump.cause, undefined);
  pump.cut('read-timeout');
  pump.cut('cut');
  t.equal(pump.cause, 'read-timeout', 'the first reason counts');
  const flowing = pump.socket.readableFlowing;
  pump.resume();
  pump.received(Buffer.from('late'));
  pump.peerEnded();
  t.equal(pump.socket.readableFlowing, flowing);
  t.equal(pump.hasPeerEnded, true);
  await eventually(() => log.end !== undefined);
  t.same(log.seen, ['<closed: read-timeout>']);
});

t.test(
  'what waits and is transferred elsewhere ends its own connection, and throws nowhere',
  async (t) => {
    for (const isReleased of [false, true]) {
      const { pump, log } = setUp();
      const bytes = new Uint8Array(600_000);
      pump.write(bytes);
      pump.flush();
      t.ok(pump.bufferedBytes > 0, 'a part of it waits');
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      pump.socket.on('error', () => undefined);
      if (isReleased) {
        pump.release();
        t.match(pump.socket.errored, { code: 'payload-gone' });
        continue;
      }
      pump.flushAfter('drain');
      t.doesNotThrow(() => pump.writeNow(Buffer.from('more')));
      await eventually(() => log.end !== undefined);
      t.equal(log.end, 'cut');
      t.match(pump.error, { code: 'payload-gone' });
      t.equal(pump.hasLostOutput, true);
    }
  },
);

t.test('what was transferred makes no answer seem whole that only its end delimits', async (t) => {
  const { client, log, pump, close } = await shared(true);
  const socket = pump.socket as Socket;
  let resets = 0;
  const reset = socket.resetAndDestroy.bind(socket);
  socket.resetAndDestroy = () => {
    resets += 1;
    return reset();
  };
  pump.endIsMeaningful = true;
  pump.writeNow(Buffer.from('the first part'));
  await client.until('part');
  const bytes = new Uint8Array(9000);
  pump.write(Buffer.alloc(5000, 'a'));
  pump.write(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  pump.flush();
  t.equal(resets, 1);
  t.equal(pump.lostBytes, 9000, 'what stood before it was handed over');
  await eventually(() => log.end !== undefined);
  t.match(pump.error, { code: 'payload-gone' });
  client.close();
  close();
});

t.test('has lost what the socket had not given away when it fails', async (t) => {
  for (const waits of [true, false]) {
    const { pump, log } = setUp();
    if (waits) pump.write(Buffer.alloc(400_000));
    pump.flush();
    pump.socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await eventually(() => log.end !== undefined);
    t.equal(pump.hasLostOutput, waits);
    t.equal(log.end, 'reset');
  }
});

t.test(
  'resets what only an end would tell to be whole, and destroys what cannot be reset',
  async (t) => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket));
    const port = await listen(server);
    for (const [endIsMeaningful, cause, error] of [
      [true, 'cut', 'ECONNRESET'],
      [true, 'ended', undefined],
      [false, 'cut', undefined],
    ] as const) {
      const client = new RawClient(port);
      const socket = ((await once(server, 'connection')) as [Socket])[0];
      const log = new Log();
      const wheel = new TimerWheel(new FakeTime());
      const settings = { wheel, writeTimeoutMs: 1_000, maxBufferedBytes: 1 << 20 };
      const pump = new SocketPump(socket, log, settings);
      pump.start();
      pump.endIsMeaningful = endIsMeaningful;
      pump.writeNow(Buffer.from('half'));
      await client.until('half');
      pump.cut(cause);
      await client.ended();
      t.equal((client.error as NodeJS.ErrnoException | undefined)?.code, error, cause);
      client.close();
    }
    server.close();
  },
);

/** A socket that reads into the shared buffer, in the hands of a pump. */
async function shared(directWrites: boolean) {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const accepted = once(server, 'connection');
  const client = new RawClient(await listen(server));
  const socket = shareReads(((await accepted) as [Socket])[0], onSharedRead)!;
  const log = new Log();
  const wheel = new TimerWheel(new FakeTime());
  const settings = { wheel, writeTimeoutMs: 1_000, maxBufferedBytes: 1 << 20, directWrites };
  const pump = new SocketPump(socket, log, settings, true);
  pump.start();
  return { client, log, pump, close: () => server.close() };
}

for (const directWrites of [true, false]) {
  const how = directWrites ? 'past its stream' : 'through its stream';
  t.test(`moves bytes without 'data', and writes ${how}`, async (t) => {
    const { client, log, pump, close } = await shared(directWrites);
    t.equal(pump.socket.listenerCount('data'), 0);
    client.send('one');
    await eventually(() => log.seen.length === 1);
    pump.pause();
    client.send('two');
    for (let count = 0; count < 10; count += 1) await turn();
    t.same(log.seen, ['one']);
    pump.resume();
    await eventually(() => log.seen.length === 2);
    t.same(log.seen, ['one', 'two']);
    t.equal(pump.writeNow(Buffer.from('answer')), true);
    await client.until('answer');
    client.close();
    await eventually(() => log.end !== undefined || pump.hasPeerEnded);
    pump.cut('cut');
    close();
  });
}

for (const directWrites of [true, false]) {
  const how = directWrites ? 'past its stream' : 'through its stream';
  t.test(`resets an answer that had not left when it ended, written ${how}`, async (t) => {
    const { client, log, pump, close } = await shared(directWrites);
    const socket = pump.socket as Socket;
    client.socket.pause();
    pump.endIsMeaningful = true;
    while (pump.bufferedBytes === 0) {
      pump.write(Buffer.alloc(512 * 1024));
      pump.flush();
      await turn();
    }
    let flushes = 0;
    pump.end();
    pump.whenFlushed(() => {
      flushes += 1;
    });
    await turn();
    t.equal(flushes, 0);
    let resets = 0;
    const reset = socket.resetAndDestroy.bind(socket);
    socket.resetAndDestroy = () => {
      resets += 1;
      return reset();
    };
    pump.cut('write-timeout');
    t.equal(resets, 1, 'an end would say that it is whole');
    t.equal(flushes, 1);
    await eventually(() => log.end !== undefined);
    t.equal(log.end, 'write-timeout');
    client.close();
    close();
  });
}

t.test('pauses again before what waits in the stream has come', async (t) => {
  const { client, log, pump, close } = await shared(true);
  pump.pause();
  // As TLS does, whose last read goes on for a moment.
  for (const text of ['one', 'two']) {
    lendReadMemory().write(text);
    onSharedRead.call(pump.socket, 3);
  }
  for (let again = 0; again < 3; again += 1) {
    pump.resume();
    pump.pause();
    for (let count = 0; count < 10; count += 1) await turn();
    t.same(log.seen, [], 'nothing comes while it is paused');
  }
  pump.resume();
  client.send(' and three');
  await eventually(() => log.seen.join('') === 'onetwo and three');
  pump.cut('cut');
  client.close();
  close();
});

t.test('a released socket of the shared buffer is read as any other', async (t) => {
  const { client, log, pump, close } = await shared(true);
  pump.writeText('before ', 'latin1');
  const socket = pump.release();
  const raw: string[] = [];
  socket.on('readable', () => {
    for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) raw.push(String(bytes));
  });
  client.send('raw');
  await eventually(() => raw.length === 1);
  socket.end('after');
  t.equal(await client.ended(), 'before after');
  t.same([raw, log.seen], [['raw'], []]);
  client.close();
  close();
});

t.test('asks after a peer that is not read, and no more once it is', (t) => {
  const { time, pump } = setUp();
  // Only sockets are asked: this one counts how often it would be.
  pump.pause();
  pump.pause();
  time.advance(10_000);
  pump.resume();
  t.equal(pump.socket.isPaused(), false);
  pump.cut('cut');
  pump.pause();
  t.equal(pump.isGone, true);
  t.end();
});

t.test('a listener that is called behind the release finds no pump', async (t) => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const log = new Log();
  const wheel = new TimerWheel(new FakeTime());
  const pump = new SocketPump(stream, log, { wheel, writeTimeoutMs: 1, maxBufferedBytes: 1 });
  pump.start();
  for (const event of ['data', 'end', 'drain', 'close']) {
    t.equal(stream.listenerCount(event) > 0, true, event);
  }
  const handlers = ['data', 'end', 'drain', 'close', 'error'].map(
    (event) => stream.listeners(event).at(-1) as (argument?: unknown) => void,
  );
  t.equal(pump.release(), stream);
  for (const handler of handlers) handler.call(stream, Buffer.from('late'));
  t.same(log.seen, []);
  stream.destroy();
});

t.test('is over for the first reason, and with the first error', async (t) => {
  const [first, second] = [new Error('first'), new Error('second')];
  const { pump, log } = setUp();
  pump.failed(first);
  pump.failed(second);
  t.equal(pump.error, first);
  pump.cut('cut');
  t.equal(pump.cause, 'reset');
  await eventually(() => log.end !== undefined);
  t.strictSame([log.end, pump.cause, pump.error], ['reset', 'reset', first]);
  const other = setUp();
  other.pump.cut('slow-consumer');
  other.pump.failed(first);
  await eventually(() => other.log.end !== undefined);
  t.strictSame([other.log.end, other.pump.error], ['slow-consumer', first]);
});

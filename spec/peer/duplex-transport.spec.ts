import { Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { DuplexTransport, type Tickable, type TransportSink, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { joinPeers } from '../support/joined-peers.ts';

function recorder(): TransportSink & { log: unknown[] } {
  const log: unknown[] = [];
  return {
    log,
    data: (bytes) => log.push(bytes.toString()),
    end: () => log.push('end'),
    drain: () => log.push('drain'),
    closed: (error) => log.push(['closed', error?.message]),
  };
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

t.test('delivers data, the end and the close of the stream', async (t) => {
  const stream = new PassThrough();
  const sink = recorder();
  new DuplexTransport(stream).start(sink);
  stream.end('bytes');
  await settled();
  t.strictSame(sink.log, ['bytes', 'end', ['closed', undefined]]);
});

t.test(
  'keeps an error for the report, whenever it comes, and never leaves it unhandled',
  async (t) => {
    const stream = new PassThrough();
    const transport = new DuplexTransport(stream);
    const sink = recorder();
    transport.start(sink);
    stream.destroy(new Error('ECONNRESET'));
    await settled();
    t.strictSame(sink.log, [['closed', 'ECONNRESET']]);
    stream.emit('error', new Error('late'));
    transport.destroy();
    transport.end();
    t.equal(transport.write(Buffer.from('x'), false), true);
  },
);

t.test('reports a stream that fails, once, whether or not it closes then', async (t) => {
  for (const autoDestroy of [true, false]) {
    for (const emitClose of [true, false]) {
      const stream = new Duplex({ autoDestroy, emitClose, read: () => {} });
      const sink = recorder();
      new DuplexTransport(stream).start(sink);
      if (autoDestroy) stream.destroy(new Error('gone'));
      else stream.emit('error', new Error('gone'));
      for (let turn = 0; turn < 3; turn += 1) await settled();
      t.strictSame(sink.log, [['closed', 'gone']]);
      t.equal(stream.destroyed, true);
    }
  }
});

t.test('reports a stream that was gone before the start', async (t) => {
  const stream = new PassThrough();
  stream.destroy();
  await settled();
  const sink = recorder();
  new DuplexTransport(stream).start(sink);
  await settled();
  t.strictSame(sink.log, [['closed', undefined]]);
});

t.test('ends our side when it is told to, not when the other side has ended', async (t) => {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => {},
    write: (_a, _b, done) => done(),
  });
  const sink = recorder();
  const transport = new DuplexTransport(stream);
  transport.start(sink);
  stream.push(null);
  await settled();
  t.strictSame(sink.log, ['end']);
  t.equal(stream.writable, true);
  transport.end();
  await settled();
  t.strictSame(sink.log, ['end', ['closed', undefined]]);
});

t.test('delivers nothing while paused', async (t) => {
  const stream = new PassThrough();
  const transport = new DuplexTransport(stream);
  transport.pause();
  const sink = recorder();
  transport.start(sink);
  stream.write('waits');
  await settled();
  t.strictSame(sink.log, []);
  transport.resume();
  await settled();
  t.strictSame(sink.log, ['waits']);
});

t.test(
  'holds writes of one turn together, and never says that a foreign stream let go',
  async (t) => {
    const batches: number[] = [];
    const stream = new Duplex({
      read() {},
      writev(chunks, done) {
        batches.push(chunks.length);
        done();
      },
    });
    const transport = new DuplexTransport(stream);
    t.equal(transport.write(Buffer.from('a'), true), false);
    t.equal(transport.write(Buffer.from('b'), true), false);
    t.equal(transport.write(Buffer.from('c'), false), false);
    t.strictSame(batches, [3]);
  },
);

t.test('does not take the word of a socket that writes in its own way', (t) => {
  const kept: Buffer[] = [];
  class Keeper extends Socket {
    override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
      kept.push(chunk);
      done();
    }
  }
  const transport = new DuplexTransport(new Keeper());
  t.equal(transport.write(Buffer.from('kept'), false), false);
  t.equal(transport.bufferedBytes, 0);
  t.same(kept.map(String), ['kept']);
  transport.destroy();
  t.end();
});

t.test('counts what waits, and says when it is congested and when no longer', async (t) => {
  let proceed: () => void = () => {};
  const stream = new Duplex({
    read() {},
    writableHighWaterMark: 4,
    write(_chunk, _encoding, done) {
      proceed = done;
    },
  });
  const transport = new DuplexTransport(stream);
  const sink = recorder();
  transport.start(sink);
  transport.write(Buffer.from('abcdef'), false);
  t.equal(transport.bufferedBytes, 6);
  t.equal(transport.isCongested, true);
  proceed();
  await settled();
  t.equal(transport.isCongested, false);
  t.strictSame(sink.log, ['drain']);
});

t.test('reports an end that was read before the start', async (t) => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  stream.push(null);
  stream.resume();
  await settled();
  t.equal(stream.readableEnded, true);
  const sink = recorder();
  new DuplexTransport(stream).start(sink);
  await settled();
  t.strictSame(sink.log, ['end']);
  stream.destroy();
});

t.test('says that bytes have left where the kernel has them, and never of TLS', async (t) => {
  for (const tls of [false, true]) {
    const { sockets } = await joinPeers(t, { tls });
    const [near] = sockets as [Socket];
    const transport = new DuplexTransport(near);
    t.equal(transport.write(Buffer.from('small'), false), !tls, `TLS: ${tls}`);
    t.equal(transport.write(Buffer.from('more follows'), true), false, 'held back for the next');
    t.equal(transport.write(Buffer.from('small'), false), !tls);
    const chunk = Buffer.alloc(1024 * 1024);
    let writes = 0;
    while (transport.write(chunk, false) && writes < 100) writes += 1;
    t.ok(transport.bufferedBytes > 0, 'the kernel takes no more');
    t.equal(transport.write(Buffer.from('small'), false), false, 'and the stream keeps it');
  }
});

t.test('ends once, behind what was written, and writes nothing after it', async (t) => {
  const stream = new PassThrough();
  const transport = new DuplexTransport(stream);
  const sink = recorder();
  transport.start(sink);
  transport.write(Buffer.from('last'), false);
  transport.end();
  transport.end();
  t.equal(transport.write(Buffer.from('late'), false), true, 'its memory is free again');
  await settled();
  t.strictSame(sink.log, ['last', 'end', ['closed', undefined]]);
});

const PORTION = 64 * 1024;

/** A stream that takes what it is given only when it is told to, and shows what that was. */
class Gate extends Duplex {
  readonly taken: Buffer[] = [];
  #proceed: (() => void) | undefined;

  constructor(writableHighWaterMark = 16 * 1024) {
    super({ writableHighWaterMark, read() {} });
  }

  override _writev(
    chunks: { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#proceed = () => {
      this.taken.push(bytes);
      done();
    };
  }

  /** Takes what is on its way; false when nothing is. */
  async open(): Promise<boolean> {
    const proceed = this.#proceed;
    this.#proceed = undefined;
    proceed?.();
    await settled();
    return proceed !== undefined;
  }
}

t.test(
  'shows how much has left while a large write leaves, at every high-water mark',
  async (t) => {
    for (const highWaterMark of [1, 16 * 1024, PORTION, 4 * 1024 * 1024]) {
      const stream = new Gate(highWaterMark);
      const transport = new DuplexTransport(stream);
      const sink = recorder();
      transport.start(sink);
      const bytes = Buffer.alloc(1024 * 1024, 'abc');
      transport.write(bytes, false);
      transport.end();
      let left = transport.bufferedBytes;
      t.equal(left, bytes.length);
      while (await stream.open()) {
        const gone = left - transport.bufferedBytes;
        t.ok(gone > 0 && gone < 2 * PORTION, `${gone} bytes at once`);
        left -= gone;
      }
      t.equal(left, 0);
      t.ok(Buffer.concat(stream.taken).equals(bytes), 'all of it, in order');
      t.equal(stream.writableFinished, true, 'the end comes behind it');
    }
  },
);

t.test('what is small and many leaves portion by portion too, in order', async (t) => {
  const stream = new Gate();
  const transport = new DuplexTransport(stream);
  transport.start(recorder());
  const all: Buffer[] = [];
  for (let index = 0; index < 3000; index += 1) {
    all.push(Buffer.alloc(index % 7 === 0 ? 5000 : 100, index));
    transport.write(all[index]!, index % 3 === 0);
  }
  while (await stream.open()) t.equal(transport.bufferedBytes, stream.writableLength + rest());
  function rest(): number {
    const given = stream.taken.reduce((sum, { length }) => sum + length, 0);
    return Buffer.concat(all).length - given - stream.writableLength;
  }
  t.ok(Buffer.concat(stream.taken).equals(Buffer.concat(all)), 'all of it, in order');
  for (const { length } of stream.taken) t.ok(length < 3 * PORTION);
});

t.test('says when there is room again, once, and only to who was told to wait', async (t) => {
  const stream = new Gate(2 * PORTION);
  const transport = new DuplexTransport(stream);
  const sink = recorder();
  transport.start(sink);
  transport.write(Buffer.alloc(PORTION + 1), false);
  t.equal(transport.isCongested, false);
  while (await stream.open()) t.strictSame(sink.log, [], 'nobody waits');
  transport.write(Buffer.alloc(5 * PORTION), false);
  t.equal(transport.isCongested, true);
  while (await stream.open());
  t.strictSame(sink.log, ['drain']);
});

t.test('forgets what waits when it is cut, or the stream fails', async (t) => {
  for (const how of ['destroy', 'error'] as const) {
    const stream = new Gate();
    const transport = new DuplexTransport(stream);
    const sink = recorder();
    transport.start(sink);
    transport.write(Buffer.alloc(10 * PORTION), false);
    if (how === 'destroy') transport.destroy();
    else stream.destroy(new Error('reset'));
    await settled();
    t.strictSame(sink.log, [['closed', how === 'destroy' ? undefined : 'reset']]);
    t.equal(transport.bufferedBytes, 10 * PORTION, 'so much never left');
    transport.end();
  }
});

t.test('a stream that throws when it has room again is as good as gone', async (t) => {
  const stream = new Gate();
  const transport = new DuplexTransport(stream);
  const sink = recorder();
  transport.start(sink);
  transport.write(Buffer.alloc(10 * PORTION), false);
  stream.write = () => {
    throw new Error('odd');
  };
  stream.destroy = () => {
    throw new Error('very odd');
  };
  await stream.open();
  await settled();
  t.strictSame(sink.log, [['closed', 'odd']]);
});

t.test('a peer waits at its close for a slow reader of one large message', async (t) => {
  const stream = new Gate();
  const time = { nowMs: 0, members: new Set<Tickable>() };
  const ticker = {
    now: () => time.nowMs,
    add: (member: Tickable) => void time.members.add(member),
    delete: (member: Tickable) => void time.members.delete(member),
  };
  const peer = new WebSocketPeer(new DuplexTransport(stream), { role: 'server', ticker });
  const advance = (ms: number): void => {
    time.nowMs += ms;
    for (const member of time.members) member.tick(time.nowMs);
  };
  peer.attach({});
  peer.send(Buffer.alloc(1024 * 1024));
  void peer.close(1000);
  await settled();
  advance(1000);
  while (await stream.open()) {
    advance(9000);
    t.equal(stream.destroyed, false, `at ${time.nowMs} ms`);
  }
  const bytes = Buffer.concat(stream.taken);
  t.equal(bytes.length, 10 + 1024 * 1024 + 4);
  t.equal(bytes.readUInt16BE(bytes.length - 2), 1000);
  t.ok(time.nowMs > 60_000, 'far longer than one closeTimeoutMs');
  advance(10_000);
  t.equal(stream.destroyed, true, 'no answer');
});

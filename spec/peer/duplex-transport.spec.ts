import type { Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { DuplexTransport, type TransportSink } from 'barewire/peer';
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

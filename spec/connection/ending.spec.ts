/**
 * The end of a connection against a clock: each step of closing has its own time, and the report
 * says the same as the wire.
 */
import { ProtocolError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { Ending } from 'barewire/connection';
import { type DeflateJobDone, MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { type End, Pair } from '../support/connection-pair.ts';
import { DEFAULTS } from '../support/deflate-jobs.ts';

const LIMITS = { closeTimeoutMs: 3000, endTimeoutMs: 1000 };
const CLOSE_1000 = encodeFrame({ opcode: OPCODE.close, payload: Buffer.of(3, 232) });
const masked = (opcode: number, payload: string | Buffer): Buffer =>
  encodeFrame({ opcode, payload, maskingKey: 7 });

/** Lets time pass for one end; true when it has been cut. */
function isCutAfter(pair: Pair, end: End, ms: number): boolean {
  pair.clock.nowMs += ms;
  end.connection.tick(pair.clock.nowMs);
  return end.isAborted;
}

/** A codec that never finishes to compress. */
const stuck = (): MessageCodec =>
  Object.assign(new MessageCodec('server', DEFAULTS), {
    compress: (_payload: Uint8Array, _fin: boolean, _done: DeflateJobDone) => {},
  });

/** Everything that was written waits in the transport, which lets go of so many bytes. */
function take(end: End, bytes: number): void {
  end.heldBytes = Math.max(0, end.heldBytes - bytes);
}

/** A server whose compressor is done with a message when `finish` is called. */
function withSlowCompressor() {
  let finish = (): void => {};
  const deflate = Object.assign(new MessageCodec('server', DEFAULTS), {
    compress: (_payload: Uint8Array, _fin: boolean, done: DeflateJobDone) => {
      finish = () => done(undefined, Buffer.of(0));
    },
  });
  const pair = new Pair({ server: { ...LIMITS, deflate, compressThresholdBytes: 0 } });
  return { pair, server: pair.server, finish: () => finish() };
}

t.test('waits for a slow reader as long as it takes something', (t) => {
  const pair = new Pair({ server: LIMITS });
  const { server } = pair;
  server.connection.send('x'.repeat(10_000));
  server.heldBytes = 10_000;
  server.connection.close(1000);
  for (let second = 0; second < 10; second += 1) {
    t.equal(isCutAfter(pair, server, 2900), false, 'cut at its work');
    take(server, 1000);
  }
  t.equal(isCutAfter(pair, server, 0), false);
  t.equal(isCutAfter(pair, server, 2999), false, 'all has left: now it has its time to answer');
  t.equal(isCutAfter(pair, server, 1), true);
  server.connection.transportClosed();
  t.match(server.report, { sentCode: 1000, error: { code: 'close-timeout' } });
  t.end();
});

t.test('what leaves at once shows nothing about the peer, and gives it no more time', (t) => {
  const pair = new Pair({ server: LIMITS });
  const { server } = pair;
  server.connection.send('taken by the kernel');
  server.connection.close(1000);
  t.equal(isCutAfter(pair, server, 2999), false);
  t.equal(isCutAfter(pair, server, 1), true);
  t.end();
});

t.test('cuts a reader of a byte now and then when maxCloseMs have passed', (t) => {
  const pair = new Pair({ server: { ...LIMITS, maxCloseMs: 60_000 } });
  const { server } = pair;
  server.connection.send('x'.repeat(10_000));
  server.heldBytes = 10_000;
  server.connection.close(1000);
  let lastedMs = 0;
  for (; !isCutAfter(pair, server, 1000); lastedMs += 1000) take(server, 1);
  t.equal(lastedMs, 60_000 + 1000);
  server.connection.transportClosed();
  t.match(server.report, { error: { code: 'close-timeout' } });
  t.end();
});

t.test('lets a slow reader take the rest before the transport has to end', (t) => {
  const pair = new Pair({ server: LIMITS });
  const { server } = pair;
  server.connection.send('x'.repeat(10_000));
  server.heldBytes = 10_000;
  server.connection.receive(masked(OPCODE.close, Buffer.of(3, 232)));
  for (let step = 0; step < 10; step += 1) {
    t.equal(isCutAfter(pair, server, 900), false, 'cut at its work');
    take(server, 1000);
  }
  t.equal(isCutAfter(pair, server, 999), false);
  t.equal(isCutAfter(pair, server, 1000), true);
  t.end();
});

t.test('lets the peer finish the message that it is sending, as long as that grows', (t) => {
  const pair = new Pair({ server: { ...LIMITS, maxCloseMs: 20_000 } });
  const { server, client } = pair;
  const message = client.connection.startMessage('text');
  server.connection.close(1000);
  server.takeOutput();
  let lastedMs = 0;
  for (; !server.isAborted; lastedMs += 2000) {
    if (lastedMs < 10_000 || lastedMs >= 14_000) message.write('piece');
    for (const bytes of client.pipe.splice(0)) server.connection.receive(bytes);
    isCutAfter(pair, server, 2000);
  }
  t.equal(lastedMs, 14_000, 'it grew no more for two looks');
  server.connection.transportClosed();
  t.match(server.report, { error: { code: 'close-timeout' } });
  const endless = new Pair({ server: { ...LIMITS, maxCloseMs: 20_000 } });
  const trickle = endless.client.connection.startMessage('text');
  endless.server.connection.close(1000);
  for (lastedMs = 0; !endless.server.isAborted && lastedMs < 60_000; lastedMs += 1000) {
    trickle.write('x');
    for (const bytes of endless.client.pipe.splice(0)) endless.server.connection.receive(bytes);
    isCutAfter(endless, endless.server, 1000);
  }
  t.ok(lastedMs > 20_000 && lastedMs <= 23_000, `cut after ${lastedMs} ms`);
  t.end();
});

t.test('gives a peer that has broken a rule no more time, however it reads', (t) => {
  const pair = new Pair({ server: LIMITS });
  const { server } = pair;
  server.heldBytes = 10_000;
  server.connection.receive(Buffer.of(0x83, 0x80, 0, 0, 0, 0));
  t.equal(isCutAfter(pair, server, 999), false);
  take(server, 1000);
  t.equal(isCutAfter(pair, server, 1), true);
  t.end();
});

t.test('our own compressor may take its time, message by message', (t) => {
  const { pair, server, finish } = withSlowCompressor();
  for (const text of ['one', 'two', 'three']) server.connection.send(text);
  server.connection.close(1000);
  for (let message = 0; message < 3; message += 1) {
    t.equal(isCutAfter(pair, server, 2900), false);
    finish();
  }
  t.equal(server.connection.state, 'close-sent');
  t.end();
});

t.test('gives our frame its time to leave, and the answer a time of its own', (t) => {
  const { pair, server, finish } = withSlowCompressor();
  server.connection.send('behind the compressor');
  server.connection.close(1000);
  t.equal(isCutAfter(pair, server, 2999), false);
  finish();
  t.equal(server.connection.state, 'close-sent');
  t.equal(isCutAfter(pair, server, 2999), false);
  t.equal(isCutAfter(pair, server, 1), true);
  server.connection.transportClosed();
  t.match(server.report, { wasClean: false, sentCode: 1000, error: { code: 'close-timeout' } });
  t.end();
});

t.test('cuts a peer that never takes our frame, and nothing makes that clean later', (t) => {
  for (const isAnswer of [false, true]) {
    const deflate = stuck();
    const pair = new Pair({ server: { ...LIMITS, deflate, compressThresholdBytes: 0 } });
    const { server } = pair;
    server.connection.send('for ever');
    if (isAnswer) server.connection.receive(masked(OPCODE.close, Buffer.of(3, 232)));
    else server.connection.close(1000);
    t.equal(isCutAfter(pair, server, 2999), false);
    t.equal(isCutAfter(pair, server, 1), true);
    server.connection.receive(masked(OPCODE.close, Buffer.of(3, 232)));
    server.connection.transportClosed();
    t.match(server.report, {
      code: isAnswer ? 1000 : 1006,
      wasClean: false,
      sentCode: undefined,
      error: { code: 'close-timeout' },
    });
  }
  t.end();
});

t.test('cuts a transport that does not end, and calls that clean: all had been said', (t) => {
  for (const role of ['client', 'server'] as const) {
    const pair = new Pair({ [role]: LIMITS });
    const end = pair[role];
    end.connection.close(1000);
    t.equal(isCutAfter(pair, end, 2900), false);
    end.connection.receive(role === 'client' ? CLOSE_1000 : masked(8, Buffer.of(3, 232)));
    t.equal(end.connection.state, 'exchanged');
    t.equal(end.hasEnded, role === 'server', 'the server ends first [6455-7.1.1-2]');
    t.equal(isCutAfter(pair, end, 999), false);
    t.equal(isCutAfter(pair, end, 1), true);
    end.connection.transportClosed();
    t.match(end.report, { code: 1000, wasClean: true, closedBy: 'us' });
    t.equal(end.report?.error, undefined, 'not clean and overdue at once');
  }
  t.end();
});

t.test('cuts a transport that does not end after a failure, and keeps the reason', (t) => {
  const pair = new Pair({ server: LIMITS });
  pair.server.connection.receive(Buffer.of(0x83, 0x80, 0, 0, 0, 0));
  t.equal(pair.server.hasEnded, true);
  t.equal(isCutAfter(pair, pair.server, 999), false);
  t.equal(isCutAfter(pair, pair.server, 1), true);
  pair.server.connection.transportClosed();
  t.match(pair.server.report, { wasClean: false, error: { code: 'reserved-opcode' } });
  t.end();
});

t.test('cuts a transport that only the peer has ended, and says no more on it', (t) => {
  const pair = new Pair({ server: { ...LIMITS, pingIntervalMs: 100 } });
  const { server } = pair;
  server.connection.receiveEnd();
  t.equal(server.hasEnded, true);
  t.equal(server.connection.isOpen, false);
  t.equal(server.connection.send('x'), false);
  t.equal(server.connection.ping(), false);
  t.equal(isCutAfter(pair, server, 999), false);
  t.equal(server.takeOutput().length, 0);
  t.equal(isCutAfter(pair, server, 1), true);
  server.connection.transportClosed();
  t.match(server.report, { code: 1006, closedBy: 'transport', error: undefined });
  t.end();
});

t.test('answers a close frame behind what waits, though the peer has ended its side', (t) => {
  let finish: () => void = () => {};
  const compress = (_payload: Uint8Array, _fin: boolean, done: DeflateJobDone): void => {
    finish = () => done(undefined, Buffer.of(0));
  };
  for (const role of ['client', 'server'] as const) {
    const deflate = Object.assign(new MessageCodec(role, DEFAULTS), { compress });
    const pair = new Pair({ [role]: { deflate, compressThresholdBytes: 0 } });
    const end = pair[role];
    end.connection.send('still to be compressed');
    end.connection.receive(role === 'client' ? CLOSE_1000 : masked(8, Buffer.of(3, 232)));
    end.connection.receiveEnd();
    t.equal(end.hasEnded, false);
    finish();
    t.equal(end.hasEnded, true, 'nobody else will end it');
    end.connection.transportClosed();
    t.match(end.report, { code: 1000, sentCode: 1000, wasClean: true, closedBy: 'peer' });
  }
  t.end();
});

t.test('reads on for the close frame of the peer behind a pause of ours', (t) => {
  for (const whenPaused of ['before', 'after'] as const) {
    const pair = new Pair();
    const { client, server } = pair;
    client.connection.send('delivered');
    pair.settle();
    if (whenPaused === 'before') server.connection.pause();
    client.connection.send('kept by the pause');
    client.connection.ping();
    if (whenPaused === 'before') pair.settle();
    server.connection.close(4000, 'enough');
    if (whenPaused === 'after') server.connection.pause();
    t.equal(server.wantsReading, true);
    client.connection.send('on its way');
    pair.settle();
    server.connection.resume();
    t.strictSame(server.seen, [['message', 'delivered']]);
    t.equal(server.connection.counters.messagesReceived, 1);
    t.equal(server.connection.counters.messagesDiscarded, 2);
    t.match(server.report, { code: 4000, wasClean: true, closedBy: 'us', error: undefined });
    t.match(client.report, { code: 4000, wasClean: true, closedBy: 'peer' });
  }
  t.end();
});

t.test('delivers nothing behind a message it threw away, nor the rest of one', (t) => {
  const { server } = new Pair({ server: { delivery: 'pieces' } });
  const { connection } = server;
  const first = encodeFrame({ opcode: OPCODE.text, fin: false, payload: 'a', maskingKey: 7 });
  connection.receive(first);
  connection.close(1000);
  connection.receive(encodeFrame({ opcode: 0, fin: false, payload: 'b', maskingKey: 7 }));
  connection.pause();
  connection.resume();
  connection.receive(encodeFrame({ opcode: 0, fin: false, payload: 'c', maskingKey: 7 }));
  connection.pause();
  connection.receive(encodeFrame({ opcode: 0, fin: false, payload: 'd', maskingKey: 7 }));
  connection.resume();
  connection.receive(encodeFrame({ opcode: 0, payload: 'e', maskingKey: 7 }));
  connection.receive(masked(OPCODE.text, 'next'));
  t.strictSame(server.seen, [
    ['start', 'text'],
    ['piece', 'a'],
    ['piece', 'b'],
    ['piece', 'c'],
  ]);
  t.equal(connection.counters.messagesDiscarded, 2);
  t.end();
});

t.test('keeps the rules for what it throws away', (t) => {
  const { server } = new Pair({ server: { maxMessageBytes: 10 } });
  server.connection.pause();
  server.connection.close(1000);
  server.connection.receive(masked(OPCODE.binary, Buffer.alloc(11)));
  server.connection.transportClosed();
  t.match(server.report, { wasClean: false, error: { code: 'message-too-large' } });
  t.end();
});

t.test('waits for a job that runs when closing begins, and throws its result away', (t) => {
  let finish: () => void = () => {};
  const deflate = Object.assign(new MessageCodec('server', DEFAULTS), {
    decompress: (_piece: Uint8Array, _fin: boolean, _maxBytes: number, done: DeflateJobDone) => {
      finish = () => done(undefined, Buffer.from('late'));
    },
  });
  for (const delivery of ['message', 'pieces'] as const) {
    const { server } = new Pair({ server: { deflate, delivery } });
    const frame = encodeFrame({ opcode: OPCODE.text, rsv: 4, payload: 'x', maskingKey: 7 });
    server.connection.receive(Buffer.concat([frame, masked(8, Buffer.of(3, 232))]));
    server.connection.pause();
    server.connection.close(1000);
    t.equal(server.connection.state, 'close-sent');
    const seen = server.seen.length;
    finish();
    t.equal(server.connection.state, 'exchanged');
    t.equal(server.seen.length, seen);
    t.equal(server.connection.counters.messagesDiscarded, 1);
  }
  t.end();
});

t.test('stays as it is when it is cut: no answer makes it clean', (t) => {
  const deflate = stuck();
  const { server } = new Pair({ server: { deflate, compressThresholdBytes: 0 } });
  server.connection.send('for ever');
  server.connection.receive(masked(OPCODE.close, Buffer.of(3, 232)));
  server.connection.terminate();
  t.equal(server.isAborted, true);
  server.connection.transportClosed();
  t.match(server.report, { code: 1000, wasClean: false, sentCode: undefined });
  t.equal(typeof Ending, 'function');
  t.end();
});

t.test('ends without a word from the transport, a tick after it was cut', (t) => {
  const cut = new Pair();
  cut.server.connection.terminate();
  t.equal(cut.server.report, undefined);
  isCutAfter(cut, cut.server, 0);
  t.match(cut.server.report, { code: 1006, wasClean: false, closedBy: 'us' });
  const late = new Pair({ server: LIMITS });
  late.server.connection.close(1000);
  t.equal(isCutAfter(late, late.server, 3000), true);
  t.equal(late.server.report, undefined);
  isCutAfter(late, late.server, 1);
  t.match(late.server.report, { sentCode: 1000, error: { code: 'close-timeout' } });
  late.server.connection.transportClosed();
  t.end();
});

t.test('lets a client alone miss an extension [6455-7.4.1-9]', (t) => {
  const { client, server } = new Pair();
  const refused = { code: 'invalid-close-code' };
  t.throws(() => server.connection.close(1010, 'permessage-deflate'), refused);
  t.equal(server.connection.isOpen, true);
  client.connection.close(1010, 'permessage-deflate');
  server.connection.receive(client.takeOutput());
  t.same(server.takeOutput(), encodeFrame({ opcode: OPCODE.close, payload: Buffer.of(3, 242) }));
  t.end();
});

t.test('answers with the code that came, and with none to none [6455-5.5.1-8]', (t) => {
  for (const [payload, sentCode] of [
    [Buffer.alloc(0), undefined],
    [Buffer.of(3, 232), 1000],
    [Buffer.from('\u0013\u0087why', 'latin1'), 4999],
  ] as const) {
    const { server } = new Pair();
    server.connection.receive(masked(OPCODE.close, payload));
    const echo = encodeFrame({ opcode: OPCODE.close, payload: payload.subarray(0, 2) });
    t.same(server.takeOutput(), echo, 'without the reason');
    server.connection.transportClosed();
    t.match(server.report, { code: sentCode ?? 1005, sentCode, wasClean: true });
  }
  t.end();
});

t.test('takes the frame of a peer for the answer to ours that still waits', (t) => {
  let finish: () => void = () => {};
  const deflate = Object.assign(new MessageCodec('server', DEFAULTS), {
    compress: (_payload: Uint8Array, _fin: boolean, done: DeflateJobDone) => {
      finish = () => done(undefined, Buffer.of(0));
    },
  });
  const { server } = new Pair({ server: { deflate, compressThresholdBytes: 0 } });
  server.connection.send('in the compressor');
  server.connection.close(4000, 'ours');
  server.connection.receive(masked(OPCODE.close, Buffer.of(3, 232)));
  t.equal(server.connection.state, 'close-received');
  t.equal(server.takeOutput().length, 0);
  finish();
  t.equal(server.connection.state, 'exchanged');
  const ours = encodeFrame({
    opcode: OPCODE.close,
    payload: Buffer.from('\u000f\u00a0ours', 'latin1'),
  });
  t.same(server.takeOutput().subarray(-ours.length), ours, 'one close frame, our own');
  server.connection.transportClosed();
  t.match(server.report, { code: 1000, sentCode: 4000, closedBy: 'us', wasClean: true });
  t.end();
});

/** Ways to be past `open`, and what may still be said there. */
const PAST: Readonly<Record<string, (end: End) => void>> = {
  'close-sent': ({ connection }) => connection.close(1000),
  exchanged: ({ connection }) => connection.receive(masked(OPCODE.close, Buffer.of(3, 232))),
  failed: ({ connection }) => connection.receive(Buffer.of(0x83, 0x80, 0, 0, 0, 0)),
  closed: ({ connection }) => connection.transportClosed(),
};

t.test('says goodbye once, and reports once, whatever is asked of it afterwards', (t) => {
  const frames = (bytes: Buffer): number => bytes.filter((byte) => byte === 0x88).length;
  for (const [state, enter] of Object.entries(PAST)) {
    const { server } = new Pair();
    const { connection } = server;
    enter(server);
    t.equal(connection.state, state);
    t.equal(frames(server.takeOutput()), state === 'closed' ? 0 : 1, state);
    connection.close(4001, 'again');
    if (state !== 'close-sent') connection.fail(new ProtocolError('slow-consumer'));
    connection.receive(masked(OPCODE.ping, 'anybody?'));
    t.equal(connection.state, state);
    t.equal(frames(server.takeOutput()), 0, state);
    connection.terminate();
    t.equal(server.isAborted, state !== 'closed', 'what is over cannot be cut');
    connection.transportClosed();
    const { report, hasEnded } = server;
    t.equal(report?.error?.code, state === 'failed' ? 'reserved-opcode' : undefined, state);
    connection.receiveEnd();
    t.equal(server.hasEnded, hasEnded, 'nobody ends what is gone');
    connection.terminate();
    connection.transportClosed(new Error('late'));
    t.equal(server.report, report);
    t.equal(frames(server.takeOutput()), 0, state);
  }
  t.end();
});

t.test('fails behind its own close frame without a second one', (t) => {
  const { server } = new Pair();
  server.connection.close(1000);
  t.equal(server.takeOutput().length, 4);
  server.connection.receive(Buffer.of(0x83, 0x80, 0, 0, 0, 0));
  t.equal(server.connection.state, 'failed');
  t.equal(server.takeOutput().length, 0);
  server.connection.transportClosed();
  t.match(server.report, { sentCode: 1000, wasClean: false, error: { code: 'reserved-opcode' } });
  t.end();
});

t.test('lets go of zlib with a failure, whenever the transport ends', (t) => {
  let closed = 0;
  const deflate = Object.assign(new MessageCodec('server', DEFAULTS), {
    close: () => {
      closed += 1;
    },
  });
  const failed = new Pair({ server: { deflate } }).server;
  failed.connection.fail(new ProtocolError('slow-consumer'));
  t.equal(closed, 1);
  closed = 0;
  const gone = new Pair({ server: { deflate } }).server;
  gone.connection.close(1000);
  t.equal(closed, 0, 'messages may still come');
  gone.connection.transportClosed();
  t.equal(closed, 1);
  t.end();
});

t.test('cuts a dead peer, unless the transport ends as soon as it is told to', (t) => {
  const silence = { pingIntervalMs: 1000, pongTimeoutMs: 1000 };
  for (const endsAtOnce of [false, true]) {
    const pair = new Pair({ server: silence });
    const { server } = pair;
    if (endsAtOnce) server.endTransport = () => server.connection.transportClosed();
    isCutAfter(pair, server, 0);
    isCutAfter(pair, server, 1000);
    t.equal(isCutAfter(pair, server, 1000), !endsAtOnce);
    if (!endsAtOnce) server.connection.transportClosed();
    t.match(server.report, { closedBy: 'us', wasClean: false, error: { code: 'pong-timeout' } });
  }
  t.end();
});

t.test('keeps the end of the transport behind what it brought and nobody has taken', (t) => {
  const { server } = new Pair();
  const { connection } = server;
  connection.pause();
  const bytes = [masked(OPCODE.text, 'last'), masked(OPCODE.close, Buffer.of(3, 232))];
  connection.receive(Buffer.concat(bytes));
  connection.receiveEnd();
  t.equal(connection.isOpen, true);
  t.equal(server.hasEnded, false);
  connection.resume();
  t.strictSame(server.seen, [['message', 'last']]);
  t.same(server.takeOutput(), CLOSE_1000);
  connection.transportClosed();
  t.match(server.report, { code: 1000, wasClean: true, closedBy: 'peer' });
  t.end();
});

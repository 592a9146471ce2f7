import { ENTRY_OVERHEAD_BYTES, hasFastPath, ProtocolError, UsageError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { Connection, type ConnectionOptions } from 'barewire/connection';
import { type DeflateJobDone, MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { End, Pair } from '../support/connection-pair.ts';
import { cutAt } from '../support/feeding.ts';

const KEY = 0x37fa213d;
const masked = (opcode: number, payload: string | Buffer, fin = true): Buffer =>
  encodeFrame({ opcode, payload, fin, maskingKey: KEY });
const byteByByte = (bytes: Buffer): Buffer[] => cutAt(bytes, [...bytes.keys()]);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

t.test('carries text and binary both ways, in order', (t) => {
  const pair = new Pair();
  pair.client.connection.send('hello');
  pair.client.connection.send(hex('0102'));
  pair.client.connection.send('');
  pair.server.connection.send('grüß dich 🌍');
  pair.settle(byteByByte);
  t.strictSame(pair.server.seen, [
    ['message', 'hello'],
    ['message', '0102'],
    ['message', ''],
  ]);
  t.strictSame(pair.client.seen, [['message', 'grüß dich 🌍']]);
  t.end();
});

t.test('begins with all counters at nothing', (t) => {
  const { server } = new Pair();
  t.same(server.connection.counters, {
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesDiscarded: 0,
    messagesSent: 0,
    messagesDropped: 0,
    pingsReceived: 0,
    pongsReceived: 0,
  });
  t.end();
});

t.test('answers a ping at once, between the fragments of a message', (t) => {
  const { server } = new Pair();
  const start = masked(OPCODE.text, 'Hel', false);
  const end = masked(OPCODE.continuation, 'lo');
  server.connection.receive(Buffer.concat([start, masked(OPCODE.ping, 'mid'), end]));
  t.strictSame(server.seen, [
    ['ping', 'mid'],
    ['message', 'Hello'],
  ]);
  t.same(server.takeOutput(), encodeFrame({ opcode: OPCODE.pong, payload: 'mid' }));
  t.end();
});

t.test('writes everything of one turn at once', (t) => {
  const { server } = new Pair();
  const pings = Array.from({ length: 50 }, (_, index) => masked(OPCODE.ping, `${index}`));
  server.connection.receive(Buffer.concat(pings));
  t.equal(server.pipe.length, hasFastPath('one-write') && hasFastPath('outbox') ? 1 : 50);
  const pongs = pings.map((_, index) => encodeFrame({ opcode: OPCODE.pong, payload: `${index}` }));
  t.same(server.takeOutput(), Buffer.concat(pongs));
  t.equal(server.seen.length, 50);
  t.end();
});

t.test('owes one pong, the latest, while the peer does not read', (t) => {
  const { server } = new Pair();
  server.congested = true;
  for (let index = 0; index < 1000; index += 1) {
    server.connection.receive(masked(OPCODE.ping, `${index}`));
  }
  t.equal(server.pipe.length, 0);
  t.equal(server.connection.pendingBytes, 0);
  server.congested = false;
  server.connection.drained();
  t.same(server.takeOutput(), encodeFrame({ opcode: OPCODE.pong, payload: '999' }));
  t.end();
});

t.test('measures the round trip of a ping, and of older ones with it', (t) => {
  const pair = new Pair();
  const trips: [string, number][] = [];
  pair.client.connection.ping(Buffer.from('a'), (ms) => trips.push(['a', ms]));
  pair.clock.nowMs = 10;
  pair.client.connection.ping(Buffer.from('b'), (ms) => trips.push(['b', ms]));
  pair.clock.nowMs = 25;
  pair.client.connection.receive(encodeFrame({ opcode: OPCODE.pong, payload: 'b' }));
  t.strictSame(trips, [
    ['a', 25],
    ['b', 15],
  ]);
  pair.client.connection.receive(encodeFrame({ opcode: OPCODE.pong, payload: 'b' }));
  t.strictSame(pair.client.seen.at(-1), ['pong', 'b', undefined]);
  t.end();
});

t.test('closes cleanly from either side, and both reports agree', (t) => {
  for (const first of ['client', 'server'] as const) {
    const second = first === 'client' ? 'server' : 'client';
    const pair = new Pair();
    pair[first].connection.send('last words');
    pair[first].connection.close(3001, 'done');
    t.equal(pair[first].connection.send('too late'), false);
    pair.settle(byteByByte);
    t.strictSame(pair[second].seen, [['message', 'last words']]);
    t.match(pair[first].report, { code: 3001, wasClean: true, closedBy: 'us', sentCode: 3001 });
    t.match(pair[second].report, {
      code: 3001,
      reason: 'done',
      wasClean: true,
      closedBy: 'peer',
      sentCode: 3001,
    });
  }
  t.end();
});

t.test('closes without a code: 1005 in the reports, an empty frame on the wire', (t) => {
  const pair = new Pair();
  pair.server.connection.close();
  t.same(Buffer.concat(pair.server.pipe), hex('8800'));
  pair.settle();
  t.match(pair.client.report, { code: 1005, reason: '', wasClean: true });
  t.match(pair.server.report, { code: 1005, sentCode: undefined, wasClean: true });
  t.end();
});

t.test('closes cleanly when both sides begin at once', (t) => {
  const pair = new Pair();
  pair.client.connection.close(1000, 'me');
  pair.server.connection.close(1001, 'no, me');
  pair.settle();
  t.match(pair.client.report, { code: 1001, wasClean: true, closedBy: 'us', sentCode: 1000 });
  t.match(pair.server.report, { code: 1000, wasClean: true, closedBy: 'us', sentCode: 1001 });
  t.end();
});

t.test('the server ends the transport first; the client waits for it', (t) => {
  const pair = new Pair();
  pair.client.connection.close(1000);
  pair.server.connection.receive(pair.client.takeOutput());
  t.equal(pair.server.hasEnded, true);
  pair.client.connection.receive(pair.server.takeOutput());
  t.equal(pair.client.hasEnded, false);
  t.equal(pair.client.connection.state, 'exchanged');
  pair.client.connection.receiveEnd();
  t.equal(pair.client.hasEnded, true);
  t.end();
});

t.test('ignores whatever follows a close frame', (t) => {
  const { server } = new Pair();
  const close = masked(OPCODE.close, hex('03e8'));
  server.connection.receive(Buffer.concat([close, masked(OPCODE.text, 'no')]));
  server.connection.receive(hex('ffffff'));
  t.strictSame(server.seen, []);
  t.same(server.takeOutput(), hex('880203e8'));
  t.end();
});

t.test('cuts a peer that does not finish closing', (t) => {
  const pair = new Pair({ server: { closeTimeoutMs: 3000 } });
  pair.server.connection.close(1000);
  pair.advance(2999);
  t.equal(pair.server.isAborted, false);
  pair.advance(1);
  t.equal(pair.server.isAborted, true);
  pair.server.connection.transportClosed();
  t.match(pair.server.report, { code: 1006, wasClean: false, closedBy: 'us' });
  t.equal(pair.server.report?.error?.code, 'close-timeout');
  t.end();
});

const FAULTS: readonly (readonly [code: string, bytes: Buffer, closeCode: number])[] = [
  ['text-not-utf8', masked(OPCODE.text, hex('ff')), 1007],
  ['text-not-utf8', masked(OPCODE.text, hex('e282')), 1007],
  ['frame-not-masked', encodeFrame({ opcode: OPCODE.text, payload: 'x' }), 1002],
  ['reserved-bit', hex('c18137fa213d4f'), 1002],
  ['close-payload-one-byte', hex('888137fa213d34'), 1002],
  ['close-code-invalid', hex('888237fa213d3417'), 1002],
  ['close-reason-not-utf8', hex('888337fa213d3412de'), 1007],
];

for (const [code, bytes, closeCode] of FAULTS) {
  t.test(`fails the connection with ${closeCode} for ${code}`, (t) => {
    for (const cut of [(all: Buffer) => [all], byteByByte]) {
      const { server } = new Pair();
      for (const chunk of cut(bytes)) server.connection.receive(chunk);
      t.equal(server.takeOutput().readUInt16BE(2), closeCode);
      t.equal(server.hasEnded, true);
      server.connection.receive(masked(OPCODE.text, 'ignored'));
      t.strictSame(server.seen, []);
      server.connection.transportClosed();
      t.equal(server.report?.error?.code, code);
      t.match(server.report, { closedBy: 'us', sentCode: closeCode });
    }
    t.end();
  });
}

t.test('finds a bad byte when it comes, inside a frame and a message', (t) => {
  const { server } = new Pair();
  const payload = hex('cebae1bdb9cf83cebcceb5f4908080656469746564');
  const frame = masked(OPCODE.text, payload, false);
  server.connection.receive(frame.subarray(0, 6 + 12));
  t.equal(server.connection.state, 'open');
  server.connection.receive(frame.subarray(6 + 12, 6 + 13));
  t.equal(server.connection.state, 'failed');
  t.end();
});

t.test('refuses the first byte beyond the message limit, in one frame or in many', (t) => {
  const limit = 10;
  for (const sizes of [[10], [5, 5], [1, 9, 0], [11], [5, 6], [10, 0, 1]]) {
    const { server } = new Pair({ server: { maxMessageBytes: limit } });
    sizes.forEach((size, index) => {
      const opcode = index === 0 ? OPCODE.binary : OPCODE.continuation;
      server.connection.receive(masked(opcode, Buffer.alloc(size), index === sizes.length - 1));
    });
    const total = sizes.reduce((sum, size) => sum + size, 0);
    t.equal(server.connection.state, total > limit ? 'failed' : 'open', sizes.join(' + '));
  }
  t.end();
});

t.test('refuses an announced length beyond the limit before a byte of it came', (t) => {
  const { server } = new Pair({ server: { maxMessageBytes: 1000 } });
  server.connection.receive(masked(OPCODE.binary, Buffer.alloc(1001)).subarray(0, 8));
  t.equal(server.connection.state, 'failed');
  server.connection.transportClosed();
  t.equal(server.report?.error?.code, 'message-too-large');
  t.end();
});

t.test('counts fragments, empty ones too', (t) => {
  const { server } = new Pair({ server: { maxFragments: 3 } });
  server.connection.receive(masked(OPCODE.text, '', false));
  server.connection.receive(masked(OPCODE.continuation, '', false));
  server.connection.receive(masked(OPCODE.continuation, '', false));
  t.equal(server.connection.state, 'open');
  server.connection.receive(masked(OPCODE.continuation, '', true));
  t.equal(server.connection.state, 'failed');
  server.connection.transportClosed();
  t.equal(server.report?.error?.code, 'too-many-fragments');
  t.end();
});

t.test('gives an unfinished message its time and no more', (t) => {
  const pair = new Pair({ server: { messageTimeoutMs: 5000 } });
  pair.server.connection.receive(masked(OPCODE.text, 'a', false));
  pair.advance(1000);
  pair.server.connection.receive(masked(OPCODE.continuation, 'b', false));
  pair.advance(4999);
  t.equal(pair.server.connection.state, 'open');
  pair.advance(1);
  t.equal(pair.server.connection.state, 'failed');
  pair.server.connection.transportClosed();
  t.equal(pair.server.report?.error?.code, 'message-timeout');
  t.end();
});

t.test('cuts nobody who keeps sending messages, each of them within its time', (t) => {
  const pair = new Pair({ server: { messageTimeoutMs: 5000 } });
  pair.server.connection.receive(masked(OPCODE.text, 'a', false));
  for (let second = 0; second < 20; second += 1) {
    pair.advance(1000);
    const next = masked(OPCODE.text, 'a', false);
    pair.server.connection.receive(Buffer.concat([masked(OPCODE.continuation, 'b'), next]));
  }
  t.equal(pair.server.connection.state, 'open');
  t.equal(pair.server.seen.length, 20);
  t.end();
});

t.test('delivers messages in pieces as they arrive, text cut between code points', (t) => {
  const pair = new Pair({ server: { delivery: 'pieces' } });
  const outgoing = pair.client.connection.startMessage('text');
  outgoing.write('grü');
  pair.settle(byteByByte);
  t.strictSame(pair.server.seen, [
    ['start', 'text'],
    ['piece', 'g'],
    ['piece', 'r'],
    ['piece', 'ü'],
  ]);
  pair.client.connection.send('after');
  pair.settle();
  t.equal(pair.server.seen.length, 4);
  outgoing.end('ße');
  t.equal(outgoing.write('late'), false);
  pair.settle();
  t.strictSame(pair.server.seen.slice(4), [
    ['piece', 'ße'],
    ['end'],
    ['start', 'text'],
    ['piece', 'after'],
    ['end'],
  ]);
  t.end();
});

t.test('keeps the bytes while paused and loses none', (t) => {
  const { server } = new Pair();
  server.connection.pause();
  t.equal(server.wantsReading, false);
  server.connection.receive(masked(OPCODE.text, 'one'));
  server.connection.receive(masked(OPCODE.text, 'two'));
  server.connection.receiveEnd();
  t.strictSame(server.seen, []);
  server.connection.resume();
  t.strictSame(server.seen, [
    ['message', 'one'],
    ['message', 'two'],
  ]);
  t.equal(server.hasEnded, true);
  t.end();
});

t.test('pings when nothing comes, and gives up on a silent peer', (t) => {
  const pair = new Pair({ server: { pingIntervalMs: 1000, pongTimeoutMs: 3000 } });
  pair.advance(0).advance(1000);
  t.equal(pair.server.pipe.length, 1);
  pair.settle();
  pair.advance(1000).advance(1000);
  t.equal(pair.server.pipe.length, 1);
  pair.server.takeOutput();
  pair.advance(2999);
  t.equal(pair.server.connection.state, 'open');
  pair.advance(1);
  t.equal(pair.server.connection.state, 'failed');
  t.equal(pair.server.isAborted, true, 'nobody is there to be waited for');
  pair.advance(1);
  t.match(pair.server.report, { wasClean: false, error: { code: 'pong-timeout' } });
  t.end();
});

t.test('a slow reader is alive, though its pong waits behind megabytes', (t) => {
  const pair = new Pair({ server: { pingIntervalMs: 1000, pongTimeoutMs: 3000 } });
  const { server } = pair;
  server.heldBytes = 10_000;
  for (let second = 0; second < 20; second += 1) {
    server.heldBytes -= 100;
    pair.clock.nowMs += 1000;
    server.connection.tick(pair.clock.nowMs);
    t.equal(server.isAborted, false, `after ${second + 1} s`);
  }
  for (let second = 0; second < 5; second += 1) {
    pair.clock.nowMs += 1000;
    server.connection.tick(pair.clock.nowMs);
  }
  t.equal(server.isAborted, true, 'it takes nothing any more');
  t.end();
});

t.test('a message that takes its time, either way, is no idle peer', (t) => {
  for (const delivery of ['message', 'pieces'] as const) {
    for (const way of ['in', 'out', 'stuck'] as const) {
      const pair = new Pair({ server: { idleTimeoutMs: 2000, delivery } });
      const { server, client } = pair;
      const message = (way === 'in' ? client : server).connection.startMessage('text');
      for (let second = 0; second < 10; second += 1) {
        if (way !== 'stuck') message.write('piece');
        if (way !== 'stuck') pair.settle();
        pair.clock.nowMs += 1000;
        server.connection.tick(pair.clock.nowMs);
      }
      t.equal(server.connection.isOpen, way !== 'stuck', `${way}, ${delivery}`);
    }
  }
  t.end();
});

/** A server that closes when nothing came or went for two seconds; time goes on by one a look. */
function idling(more: Partial<ConnectionOptions> = {}): {
  server: End;
  client: End;
  pair: Pair;
  /** Whether it is open after so many more seconds, with a tick in each. */
  isOpenAfter: (seconds: number) => boolean;
} {
  const pair = new Pair({ server: { idleTimeoutMs: 2000, ...more } });
  const { server, client, clock } = pair;
  server.connection.tick(0);
  const isOpenAfter = (seconds: number): boolean => {
    for (let second = 0; second < seconds; second += 1) {
      clock.nowMs += 1000;
      server.connection.tick(clock.nowMs);
    }
    return server.connection.isOpen;
  };
  return { server, client, pair, isOpenAfter };
}

t.test('whatever a message is, and whichever way it goes, puts the idle timeout off', (t) => {
  const frames = encodeFrame({ opcode: OPCODE.text, payload: 'x' });
  const uses: Record<string, (end: End) => void> = {
    received: ({ connection }) => connection.receive(masked(OPCODE.text, 'x')),
    'half received': ({ connection }) => connection.receive(masked(OPCODE.text, 'x', false)),
    sent: ({ connection }) => void connection.send('x'),
    'sent with others': ({ connection }) => void connection.sendEncoded(frames),
    'sent when it is made': ({ connection }) =>
      void connection.sendEncoded({ byteLength: 1, frames: undefined, whenMade() {} }),
    begun: ({ connection }) => void connection.startMessage('text'),
    'begun, and a piece of it': ({ connection }) => void connection.startMessage().write('x'),
    'sent and received': ({ connection }) => {
      connection.send('x');
      connection.receive(masked(OPCODE.text, 'x'));
    },
  };
  for (const [name, use] of Object.entries(uses)) {
    const { server, isOpenAfter } = idling();
    t.equal(isOpenAfter(1), true);
    use(server);
    t.equal(isOpenAfter(2), true, `${name}, which the tick after it sees`);
    t.equal(isOpenAfter(1), false, `${name}, once`);
  }
  t.end();
});

t.test('pings and pongs are heard, and are no messages', (t) => {
  for (const opcode of [OPCODE.ping, OPCODE.pong]) {
    const { server, isOpenAfter } = idling({ pingIntervalMs: 1500, pongTimeoutMs: 1500 });
    server.connection.receive(masked(opcode, ''));
    server.connection.ping();
    server.connection.pong();
    t.equal(isOpenAfter(1), true);
    server.takeOutput();
    server.connection.receive(masked(opcode, ''));
    t.equal(isOpenAfter(1), false, 'nobody has said anything');
    t.equal(server.connection.counters.pingsReceived, opcode === OPCODE.ping ? 2 : 0);
    t.equal(server.connection.counters.pongsReceived, opcode === OPCODE.pong ? 2 : 0);
    const payload = Buffer.concat([hex('03e9'), Buffer.from('idle-timeout')]);
    const bye = encodeFrame({ opcode: OPCODE.close, payload });
    const answer = opcode === OPCODE.ping ? hex('8a00') : hex('');
    t.same(server.takeOutput(), Buffer.concat([answer, bye]), 'and no ping');
  }
  t.end();
});

t.test('a byte of a frame is heard, once', (t) => {
  const { server } = new Pair({ server: { pingIntervalMs: 2000 } });
  const isPinged = (nowMs: number): boolean => {
    server.connection.tick(nowMs);
    return server.takeOutput().length > 0;
  };
  t.equal(isPinged(0), false);
  server.connection.receive(masked(OPCODE.text, 'x').subarray(0, 1));
  t.same([1000, 2000].map(isPinged), [false, false]);
  t.equal(isPinged(3000), true, 'two seconds after the tick that saw it');
  t.end();
});

t.test('a peer that takes what waits for it is no idle one, and one that does not is', (t) => {
  const { server, isOpenAfter } = idling();
  server.connection.send('x'.repeat(10_000));
  server.heldBytes = 10_000;
  t.equal(isOpenAfter(2), true);
  for (let second = 0; second < 3; second += 1) {
    server.heldBytes -= 1000;
    t.equal(isOpenAfter(1), true);
  }
  t.equal(isOpenAfter(1), true);
  t.equal(isOpenAfter(1), false);
  t.end();
});

t.test('a message that is taken back puts nothing off', (t) => {
  const { server, isOpenAfter } = idling();
  server.connection.startMessage('text');
  const second = server.connection.startMessage('text');
  t.equal(isOpenAfter(2), true, 'when it was begun');
  second.abandon();
  t.equal(server.connection.counters.messagesSent, 1);
  t.equal(isOpenAfter(1), false);
  t.end();
});

t.test('a message counts in the second in which another one is taken back, too', (t) => {
  for (const use of [
    (end: End) => void end.connection.send('x'),
    (end: End) => end.connection.receive(masked(OPCODE.text, 'x')),
    (end: End) => void end.connection.startMessage('text'),
  ]) {
    const deflate = idleCodec();
    const { server, isOpenAfter } = idling({ deflate });
    const waiting = [1, 2].map(() => server.connection.startMessage('text'));
    t.equal(isOpenAfter(2), true);
    waiting[0]!.abandon();
    use(server);
    t.equal(isOpenAfter(1), true);
    waiting[1]!.abandon();
    t.equal(isOpenAfter(1), true);
    t.equal(isOpenAfter(1), false, 'the other one once more is nothing');
  }
  t.end();
});

t.test('a piece that leaves puts the idle timeout off, one that waits does not', (t) => {
  const { server, isOpenAfter } = idling();
  const first = server.connection.startMessage('text');
  const second = server.connection.startMessage('text');
  t.equal(isOpenAfter(2), true);
  first.write('leaves');
  t.equal(isOpenAfter(2), true);
  second.write('waits');
  t.equal(isOpenAfter(1), false);
  t.end();
});

t.test('says goodbye to an idle peer', (t) => {
  const pair = new Pair({ server: { idleTimeoutMs: 2000 } });
  pair.advance(0);
  pair.client.connection.send('x');
  pair.settle().advance(1500).advance(1500).settle();
  t.equal(pair.server.connection.state, 'open');
  pair.advance(500);
  t.equal(pair.server.connection.state, 'close-sent', 'it is waited for');
  pair.settle();
  t.match(pair.client.report, { code: 1001, wasClean: true });
  t.match(pair.server, { isAborted: false, report: { wasClean: true } });
  t.equal(pair.server.report?.error?.code, 'idle-timeout');
  t.end();
});

t.test('reports the end of the transport as it was', (t) => {
  const { server } = new Pair();
  const reset = new Error('read ECONNRESET');
  server.connection.transportClosed(reset);
  server.connection.transportClosed();
  t.match(server.report, { code: 1006, wasClean: false, closedBy: 'transport' });
  t.equal(server.report?.transportError, reset);
  t.equal(server.connection.send('x'), false);
  t.equal(server.connection.ping(), false);
  server.connection.close(1000);
  server.connection.receive(masked(OPCODE.text, 'x'));
  t.equal(server.takeOutput().length, 0);
  t.end();
});

t.test('refuses bad calls at once and changes nothing', (t) => {
  const { server } = new Pair();
  const refuses = (run: () => unknown, code: string): void => {
    t.throws(run, new UsageError(code as 'invalid-option', ''), code);
    try {
      run();
    } catch (error) {
      t.equal((error as UsageError).code, code);
    }
  };
  refuses(() => server.connection.close(1005), 'invalid-close-code');
  refuses(() => server.connection.close(999), 'invalid-close-code');
  refuses(() => server.connection.close(1000, 'x'.repeat(124)), 'invalid-argument');
  refuses(() => server.connection.ping(Buffer.alloc(126)), 'invalid-argument');
  refuses(() => server.connection.pong(Buffer.alloc(126)), 'invalid-argument');
  const sink = new End({ nowMs: 0 }, { role: 'server' });
  const server_ = { role: 'server', now: () => 0 } as const;
  refuses(() => new Connection(sink, { role: 'client', now: () => 0 }), 'invalid-option');
  refuses(() => new Connection(sink, { ...server_, maxMessageBytes: -1 }), 'invalid-option');
  refuses(() => new Connection(sink, { ...server_, pingIntervalMs: Number.NaN }), 'invalid-option');
  t.equal(server.connection.state, 'open');
  t.equal(server.takeOutput().length, 0);
  t.end();
});

t.test('fails with a policy error from outside, and tells the peer', (t) => {
  const pair = new Pair();
  pair.server.connection.fail(new ProtocolError('slow-consumer'));
  pair.settle();
  t.match(pair.client.report, { code: 1008, reason: 'slow-consumer', closedBy: 'peer' });
  t.end();
});

t.test('delivers nothing while paused, also when a job ends then', (t) => {
  const jobs: (() => void)[] = [];
  const deflate = {
    compress() {},
    decompress(payload: Uint8Array, _fin: boolean, _maxBytes: number, done: DeflateJobDone) {
      const copy = Buffer.from(payload);
      jobs.push(() => done(undefined, copy));
    },
    beginTurn() {},
    breakContext() {},
    releaseIdle() {},
    close() {},
  };
  const { server } = new Pair({ server: { deflate } });
  server.connection.receive(
    encodeFrame({ opcode: OPCODE.text, payload: 'x', rsv: 4, maskingKey: KEY }),
  );
  server.connection.pause();
  jobs[0]!();
  t.strictSame(server.seen, []);
  server.connection.resume();
  t.strictSame(server.seen, [['message', 'x']]);
  t.end();
});

t.test('a pause of ours is no silence of the peer', (t) => {
  const pair = new Pair({ client: { pingIntervalMs: 1000, pongTimeoutMs: 2000 } });
  pair.client.connection.pause();
  for (let second = 0; second < 60; second += 1) pair.advance(1000).settle();
  t.equal(pair.client.connection.state, 'open');
  pair.client.connection.resume();
  pair.settle();
  // Now it listens, and hears nothing.
  for (let second = 0; second < 4; second += 1) pair.advance(1000);
  t.not(pair.client.connection.state, 'open');
  t.end();
});

t.test('refuses a control payload that is no bytes', (t) => {
  const { client } = new Pair();
  const gone = new Uint8Array(8);
  structuredClone(gone, { transfer: [gone.buffer] });
  for (const payload of ['text', 5, null, new ArrayBuffer(3), new Uint16Array(1), {}, gone]) {
    t.throws(() => client.connection.ping(payload as never), { code: 'invalid-argument' });
    t.throws(() => client.connection.pong(payload as never), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('gives a sign of life while it is paused, which waits for no answer', (t) => {
  const pair = new Pair({ client: { pingIntervalMs: 1_000, pongTimeoutMs: 1_000 } });
  const { client } = pair;
  client.connection.pause();
  const sent = (nowMs: number): string => {
    client.connection.tick(nowMs);
    return client.takeOutput().subarray(0, 2).toString('hex');
  };
  t.equal(sent(0), '');
  t.equal(sent(999), '');
  t.equal(sent(1_000), '8a80', 'an empty pong, masked');
  t.equal(sent(1_500), '');
  client.congested = true;
  t.equal(sent(2_000), '', 'nothing piles up');
  client.congested = false;
  t.equal(sent(100_000), '8a80');
  t.equal(client.connection.isOpen, true);
  client.connection.resume();
  t.equal(sent(100_001), '');
  t.equal(sent(101_001), '8981', 'a ping again');
  t.end();
});

/** A compressing pair whose server reads in pieces and pauses with each. */
function pausingPair(keepsContext: boolean): Pair {
  const parameters = {
    ...{ serverNoContextTakeover: !keepsContext, clientNoContextTakeover: !keepsContext },
    ...{ serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
  };
  // Small jobs must be done at once.
  const zlib = 'handle';
  const pair = new Pair({
    client: {
      deflate: new MessageCodec('client', parameters, { zlib }),
      compressThresholdBytes: 0,
    },
    server: { deflate: new MessageCodec('server', parameters, { zlib }), delivery: 'pieces' },
  });
  const { server } = pair;
  const piece = server.messagePiece.bind(server);
  server.messagePiece = (bytes) => {
    piece(bytes);
    server.connection.pause();
  };
  return pair;
}

t.test('keeps the end of a compressed message waiting while its owner has paused', (t) => {
  const { client, server } = pausingPair(true);
  for (const text of ['one', 'two']) client.connection.send(text);
  client.connection.flush();
  server.connection.receive(client.takeOutput());
  const seen = [['start', 'text'], ['piece', 'one'], ['end'], ['start', 'text'], ['piece', 'two']];
  t.strictSame(server.seen, seen.slice(0, 2));
  server.connection.resume();
  t.strictSame(server.seen, seen, 'and the next message no further than to its own pause');
  server.connection.resume();
  t.strictSame(server.seen, [...seen, ['end']]);
  t.end();
});

t.test('forgets the end that waited when the connection is over', (t) => {
  const { client, server } = pausingPair(false);
  client.connection.send('one');
  client.connection.flush();
  server.connection.receive(client.takeOutput());
  server.connection.transportClosed();
  server.connection.resume();
  t.same(server.seen, [
    ['start', 'text'],
    ['piece', 'one'],
  ]);
  t.end();
});

/** A codec that does no work, and counts how often it is asked to let go of memory. */
function idleCodec(): NonNullable<ConnectionOptions['deflate']> & { released: number } {
  return {
    released: 0,
    compress() {},
    decompress() {},
    beginTurn() {},
    breakContext() {},
    releaseIdle() {
      this.released += 1;
    },
    close() {},
  };
}

t.test('counts what waits in bytes, and in memory', (t) => {
  const { connection } = new Pair().server;
  const first = connection.startMessage('text');
  const second = connection.startMessage('text');
  t.match(connection, { pendingBytes: 0, heldBytes: 2 * ENTRY_OVERHEAD_BYTES });
  second.write('\u00fc');
  t.match(connection, { pendingBytes: 2, heldBytes: 2 + 3 * ENTRY_OVERHEAD_BYTES });
  second.write(Buffer.alloc(64 * 1024 - 3 - ENTRY_OVERHEAD_BYTES * 2, 'x'));
  t.equal(connection.isHeldUp(second), false, 'one byte less than 64 KiB wait in it');
  t.equal(connection.isHeldUp(), true, 'the entries of both weigh something too');
  second.write('x');
  t.equal(connection.isHeldUp(second), true);
  t.equal(connection.isHeldUp(first), false, 'it does not wait for those behind it');
  first.end('turn over');
  t.equal(connection.isHeldUp(), false);
  t.end();
});

t.test('sends bytes as text only when they are text [6455-5.6-3]', (t) => {
  const { server } = new Pair();
  server.connection.send(Buffer.from('gr\u00fcn'), { type: 'text' });
  t.same(server.takeOutput(), encodeFrame({ opcode: OPCODE.text, payload: 'gr\u00fcn' }));
  for (const bytes of [hex('ff'), hex('e282'), hex('eda080')]) {
    const run = (): boolean => server.connection.send(bytes, { type: 'text' });
    t.throws(run, { code: 'invalid-argument' }, bytes.toString('hex'));
    t.equal(server.connection.send(bytes, { type: 'binary' }), true);
  }
  t.equal(server.connection.counters.messagesSent, 4);
  t.equal(server.takeOutput().length, 3 + 4 + 5);
  t.end();
});

t.test('compresses from the threshold on where deflate was agreed, and nowhere else', (t) => {
  const options = { deflate: idleCodec(), compressThresholdBytes: 4 };
  const { client, server } = new Pair({ server: options });
  const asked = ['abc', '\u00fc\u00fc', Buffer.alloc(3), Buffer.alloc(4)];
  const answers = (end: End, wanted?: boolean): boolean[] =>
    asked.map((data) => end.connection.wouldCompress(data, wanted));
  t.same(answers(server), [false, true, false, true]);
  t.same(answers(server, true), [true, true, true, true]);
  t.same(answers(server, false), [false, false, false, false]);
  t.same(answers(client, true), [false, false, false, false]);
  t.end();
});

t.test('sends no message of any kind, and no ping or pong, once it closes', (t) => {
  const { server } = new Pair();
  const { connection } = server;
  const frames = encodeFrame({ opcode: OPCODE.text, payload: 'elsewhere' });
  t.equal(connection.sendEncoded(frames), true);
  t.equal(connection.pong(Buffer.from('beat')), true);
  t.equal(connection.pong(), true);
  const beats = ['beat', ''].map((payload) => encodeFrame({ opcode: OPCODE.pong, payload }));
  t.same(server.takeOutput(), Buffer.concat([frames, ...beats]));
  connection.close(1000);
  server.takeOutput();
  t.equal(connection.send('late'), false);
  t.equal(connection.sendEncoded(frames), false);
  t.equal(connection.ping(), false);
  t.equal(connection.pong(), false);
  t.throws(() => connection.startMessage('text'), { code: 'invalid-state' });
  t.match(connection, { pendingBytes: 0, counters: { messagesSent: 1 } });
  t.equal(server.takeOutput().length, 0, 'nothing follows a close frame [6455-5.5.1-6]');
  t.end();
});

t.test('says beforehand what close would refuse, and closes nothing by that', (t) => {
  for (const [code, reason, refusal] of [
    [1005, '', 'invalid-close-code'],
    [2999, '', 'invalid-close-code'],
    [undefined, 'why', 'invalid-argument'],
    [1000, 'x'.repeat(124), 'invalid-argument'],
  ] as const) {
    const { connection } = new Pair().server;
    t.throws(() => connection.checkClose(code, reason), { code: refusal });
    t.throws(() => connection.close(code, reason), { code: refusal });
    t.equal(connection.isOpen, true);
  }
  const { server } = new Pair();
  for (const code of [undefined, 1000, 3000]) server.connection.checkClose(code);
  server.connection.checkClose(4999, 'x'.repeat(123));
  t.equal(server.connection.isOpen, true);
  t.equal(server.takeOutput().length, 0);
  t.end();
});

t.test('cuts without a word, and has no time any more when it is over', (t) => {
  const options = { pingIntervalMs: 1, idleTimeoutMs: 1, messageTimeoutMs: 1, endTimeoutMs: 1 };
  const { server } = new Pair({ server: options });
  server.connection.receive(masked(OPCODE.text, 'half', false));
  server.connection.terminate();
  t.equal(server.isAborted, true);
  server.connection.transportClosed();
  server.isAborted = false;
  for (const nowMs of [1, 1000, 1_000_000]) server.connection.tick(nowMs);
  t.match(server.report, { code: 1006, closedBy: 'us', sentCode: undefined, error: undefined });
  t.equal(server.isAborted, false);
  t.equal(server.takeOutput().length, 0);
  t.end();
});

t.test('lets go of the memory for compressing when a tick has passed without a message', (t) => {
  const deflate = idleCodec();
  const { client, server } = new Pair({ server: { deflate } });
  const released = (): number => {
    server.connection.tick(0);
    return deflate.released;
  };
  t.same([released(), released()], [0, 0], 'there is none before the first message');
  for (const [round, use] of [
    () => server.connection.send('out'),
    () => server.connection.receive(masked(OPCODE.text, 'in')),
  ].entries()) {
    use();
    t.equal(released(), round, 'another may follow at once');
    t.same([released(), released()], [round + 1, round + 1], 'once is enough');
  }
  server.connection.receive(masked(OPCODE.text, 'half', false));
  server.connection.receive(masked(OPCODE.ping, ''));
  t.same([released(), released()], [2, 2], 'not in the middle of a message that comes');
  server.connection.receive(masked(OPCODE.continuation, ''));
  server.connection.send('for the compressor, which never answers', { compress: true });
  t.same([released(), released()], [2, 2], 'nor while one waits to be sent');
  t.equal(client.report, undefined);
  t.end();
});

t.test('lets go of it one tick after the last of a message in pieces, however long', (t) => {
  for (const way of ['in', 'out'] as const) {
    const deflate = idleCodec();
    const { server } = new Pair({ server: { deflate } });
    const { connection } = server;
    const message =
      way === 'out' ? connection.startMessage('text', { compress: false }) : undefined;
    const say = (opcode: number, isLast: boolean): void => {
      if (message === undefined) connection.receive(masked(opcode, 'x', isLast));
      else if (isLast) message.end('x');
      else message.write('x');
    };
    const released: number[] = [];
    for (const [opcode, isLast] of [
      [OPCODE.text, false],
      [OPCODE.continuation, false],
      [OPCODE.continuation, false],
      [OPCODE.continuation, true],
    ] as const) {
      say(opcode, isLast);
      connection.tick(0);
      released.push(deflate.released);
    }
    t.same(released, [0, 0, 0, 0], `${way}: while it lasts`);
    connection.tick(0);
    t.equal(deflate.released, 1, `${way}: one tick without anything`);
    connection.tick(0);
    t.equal(deflate.released, 1, 'once is enough');
  }
  t.end();
});

t.test('lets go of it when the compressor is done with what lasted several ticks', (t) => {
  const deflate = idleCodec();
  let done = (_error: undefined, _bytes: Buffer): void => {};
  const codec = {
    ...deflate,
    compress: (_bytes: unknown, _fin: unknown, callback: DeflateJobDone) => {
      done = callback as typeof done;
    },
  };
  const { server } = new Pair({ server: { deflate: codec } });
  server.connection.send('x', { compress: true });
  for (let ticks = 0; ticks < 3; ticks += 1) server.connection.tick(0);
  t.equal(codec.released, 0, 'it is at work');
  done(undefined, Buffer.from('x'));
  server.connection.tick(0);
  server.connection.tick(0);
  t.equal(codec.released, 1);
  t.end();
});

t.test('tells its counters as they were when it was asked', (t) => {
  const { server } = new Pair();
  const before = server.connection.counters;
  server.connection.send('x');
  server.connection.receive(masked(OPCODE.text, 'x'));
  server.connection.receive(masked(OPCODE.ping, ''));
  server.connection.receive(masked(OPCODE.pong, ''));
  t.ok(Object.values(before).every((count) => count === 0));
  const now = { messagesSent: 1, messagesReceived: 1, pingsReceived: 1, pongsReceived: 1 };
  t.match(server.connection.counters, { ...now, bytesReceived: 7 + 6 + 6, bytesSent: 3 + 2 });
  t.end();
});

t.test('tells nothing more of what comes once it is over, not even a pong', (t) => {
  const end = new End({ nowMs: 0 }, { role: 'server' });
  const { connection } = end;
  connection.ping(undefined, () => {
    connection.terminate();
    connection.transportClosed();
  });
  let pongs = 0;
  end.pong = () => {
    pongs += 1;
  };
  connection.receive(encodeFrame({ opcode: OPCODE.pong, payload: '1', maskingKey: 1 }));
  t.equal(connection.state, 'closed');
  t.equal(pongs, 0);
  t.equal(connection.counters.pongsReceived, 1);
  t.end();
});

import type { ProtocolError } from 'barewire/base';
import type { RequestHead } from 'barewire/http';
import t from 'tap';
import { Deadline, TimerWheel } from '../../lib/server/clock.ts';
import type { RequestBody } from '../../lib/server/request-body.ts';
import { type InputOwner, RequestInput } from '../../lib/server/request-input.ts';
import { resolveSettings } from '../../lib/server/server-settings.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { get, post } from '../support/serving.ts';
import { duplexPair } from '../support/sockets.ts';

function setUp(tuning: object = {}) {
  const time = new FakeTime();
  const settings = resolveSettings({ time, ...tuning });
  const [ours] = duplexPair();
  const sink = { receive() {}, receiveEnd() {}, drained() {}, closed() {} };
  const pump = new SocketPump(ours, sink, settings);
  const seen: string[] = [];
  const bodies: RequestBody[] = [];
  const paused: boolean[] = [];
  let onBegan: (body: RequestBody) => void = () => undefined;
  const owner: InputOwner = {
    pump,
    settings,
    requestBegan(head: RequestHead, body: RequestBody) {
      seen.push(head.target);
      bodies.push(body);
      onBegan(body);
    },
    requestEnded: () => void seen.push('<end>'),
    inputFailed: (error: ProtocolError) => void seen.push(`<${error.code}>`),
    drainedTooMuch: () => void seen.push('<too much>'),
    hasRead: () => undefined,
    sendContinue: () => void seen.push('<100>'),
    bodyPaused: () => void paused.push(true),
    bodyLeft: () => void seen.push('<left>'),
  };
  const deadline = new Deadline<unknown>(new TimerWheel(time), undefined, () => seen.push('<due>'));
  const input = new RequestInput(owner, deadline);
  const begin = (callback: typeof onBegan): void => {
    onBegan = callback;
  };
  return {
    time,
    input,
    seen,
    bodies,
    paused,
    pump,
    begin,
    feed: (text: string) => input.receive(Buffer.from(text)),
  };
}

t.test('reads one request and no more until told', (t) => {
  const { input, seen, feed } = setUp();
  feed(get('/1') + get('/2'));
  t.same(seen, ['/1', '<end>']);
  t.equal(input.isDone, true);
  t.ok(input.waitingBytes > 0);
  input.resume();
  t.same(seen, ['/1', '<end>', '/2', '<end>']);
  t.end();
});

t.test('reads no body before it is wanted', async (t) => {
  const { seen, bodies, feed } = setUp();
  feed(post('/', 'body'));
  t.same(seen, ['/']);
  const text = bodies[0]!.text();
  t.same(seen, ['/', '<end>']);
  t.equal(await text, 'body');
});

t.test('asks for a body with 100, once', async (t) => {
  const { seen, bodies, feed } = setUp();
  feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n');
  t.same(seen, ['/']);
  const text = bodies[0]!.text();
  t.same(seen, ['/', '<100>']);
  feed('body');
  t.equal(await text, 'body');
  t.same(seen, ['/', '<100>', '<end>']);
});

/** Every way in which a body is read, and the one in which it is thrown away. */
const READERS: Readonly<Record<string, (body: RequestBody, input: RequestInput) => unknown>> = {
  bytes: (body) => body.bytes(),
  text: (body) => body.text(),
  json: (body) => body.json(),
  async iterator(body) {
    for await (const _ of body);
  },
  async 'iterator that takes its time'(body) {
    for await (const _ of body) await new Promise((next) => setImmediate(next));
  },
  async pieces(body) {
    for await (const _ of body.pieces({ maxBytes: 200_000 }));
  },
  drain: (_, input) => input.drain(),
};

for (const [name, read] of Object.entries(READERS)) {
  t.test(`wants each portion of a body in time, however it trickles: ${name}`, async (t) => {
    const { seen, begin, feed, time, input } = setUp({ bodyTimeoutMs: 10_000 });
    begin((body) => void Promise.resolve(read(body, input)).catch(() => undefined));
    const fields = 'content-type: application/json\r\ncontent-length: 100000';
    feed(`POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n`);
    for (let second = 0; second < 9; second += 1) {
      time.advance(1_000);
      feed('x');
      await new Promise((next) => setImmediate(next));
    }
    t.same(seen, ['/']);
    time.advance(2_000);
    t.same(seen, ['/', '<due>'], 'a byte a second is not enough');
  });
}

t.test('gives a portion that was not wanted for a while the time it had left', async (t) => {
  const { seen, bodies, feed, time, input } = setUp({ bodyTimeoutMs: 10_000 });
  feed(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n`);
  const pieces = bodies[0]!.pieces();
  const first = pieces.next();
  time.advance(6_000);
  feed('x');
  t.equal((await first).value?.length, 1);
  input.pauseBody();
  time.advance(60_000);
  t.same(seen, ['/'], 'nothing is due while nobody wants it');
  void pieces.next().catch(() => undefined);
  await new Promise((next) => setImmediate(next));
  time.advance(3_000);
  t.same(seen, ['/']);
  time.advance(2_000);
  t.same(seen, ['/', '<due>'], '6 s and 4 s');
});

t.test('begins a portion anew when the one before was there before the pause', async (t) => {
  const { seen, bodies, feed, time } = setUp({ bodyTimeoutMs: 10_000 });
  feed(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n`);
  const pieces = bodies[0]!.pieces();
  const first = pieces.next();
  time.advance(9_000);
  feed('x'.repeat(70_000));
  t.equal((await first).value?.length, 70_000, 'as much as pauses');
  time.advance(60_000);
  void pieces.next().catch(() => undefined);
  await new Promise((next) => setImmediate(next));
  time.advance(9_000);
  t.same(seen, ['/']);
  time.advance(2_000);
  t.same(seen, ['/', '<due>']);
});

t.test('says when a body is left before its end', async (t) => {
  const { seen, bodies, feed } = setUp();
  feed(post('/', 'body').slice(0, -2));
  for await (const _ of bodies[0]!) break;
  t.same(seen, ['/', '<left>']);
});

t.test('gives a body that comes in portions all the time it needs', (t) => {
  const { seen, begin, feed, time } = setUp({ bodyTimeoutMs: 10_000 });
  begin((body) => void body.bytes());
  feed(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${16_384 * 5}\r\n\r\n`);
  for (let portion = 0; portion < 5; portion += 1) {
    time.advance(9_000);
    feed('x'.repeat(16_384));
  }
  t.same(seen, ['/', '<end>']);
  time.advance(60_000);
  t.same(seen, ['/', '<end>'], 'and nothing is due afterwards');
  t.end();
});

t.test('counts portions of the size that it is told', (t) => {
  const { seen, begin, feed, time } = setUp({ bodyTimeoutMs: 10_000, bodyPortionBytes: 5 });
  begin((body) => void body.bytes().catch(() => undefined));
  feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n');
  for (let portion = 0; portion < 5; portion += 1) {
    time.advance(9_000);
    feed('x'.repeat(5));
  }
  t.same(seen, ['/']);
  time.advance(9_000);
  feed('x'.repeat(4));
  time.advance(2_000);
  t.same(seen, ['/', '<due>']);
  t.end();
});

t.test('does not count the time in which nobody wanted the body', (t) => {
  const { seen, feed, time } = setUp({ bodyTimeoutMs: 1_000 });
  feed(post('/', 'body').slice(0, -2));
  time.advance(60_000);
  t.same(seen, ['/']);
  t.end();
});

t.test('reads the rest of an answered request up to a bound', (t) => {
  const { seen, input, feed } = setUp({ maxDrainBytes: 100 });
  feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 300\r\n\r\n');
  input.drain();
  feed('x'.repeat(100));
  t.same(seen, ['/']);
  feed('x');
  t.same(seen, ['/', '<too much>']);
  t.end();
});

t.test('knows whether another request can follow', async (t) => {
  const cases: readonly (readonly [request: string, mayGoOn: boolean])[] = [
    [get('/'), true],
    [get('/', 'connection: close'), false],
    [post('/', 'body').slice(0, -2), true],
    [post('/', 'x'.repeat(5_000)).slice(0, -4_900), false],
    ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n', false],
    ['POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n', true],
  ];
  for (const [request, mayGoOn] of cases) {
    const { input, feed } = setUp({ maxDrainBytes: 1_000 });
    feed(request);
    t.equal(input.mayGoOn, mayGoOn, request.slice(0, 60));
  }
});

t.test('pauses the socket when too much has come ahead', (t) => {
  const { input, pump, feed } = setUp({ maxUnreadBytes: 100 });
  feed(get('/'));
  t.equal(pump.socket.isPaused(), false);
  feed(get('/x'.repeat(100)));
  t.equal(pump.socket.isPaused(), true);
  input.resume();
  t.equal(pump.socket.isPaused(), false);
  t.end();
});

t.test('fails once, and reads nothing afterwards', (t) => {
  const { input, seen, feed } = setUp();
  feed('nonsense\r\n\r\n');
  feed(get('/'));
  input.receiveEnd();
  t.equal(seen.length, 1);
  t.equal(input.isBroken, true);
  t.end();
});

t.test('hands over what it has not read', (t) => {
  const { input, feed } = setUp();
  feed(`${get('/')}and more`);
  t.equal(input.handOver().toString(), 'and more');
  t.end();
});

t.test('knows when a head has begun', (t) => {
  const { input, feed } = setUp();
  t.equal(input.hasBegun, false);
  feed('\r\n');
  t.equal(input.hasBegun, false, 'an empty line begins nothing');
  feed('GET');
  t.equal(input.hasBegun, true);
  feed(' / HTTP/1.1\r\nhost: a\r\n\r\n');
  t.equal(input.hasBegun, false, 'it is a request now');
  t.end();
});

t.test('knows whether more than the current request has come', (t) => {
  const next = get('/next');
  const chunked = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
  const cases: [bytes: string, hasNext: boolean][] = [
    [get('/'), false],
    [get('/') + next, true],
    [post('/', 'body'), false],
    [post('/', 'body').slice(0, -2), false],
    [post('/', 'body') + next, true],
    [chunked, false],
    [`${chunked}0\r\n\r\n`, true],
  ];
  for (const [bytes, hasNext] of cases) {
    const { input, feed } = setUp();
    feed(bytes);
    t.equal(input.hasNext, hasNext, bytes);
  }
  t.end();
});

t.test('lets nothing follow a CONNECT, and the rest of a body that is read', (t) => {
  const tunnel = setUp();
  tunnel.feed('CONNECT b:1 HTTP/1.1\r\nhost: b:1\r\n\r\n');
  t.equal(tunnel.input.mayGoOn, false);
  const { input, bodies, feed } = setUp({ maxDrainBytes: 10 });
  feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n');
  t.equal(input.mayGoOn, false, 'too much to throw away');
  void bodies[0]!.bytes().catch(() => undefined);
  t.equal(input.mayGoOn, true, 'somebody reads it');
  bodies[0]!.fail(new Error('broken'));
  t.equal(input.mayGoOn, false);
  t.end();
});

/** A body that its reader stops taking behind the first large piece. */
async function pausing(tuning: object) {
  const set = setUp(tuning);
  set.feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n');
  const pieces = set.bodies[0]!.pieces();
  const first = pieces.next();
  set.feed('x'.repeat(70_000));
  t.equal((await first).value?.length, 70_000);
  return { ...set, pieces };
}

t.test('says that a reader is slow, and gives it time without end', async (t) => {
  const { paused, seen, time, input, feed } = await pausing({ bodyTimeoutMs: 10_000 });
  t.strictSame(paused, [true]);
  time.advance(100_000);
  t.equal(input.isPausedTooLong, false);
  t.strictSame(seen, ['/']);
  feed('y'.repeat(100));
  t.strictSame(paused, [true], 'it is paused already');
});

t.test('limits the pauses of a reader once its request is answered', async (t) => {
  const { seen, time, input, pieces, feed, paused } = await pausing({ bodyTimeoutMs: 10_000 });
  input.limitPauses();
  time.advance(9_000);
  t.strictSame(seen, ['/']);
  const second = pieces.next();
  t.equal(input.isPausedTooLong, false, 'it reads on: the sender is due');
  feed('y'.repeat(70_000));
  t.equal((await second).value?.length, 70_000);
  t.strictSame(paused, [true], 'its second pause is not told but limited');
  time.advance(9_000);
  t.strictSame(seen, ['/']);
  time.advance(2_000);
  t.strictSame(seen, ['/', '<due>']);
  t.equal(input.isPausedTooLong, true);
});

t.test('a limit does not shorten the time of a portion that is due', async (t) => {
  const { seen, time, input, feed, bodies } = setUp({ bodyTimeoutMs: 10_000 });
  feed('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n');
  void bodies[0]!.bytes().catch(() => undefined);
  time.advance(5_000);
  input.limitPauses();
  time.advance(4_000);
  t.strictSame(seen, ['/']);
  time.advance(2_000);
  t.strictSame(seen, ['/', '<due>']);
  t.equal(input.isPausedTooLong, false, 'it is the sender who is late');
});

t.test('lets a socket flow again that it has paused, and no other', (t) => {
  const { input, pump, feed } = setUp({ maxUnreadBytes: 100 });
  pump.socket.pause();
  input.openPump();
  t.equal(pump.socket.isPaused(), true, 'somebody else has paused it');
  pump.socket.resume();
  feed(get('/'));
  feed(get('/x'.repeat(100)));
  t.equal(pump.socket.isPaused(), true);
  input.openPump();
  t.equal(pump.socket.isPaused(), false);
  t.end();
});

t.test('a body asks for nothing any more when it is over', async (t) => {
  const whole = setUp();
  whole.feed(get('/'));
  whole.input.wantBody();
  whole.input.pauseBody();
  whole.input.leaveBody();
  t.strictSame(whole.seen, ['/', '<end>']);
  t.strictSame(whole.paused, []);
  const over = setUp();
  over.feed(post('/', 'body'));
  t.equal(over.input.handOver().toString(), 'body');
  over.input.wantBody();
  over.input.pauseBody();
  over.input.leaveBody();
  over.feed('more');
  t.strictSame(over.seen, ['/']);
  const gone = setUp();
  gone.feed(post('/', 'body'));
  gone.pump.cut('cut');
  void gone.bodies[0]!.bytes();
  t.strictSame(gone.seen, ['/', '<end>'], 'what had come can be read');
});

import type { EventStreamEvent } from 'barewire/sse';
import t from 'tap';
import type { EventSourceOptions } from '../../lib/client/event-stream-plan.ts';
import { makeEventStreamPlan } from '../../lib/client/event-stream-plan.ts';
import { EventStreamResponse, openEventStream } from '../../lib/client/event-stream-request.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { feedings } from '../support/feeding.ts';
import { type RawRequest, rawServer } from '../support/raw-server.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

/** A response that is written by hand. */
function rig() {
  const [near, far] = duplexPair();
  const seen: string[] = [];
  const listener = {
    opened: (origin: string) => seen.push(`opened ${origin}`),
    event: ({ data }: EventStreamEvent) => seen.push(data),
    retry: (ms: number) => seen.push(`retry ${ms}`),
  };
  const response = new EventStreamResponse(near, 'http://a', listener, { lastEventId: '' });
  return { response, far, near, seen };
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n10\r\nretry: 5\ndata: a\r\n9\r\n\n\ndata: b\r\n2\r\n\n\n\r\n0\r\n\r\n`;

t.test('reads the same however it is cut', async (t) => {
  for (const { chunks, name } of feedings(Buffer.from(CHUNKED))) {
    const { response, far, seen } = rig();
    for (const chunk of chunks) far.write(chunk);
    await response.ended;
    t.strictSame(seen, ['opened http://a', 'retry 5', 'a', 'b'], name);
  }
});

t.test('skips interim responses', async (t) => {
  const { response, far, seen } = rig();
  far.write(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${HEAD}\r\ndata: x\n\n`);
  await response.begun;
  t.strictSame(seen, ['opened http://a', 'x']);
  response.cut();
});

t.test(
  'delivers what has come before it says that it is over, also when it was paused',
  async (t) => {
    for (const isBroken of [false, true]) {
      const { response, far, near, seen } = rig();
      far.write(`${HEAD}Content-Length: ${isBroken ? 1000 : 18}\r\n\r\n`);
      await response.begun;
      response.pause();
      near.resume();
      far.end('data: a\n\ndata: b\n\n');
      let outcome = 'none';
      response.ended.then(
        () => {
          outcome = 'ended';
        },
        ({ code }) => {
          outcome = code;
        },
      );
      await eventually(() => near.readableEnded);
      t.equal(outcome, 'none');
      t.strictSame(seen, ['opened http://a']);
      response.resume();
      await eventually(() => outcome !== 'none');
      t.equal(outcome, isBroken ? 'premature-eof' : 'ended');
      t.strictSame(seen, ['opened http://a', 'a', 'b']);
    }
  },
);

t.test('breaks off without a response, or for a reason of ours', async (t) => {
  const silent = rig();
  silent.far.end();
  await t.rejects(silent.response.begun, { code: 'premature-eof' });
  const given = rig();
  given.far.write(`${HEAD}\r\n`);
  await given.response.begun;
  given.response.giveUp(new Error('enough'));
  await t.rejects(given.response.ended, { message: 'enough' });
  t.equal(given.near.destroyed, true);
  const dead = duplexPair()[0];
  dead.destroy();
  const listener = { opened: () => {}, event: () => {}, retry: () => {} };
  const response = new EventStreamResponse(dead, '', listener, { lastEventId: '' });
  await t.rejects(response.begun, { code: 'premature-eof' });
});

t.test('tells the position to come back to, and goes on where it was paused', async (t) => {
  const { response, far, seen } = rig();
  far.write(`${HEAD}\r\nid: 7\ndata: a\n\n`);
  await eventually(() => seen.length === 2);
  t.equal(response.lastEventId, '7');
  response.pause();
  far.write('data: b\n\n');
  await new Promise((next) => setImmediate(next));
  t.equal(seen.length, 2);
  response.resume();
  await eventually(() => seen.length === 3);
  t.strictSame(seen, ['opened http://a', 'a', 'b']);
  response.cut();
});

t.test('a listener that pauses again while events are caught up with is obeyed', async (t) => {
  const [near, far] = duplexPair();
  const seen: string[] = [];
  const listener = {
    opened: () => {},
    event: ({ data }: EventStreamEvent) => {
      seen.push(data);
      response.pause();
    },
    retry: () => {},
  };
  const response = new EventStreamResponse(near, '', listener, { lastEventId: '' });
  far.end(`${HEAD}Content-Length: 27\r\n\r\ndata: a\n\ndata: b\n\ndata: c\n\n`);
  let isOver = false;
  response.ended.then(() => {
    isOver = true;
  }, t.fail);
  for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    await eventually(() => seen.length === expected.length);
    await new Promise((next) => setImmediate(next));
    t.strictSame(seen, expected);
    t.equal(isOver, false);
    response.resume();
  }
  await eventually(() => isOver);
});

t.test('refuses what is no event stream, and says why', async (t) => {
  const cases: [string, number, string][] = [
    ['HTTP/1.1 200 OK\r\n\r\n', 200, 'no event stream: no type'],
    ['HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n', 200, 'no event stream: text/html'],
    ['HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\n', 200, 'no event stream'],
    [`${HEAD}Content-Encoding: gzip\r\n\r\n`, 200, 'encoded with gzip'],
    ['HTTP/1.1 204 No Content\r\n\r\n', 204, '204'],
    ['HTTP/1.1 404 No\r\nContent-Type: text/event-stream\r\n\r\n', 404, '404'],
  ];
  for (const [bytes, status, message] of cases) {
    const { response, far, seen } = rig();
    far.write(bytes);
    const refusal = await response.begun.catch((error: unknown) => error);
    t.match(refusal, { name: 'HandshakeRefused', status, message: new RegExp(message) }, bytes);
    t.strictSame(seen, []);
    response.cut();
  }
  for (const fields of ['Content-Encoding: IDENTITY\r\n', '']) {
    const { response, far } = rig();
    far.write(`HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;x=y\r\n${fields}\r\n`);
    t.equal(await response.begun, undefined);
    response.cut();
  }
});

/** Asks a server for its stream. */
function open(port: number, options: EventSourceOptions = {}) {
  const plan = makeEventStreamPlan(`http://127.0.0.1:${port}/0`, options);
  const seen: string[] = [];
  const listener = {
    opened: (origin: string) => seen.push(`opened ${origin}`),
    event: ({ data }: EventStreamEvent) => seen.push(data),
    retry: () => {},
  };
  const world = new FakeWorld();
  const aborter = new AbortController();
  const response = openEventStream(plan, '', listener, aborter.signal, world);
  return { response, seen, world, aborter };
}

/** Redirects from each number to the next, and has a stream at this one. */
const redirecting =
  (last: number) =>
  ({ socket, text }: RawRequest): void => {
    const hop = Number(/GET \/(\d+)/.exec(text)?.[1]);
    const answer =
      hop === last
        ? `${HEAD}\r\ndata: at last\n\n`
        : `HTTP/1.1 302 Found\r\nLocation: /${hop + 1}\r\nContent-Length: 0\r\n\r\n`;
    socket.write(answer);
  };

t.test('follows as many redirects as are wanted, and leaves nothing open', async (t) => {
  const { port, requests } = await rawServer(t, redirecting(2));
  const { response, seen } = open(port, { maxRedirects: 2 });
  const stream = await response;
  await eventually(() => seen.length === 2);
  t.strictSame(seen, [`opened http://127.0.0.1:${port}`, 'at last']);
  await eventually(() => requests.slice(0, 2).every(({ socket }) => socket.destroyed));
  stream.cut();
  await t.rejects(open(port, { maxRedirects: 1 }).response, {
    status: 302,
    message: /too many redirects/,
  } as never);
  const refused = await open(port, { maxRedirects: 0 }).response.catch((error) => error);
  t.match(refused, { status: 302 });
  t.notMatch(refused.message, /redirects/);
  t.equal(requests.length, 3 + 2 + 1);
  await eventually(() => requests.every(({ socket }) => socket.destroyed));
});

t.test('rejects for a broken answer, a deadline and a signal', async (t) => {
  const broken = await rawServer(t, ({ socket }) => socket.write('SSH-2.0\r\n'));
  await t.rejects(open(broken.port).response, { name: 'ProtocolError' });
  const silent = await rawServer(t, () => {});
  const late = open(silent.port, { handshakeTimeoutMs: 50 });
  await eventually(() => silent.requests.length === 1);
  late.world.advance(50);
  await t.rejects(late.response, { code: 'handshake-timeout' } as never);
  const given = open(silent.port);
  await eventually(() => silent.requests.length === 2);
  given.aborter.abort(new Error('enough'));
  await t.rejects(given.response, { message: 'enough' });
  await eventually(() => silent.requests.every(({ socket }) => socket.destroyed));
});

import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:tls';
import { ProtocolError } from 'barewire/base';
import { EventSource, type EventSourceOptions, HandshakeRefused } from 'barewire/client';
import t, { type Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { type RawRequest, type RawServer, rawServer } from '../support/raw-server.ts';
import { eventually } from '../support/sockets.ts';

type Answer = (request: RawRequest) => void;

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';

/** Begins a stream and leaves it open. */
const stream =
  (body = ''): Answer =>
  ({ socket }) => {
    socket.write(HEAD + body);
  };
/** A whole stream, up to its end. */
const whole =
  (body: string): Answer =>
  ({ socket }) => {
    socket.end(HEAD + body);
  };
const status =
  (code: number, fields = ''): Answer =>
  ({ socket }) => {
    socket.end(`HTTP/1.1 ${code} X\r\nContent-Length: 0\r\n${fields}\r\n`);
  };

interface Heard {
  readonly source: EventSource;
  readonly world: FakeWorld;
  readonly server: RawServer;
  readonly seen: string[];
}

/** Listens to a server that answers its connections one after the other. */
async function listen(
  t: Test,
  answers: readonly Answer[],
  options: EventSourceOptions = {},
  path = '/',
): Promise<Heard> {
  const rest = [...answers];
  const server = await rawServer(t, (request) => rest.shift()?.(request));
  return { ...hear(t, `http://127.0.0.1:${server.port}${path}`, options), server };
}

function hear(t: Test, url: string, options: EventSourceOptions): Omit<Heard, 'server'> {
  const world = new FakeWorld();
  const source = new EventSource(url, options, world);
  const seen: string[] = [];
  source.onopen = () => seen.push(`open ${source.readyState}`);
  source.onmessage = ({ data, lastEventId }) => seen.push(`message ${data} ${lastEventId}`.trim());
  source.onerror = () => seen.push(`error ${source.readyState}`);
  t.teardown(() => source.close());
  return { source, world, seen };
}

// ── the interface ────────────────────────────────────────────────────────────────────────────

t.test('has its states, its URL and its handlers [sse-9.2.2-16, sse-9.2.2-18]', async (t) => {
  t.strictSame([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
  const { source, seen } = await listen(t, [stream()], {}, '/a?b#c');
  t.strictSame([source.CONNECTING, source.OPEN, source.CLOSED], [0, 1, 2]);
  t.equal(source.readyState, 0);
  t.match(source.url, /^http:\/\/127\.0\.0\.1:\d+\/a\?b#c$/);
  await eventually(() => seen.length === 1);
  t.strictSame(seen, ['open 1']);
  for (const handler of [source.onopen, source.onmessage, source.onerror]) {
    t.type(handler, 'function');
  }
  source.onopen = 5 as never;
  t.equal(source.onopen, null);
  source.close();
  t.equal(source.readyState, 2);
});

t.test('throws a SyntaxError for a bad URL, at once [sse-9.2.2-5]', (t) => {
  for (const url of ['/relative', '', 'http://', 'ftp://a/', 'ws://a/', 'http://a:99999/']) {
    t.throws(() => new EventSource(url), { name: 'SyntaxError' }, url);
  }
  t.end();
});

t.test('refuses bad options, at once', (t) => {
  const bad: [EventSourceOptions, string][] = [
    [{ headers: { host: 'b' } }, 'invalid-header'],
    [{ headers: { 'Last-Event-ID': '1' } }, 'invalid-header'],
    [{ headers: { a: 'b\r\nc: d' } }, 'invalid-header'],
    [{ lastEventId: 'a\nb' }, 'invalid-option'],
    [{ lastEventId: 5 as never }, 'invalid-option'],
    [{ reconnectionMs: -1 }, 'invalid-option'],
    [{ maxDelayMs: 0 }, 'invalid-option'],
    [{ maxAttempts: -1 }, 'invalid-option'],
    [{ maxRedirects: 1.5 }, 'invalid-option'],
    [{ idleTimeoutMs: 0 }, 'invalid-option'],
    [{ idleTimeoutMs: Number.NaN }, 'invalid-option'],
    [{ handshakeTimeoutMs: -1 }, 'invalid-option'],
    [{ maxEventBytes: -1 }, 'invalid-option'],
    [{ proxy: 'socks://a/' }, 'invalid-option'],
    [{ proxy: 'http://a/', socketPath: '/b' }, 'invalid-option'],
  ];
  for (const [options, code] of bad) {
    t.throws(() => new EventSource('http://127.0.0.1:1/', options), { code }, String(code));
  }
  t.end();
});

t.test('asks as the standard says [sse-9.2.2-3, sse-9.2.2-7, sse-9.2.2-8]', async (t) => {
  const { server, seen, source } = await listen(
    t,
    [stream()],
    { headers: { authorization: 'Bearer x', 'x-a': 'b' }, withCredentials: true },
    '/news?a=b',
  );
  await eventually(() => seen.length === 1);
  t.equal(
    server.requests[0]!.head,
    `GET /news?a=b HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
      'Accept: text/event-stream\r\nAccept-Encoding: identity\r\nCache-Control: no-cache\r\n' +
      'Connection: close\r\nauthorization: Bearer x\r\nx-a: b\r\n\r\n',
  );
  t.equal(source.withCredentials, true);
  t.equal(new EventSource('http://127.0.0.1:1/', {}, new FakeWorld()).withCredentials, false);
});

t.test('names events by type, with data, position and origin [sse-9.2.6-23]', async (t) => {
  const { source, server } = await listen(t, [
    stream('event: price\ndata: {"a":1}\nid: 7\n\ndata: x\n\n'),
  ]);
  const events: MessageEvent[] = [];
  source.addEventListener('price', (event) => events.push(event));
  source.addEventListener('message', (event) => events.push(event));
  await eventually(() => events.length === 2);
  const origin = `http://127.0.0.1:${server.port}`;
  t.match(events[0], { type: 'price', data: '{"a":1}', lastEventId: '7', origin });
  t.match(events[1], { type: 'message', data: 'x', lastEventId: '7', origin });
  t.equal(source.lastEventId, '7');
});

// ── what is a stream, and what is not ────────────────────────────────────────────────────────

interface ConnectionCase {
  readonly name: string;
  readonly response?: {
    readonly status: number;
    readonly contentType?: string;
    readonly location?: string;
  };
  readonly expect: unknown;
}

const vectors = new URL('../../../spec/vectors/event-stream-cases.json', import.meta.url);
const CASES = (JSON.parse(readFileSync(vectors, 'utf8')).connection as ConnectionCase[]).filter(
  ({ response }) => response?.status !== undefined,
);

t.test('takes 200 with the right type, redirects, and nothing else', async (t) => {
  t.equal(CASES.length, 14);
  for (const { name, response, expect } of CASES) {
    const { contentType, location } = response!;
    const fields =
      (contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`) +
      (location === undefined ? '' : `Location: ${location}\r\n`);
    const first: Answer = ({ socket }) => {
      socket.write(`HTTP/1.1 ${response!.status} X\r\n${fields}\r\n`);
    };
    const { seen, server } = await listen(t, [first, stream()]);
    await eventually(() => seen.length === 1);
    t.equal(seen[0], expect === 'open' ? 'open 1' : 'error 2', name);
    t.equal(server.connections(), location === undefined ? 1 : 2, name);
  }
});

t.test('fails for good, with one error that says why [sse-9.2.2-13, sse-9.2.2-14]', async (t) => {
  const types = ['', 'Content-Type: text/html\r\n', 'Content-Type: text/event-streams\r\n'];
  const coded = 'Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n';
  for (const fields of [...types, coded]) {
    const { seen, source, world } = await listen(t, [status(200, fields), stream()]);
    const errors: unknown[] = [];
    source.addEventListener('error', ({ error }) => errors.push(error));
    await eventually(() => seen.length === 1);
    t.strictSame(seen, ['error 2']);
    t.ok(errors[0] instanceof HandshakeRefused, fields);
    t.strictSame(world.waiting, [], 'it does not come back [sse-9.2.3-17]');
  }
  for (const type of [
    'Text/Event-Stream',
    'text/event-stream; charset=latin1',
    'text/event-stream ;',
  ]) {
    const { seen } = await listen(t, [status(200, `Content-Type: ${type}\r\n`)]);
    await eventually(() => seen.length > 0);
    t.equal(seen[0], 'open 1', type);
  }
});

// ── coming back ──────────────────────────────────────────────────────────────────────────────

t.test('comes back after the end, until a 204 says stop [sse-9.2.1-3, sse-9.2.3-3]', async (t) => {
  const { seen, world, server } = await listen(t, [
    whole('retry: 2\ndata: opened\n\n'),
    whole('data: reconnected\n\n'),
    status(204),
    stream('data: never\n\n'),
  ]);
  for (const count of [3, 6]) {
    await eventually(() => seen.length === count);
    world.advance(6);
  }
  await eventually(() => seen.length === 7);
  t.strictSame(seen, [
    'open 1',
    'message opened',
    'error 0',
    'open 1',
    'message reconnected',
    'error 0',
    'error 2',
  ]);
  world.advance(1_000_000);
  t.equal(server.connections(), 3);
});

t.test(
  'waits the reconnection time and the lot behind it [sse-9.2.2-2, sse-9.2.3-11]',
  async (t) => {
    const { seen, world, server } = await listen(t, [whole(''), whole('retry: 10\n'), stream()]);
    await eventually(() => seen.length === 2);
    t.strictSame(world.waiting, [6000]);
    world.lot = 0;
    world.advance(6000);
    await eventually(() => seen.length === 4);
    t.strictSame(world.waiting, [10]);
    world.advance(9);
    t.equal(server.connections(), 2);
    world.advance(1);
    await eventually(() => seen.length === 5);
  },
);

t.test('waits longer while attempts fail, and has enough when told [sse-9.2.3-12]', async (t) => {
  const cut: Answer = ({ socket }) => socket.destroy();
  const options = { reconnectionMs: 100, maxDelayMs: 400, maxAttempts: 3 };
  const { seen, world } = await listen(t, [cut, cut, cut, cut], options);
  const delays: number[] = [];
  for (let count = 1; count <= 3; count += 1) {
    await eventually(() => seen.length === count);
    delays.push(...world.waiting);
    world.advance(400);
  }
  await eventually(() => seen.length === 4);
  t.strictSame(delays, [200, 350, 400]);
  t.strictSame(seen, ['error 0', 'error 0', 'error 0', 'error 2']);
});

t.test('names its position in UTF-8 when it comes back [sse-9.2.3-14, sse-9.2.4-1]', async (t) => {
  const { seen, world, server } = await listen(t, [
    whole('retry: 1\nid: …\n\n'),
    whole('data: x\n\nid\n\ndata: cut off\nid: never'),
    stream(),
  ]);
  await eventually(() => seen.length === 2);
  world.advance(3);
  await eventually(() => seen.length === 5);
  world.advance(3);
  await eventually(() => seen.length === 6);
  const ids = server.requests.map((request) => request.field('last-event-id'));
  t.strictSame(ids, [undefined, Buffer.from('…').toString('latin1'), undefined]);
  t.equal(seen[3], 'message x …');
});

t.test('begins with the position that it is given', async (t) => {
  const { seen, server, source } = await listen(t, [stream()], { lastEventId: '41' });
  t.equal(source.lastEventId, '41');
  await eventually(() => seen.length === 1);
  t.equal(server.requests[0]!.field('last-event-id'), '41');
});

t.test('comes back when the network fails, before and in a stream [sse-9.2.2-12]', async (t) => {
  const { seen, world } = await listen(
    t,
    [
      ({ socket }) => socket.destroy(),
      ({ socket }) => socket.write('HTTP/1.1 200 OK\r\nbad head\r\n\r\n'),
      (request) => {
        request.socket.write(
          `${HEAD.slice(0, -2)}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\nno chunk\r\n`,
        );
      },
      (request) => {
        request.socket.end(`${HEAD.slice(0, -2)}Content-Length: 100\r\n\r\ndata: y\n\n`);
      },
      stream(),
    ],
    { reconnectionMs: 1, maxDelayMs: 1 },
  );
  for (const count of [1, 2, 5, 8]) {
    await eventually(() => seen.length === count);
    world.advance(3);
  }
  await eventually(() => seen.length === 9);
  const parts = ['error 0', 'error 0', 'open 1', 'message x', 'error 0', 'open 1', 'message y'];
  t.strictSame(seen, [...parts, 'error 0', 'open 1']);
});

t.test('does not come back to a certificate that is not to be trusted', async (t) => {
  const server = createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
    socket.end(`${HEAD}data: secret\n\n`);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const distrusted = hear(t, `https://127.0.0.1:${port}/`, {});
  await eventually(() => distrusted.seen.length === 1);
  t.strictSame(distrusted.seen, ['error 2']);
  const trusted = hear(t, `https://127.0.0.1:${port}/`, { tls: { ca: CERTIFICATE } });
  await eventually(() => trusted.seen.length >= 2);
  t.strictSame(trusted.seen.slice(0, 2), ['open 1', 'message secret']);
});

t.test('takes a silent stream for dead, when told so', async (t) => {
  const { seen, world, server, source } = await listen(t, [stream(), stream()], {
    idleTimeoutMs: 1000,
    reconnectionMs: 1,
  });
  const errors: unknown[] = [];
  source.addEventListener('error', ({ error }) => errors.push(error));
  await eventually(() => seen.length === 1 && world.waiting.length === 1);
  server.requests[0]!.socket.write('data: x\n\n');
  await eventually(() => seen.length === 2);
  world.advance(1000);
  t.equal(seen.length, 2, 'bytes have come since');
  world.advance(1000);
  await eventually(() => seen.length === 3);
  t.match(errors[0], { code: 'idle-timeout' });
  world.advance(3);
  await eventually(() => seen.length === 4);
  t.equal(seen[3], 'open 1');
});

t.test(
  'watches a stream no longer than until it is closed, however slow its loop is',
  async (t) => {
    const { seen, world, server, source } = await listen(t, [stream()], { idleTimeoutMs: 1000 });
    const events = source[Symbol.asyncIterator]();
    await eventually(() => seen.length === 1 && world.waiting.length === 1);
    server.requests[0]!.socket.write('data: x\n\n'.repeat(70));
    await eventually(() => seen.length > 64);
    source.close();
    t.strictSame(world.waiting, [], 'no alarm is left');
    t.match(await events.next(), { value: { data: 'x' } });
  },
);

t.test('gives up an attempt that takes too long, and tries again', async (t) => {
  const { seen, world, server } = await listen(t, [() => {}, stream()], {
    handshakeTimeoutMs: 500,
    reconnectionMs: 1,
  });
  await eventually(() => server.requests.length === 1);
  world.advance(500);
  await eventually(() => seen.length === 1);
  world.advance(3);
  await eventually(() => seen.length === 2);
  t.strictSame(seen, ['error 0', 'open 1']);
});

// ── the end ──────────────────────────────────────────────────────────────────────────────────

t.test('close stops everything, in each state [sse-9.2.2-19, sse-9.2.3-13]', async (t) => {
  const early = await listen(t, [stream('data: x\n\n')]);
  early.source.close();
  t.equal(early.source.readyState, 2);

  const waiting = await listen(t, [whole(''), stream()]);
  await eventually(() => waiting.seen.length === 2);
  waiting.source.close();
  t.strictSame(waiting.world.waiting, []);
  waiting.world.advance(100_000);
  t.equal(waiting.server.connections(), 1);

  const failing = await listen(t, [whole(''), stream()]);
  failing.source.addEventListener('error', () => failing.source.close());
  await eventually(() => failing.source.readyState === 2);
  t.strictSame(failing.world.waiting, []);
  t.strictSame(failing.seen, ['open 1', 'error 0']);

  const inside = await listen(t, [stream('data: a\n\ndata: b\n\n')]);
  inside.source.addEventListener('message', () => inside.source.close());
  await eventually(() => inside.seen.length === 2);
  let isCut = false;
  inside.server.requests[0]!.socket.on('close', () => {
    isCut = true;
  });
  await eventually(() => isCut);
  t.strictSame(inside.seen, ['open 1', 'message a'], 'not even what had come [sse-9.2.6-26]');

  const controller = new AbortController();
  const signalled = await listen(t, [stream()], { signal: controller.signal });
  await eventually(() => signalled.seen.length === 1);
  controller.abort();
  t.equal(signalled.source.readyState, 2);
  const aborted = new EventSource('http://127.0.0.1:1/', { signal: AbortSignal.abort() });
  t.equal(aborted.readyState, 2);
  for (const { seen } of [early, signalled]) t.ok(seen.length <= 1);
});

t.test('an event beyond the limit is the end: it would come again', async (t) => {
  const { seen, source } = await listen(t, [stream(`data: ${'x'.repeat(2000)}\n\n`)], {
    maxEventBytes: 1000,
  });
  const errors: unknown[] = [];
  source.addEventListener('error', ({ error }) => errors.push(error));
  await eventually(() => seen.length === 2);
  t.strictSame(seen, ['open 1', 'error 2']);
  t.ok(errors[0] instanceof ProtocolError);
});

// ── redirects ────────────────────────────────────────────────────────────────────────────────

t.test('follows redirects, tells their origin, and begins with the first URL again', async (t) => {
  const target = await rawServer(t, whole('data: moved\n\n'));
  const location = `http://127.0.0.1:${target.port}/there`;
  const moved = status(307, `Location: ${location}\r\n`);
  const { source, seen, world, server } = await listen(t, [moved, moved], {
    headers: { authorization: 'Bearer secret', 'user-agent': 'me' },
    reconnectionMs: 1,
  });
  const origins: string[] = [];
  source.addEventListener('message', ({ origin }) => origins.push(origin));
  await eventually(() => seen.length === 3);
  world.advance(3);
  await eventually(() => seen.length === 6);
  t.strictSame(origins, [`http://127.0.0.1:${target.port}`, `http://127.0.0.1:${target.port}`]);
  t.match(source.url, new RegExp(`:${server.port}/$`));
  t.equal(server.connections(), 2);
  t.equal(server.requests[0]!.field('authorization'), 'Bearer secret');
  for (const request of target.requests) {
    t.equal(request.field('authorization'), undefined);
    t.equal(request.field('user-agent'), 'me');
  }
});

t.test('follows no more redirects than asked', async (t) => {
  const again = status(302, 'Location: /\r\n');
  const round = await rawServer(t, again);
  const { seen } = hear(t, `http://127.0.0.1:${round.port}/`, { maxRedirects: 2 });
  await eventually(() => seen.length === 1);
  t.strictSame(seen, ['error 2']);
  t.equal(round.connections(), 3);
});

// ── for await ────────────────────────────────────────────────────────────────────────────────

t.test('one loop reads through all connections, events of all types', async (t) => {
  const { source, world, seen } = await listen(
    t,
    [whole('data: a\n\n'), stream('event: b\ndata: b\nid: 2\n\n')],
    { reconnectionMs: 1 },
  );
  const events: unknown[] = [];
  const reading = (async () => {
    for await (const event of source) {
      events.push(event);
      if (events.length === 2) break;
    }
  })();
  await eventually(() => seen.includes('error 0'));
  world.advance(3);
  await reading;
  t.strictSame(events, [
    { type: 'message', data: 'a', lastEventId: '' },
    { type: 'b', data: 'b', lastEventId: '2' },
  ]);
  t.equal(source.readyState, 2, 'leaving the loop closes');
  t.throws(() => source[Symbol.asyncIterator](), { code: 'already-reading' });
});

t.test('the loop throws when the source fails for good, and ends when it is closed', async (t) => {
  const failing = await listen(t, [status(500)]);
  await t.rejects(failing.source[Symbol.asyncIterator]().next(), HandshakeRefused);
  const closing = await listen(t, [stream()]);
  const next = closing.source[Symbol.asyncIterator]().next();
  closing.source.close();
  t.strictSame(await next, { value: undefined, done: true });
});

t.test('a loop that begins behind the end learns of it at once', async (t) => {
  const { source, seen } = await listen(t, [status(500)]);
  await eventually(() => seen.length === 1);
  await t.rejects(source[Symbol.asyncIterator]().next(), HandshakeRefused);
  const closed = await listen(t, [stream()]);
  closed.source.close();
  const next = closed.source[Symbol.asyncIterator]().next();
  t.strictSame(await next, { value: undefined, done: true });
});

t.test('a slow loop slows the server down', async (t) => {
  const total = 64 * 1024 * 1024;
  const { source, server } = await listen(t, [stream()]);
  const iterator = source[Symbol.asyncIterator]();
  await eventually(() => server.requests.length === 1);
  const { socket } = server.requests[0]!;
  const event = `data: ${'x'.repeat(64 * 1024)}\n\n`;
  let sent = 0;
  while (sent < total && socket.writableLength < 1024 * 1024) {
    socket.write(event);
    sent += event.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(sent < total, `${sent} bytes until it stood still`);
  let read = 0;
  while (read < sent) {
    const { value } = await iterator.next();
    read += value!.data.length + 8;
  }
  t.equal(read, sent);
});

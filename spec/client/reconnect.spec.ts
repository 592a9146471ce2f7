import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ENTRY_OVERHEAD_BYTES, ProtocolError, UsageError } from 'barewire/base';
import {
  type CloseEvent,
  HandshakeRefused,
  type ReconnectCause,
  type ReconnectingEvent,
  type ReconnectOptions,
  WebSocket,
} from 'barewire/client';
import { Fields, formatHttpDate } from 'barewire/http';
import t, { type Test } from 'tap';
import { isWorthRetrying, Reconnection } from '../../lib/client/reconnect.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { type RawRequest, type RawServer, rawServer } from '../support/raw-server.ts';
import { eventually } from '../support/sockets.ts';

const refused = (status: number, lines: [string, string][] = []): HandshakeRefused =>
  new HandshakeRefused(
    'server',
    { status, reason: '', fields: Fields.from(lines) },
    Buffer.alloc(0),
  );
const system = (code: string): Error => Object.assign(new Error(code), { code });
const attempt = (error: Error): ReconnectCause => ({
  error,
  code: 1006,
  reason: '',
  wasOpen: false,
  unsentBytes: 0,
});
const closed = (code: number, error?: Error): ReconnectCause => ({
  error,
  code,
  reason: '',
  wasOpen: true,
  unsentBytes: 0,
});

t.test('knows what may heal, and what will be alike the next time', (t) => {
  const heals = [
    ...[408, 425, 429, 500, 502, 503, 504].map((status) => attempt(refused(status))),
    ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ENOENT'].map((code) =>
      attempt(system(code)),
    ),
    attempt(new ProtocolError('handshake-timeout')),
    attempt(new ProtocolError('premature-eof')),
    ...[1001, 1006, 1011, 1012, 1013, 1014].map((code) => closed(code)),
    closed(1006, system('ECONNRESET')),
    closed(1006, new Error('the connection was lost')),
    closed(1006, new ProtocolError('pong-timeout')),
  ];
  for (const cause of heals) t.equal(isWorthRetrying(cause), true, nameOf(cause));
  const stays = [
    ...[200, 301, 400, 401, 403, 404, 407, 410, 426, 501, 505].map((s) => attempt(refused(s))),
    attempt(system('ERR_TLS_CERT_ALTNAME_INVALID')),
    attempt(system('DEPTH_ZERO_SELF_SIGNED_CERT')),
    attempt(new ProtocolError('bad-accept')),
    attempt(new UsageError('invalid-argument', 'x')),
    attempt(new Error('whatever createConnection threw')),
    ...[1000, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 3000, 4999].map((code) => closed(code)),
    closed(1006, new ProtocolError('frame-not-masked')),
    closed(1006, new ProtocolError('idle-timeout')),
    closed(1006, new ProtocolError('slow-consumer')),
  ];
  for (const cause of stays) t.equal(isWorthRetrying(cause), false, nameOf(cause));
  t.end();
});

function nameOf({ error, code }: ReconnectCause): string {
  return `${code} ${error?.message ?? ''}`;
}

t.test('waits for Retry-After and the lot behind it, up to a bound', (t) => {
  const world = new FakeWorld();
  const next = (value: string, options: ReconnectOptions = {}): number | undefined => {
    const reconnection = new Reconnection({ minDelayMs: 1000, ...options }, world);
    return reconnection.next(attempt(refused(503, [['Retry-After', value]])))?.delayMs;
  };
  t.equal(next('20'), 22_000);
  t.equal(next(formatHttpDate(world.epochNow() + 20_000)), 22_000);
  t.equal(next('600'), 602_000);
  t.equal(next('601'), undefined);
  t.equal(next('601', { maxRetryAfterMs: 700_000 }), 603_000);
  t.equal(next('nonsense'), 2000);
  t.end();
});

t.test('lets the caller decide, and tells what it would do itself', (t) => {
  const asked: [number, boolean][] = [];
  const shouldReconnect = ({ code }: ReconnectCause, usual: boolean): boolean => {
    asked.push([code, usual]);
    return code === 4001;
  };
  const reconnection = new Reconnection({ shouldReconnect }, new FakeWorld());
  t.strictSame(reconnection.next(closed(4001)), { attempt: 1, delayMs: 2000 });
  t.equal(reconnection.next(closed(1012)), undefined);
  t.strictSame(asked, [
    [4001, false],
    [1012, true],
  ]);
  t.end();
});

t.test('refuses bad options before anything is opened', (t) => {
  const bad: unknown[] = [
    'yes',
    5,
    null,
    { maxQueuedBytes: -1 },
    { maxQueuedBytes: Number.NaN },
    { maxRetryAfterMs: -1 },
    { shouldReconnect: true },
    { minDelayMs: 0 },
  ];
  for (const reconnect of bad) {
    t.throws(() => new WebSocket('ws://127.0.0.1:1/', [], { reconnect: reconnect as true }), {
      code: 'invalid-option',
    });
  }
  t.end();
});

/** A WebSocket that comes back, with what it has seen. */
function reconnecting(
  t: Test,
  url: string,
  options: ReconnectOptions = {},
): { socket: WebSocket; world: FakeWorld; seen: string[]; signal: AbortController } {
  const world = new FakeWorld();
  const signal = new AbortController();
  const reconnect = { minDelayMs: 100, stableMs: 5000, ...options };
  const socket = new WebSocket(url, [], { reconnect, signal: signal.signal }, world);
  const seen: string[] = [];
  socket.onopen = () => seen.push(`open ${socket.readyState}`);
  socket.onmessage = ({ data }) => seen.push(`message ${data}`);
  socket.onerror = ({ message }) => seen.push(`error ${message}`);
  socket.onclose = ({ code }: CloseEvent) => seen.push(`close ${code}`);
  socket.onreconnecting = ({ attempt, delayMs, cause }: ReconnectingEvent) =>
    seen.push(`reconnecting ${attempt} ${delayMs} ${cause.code} ${socket.readyState}`);
  t.teardown(() => socket.terminate());
  return { socket, world, seen, signal };
}

/** Answers the connections one after the other. */
function inTurn(t: Test, ...answers: ((request: RawRequest) => void)[]): Promise<RawServer> {
  return rawServer(t, (request) => answers.shift()?.(request));
}

/** Opens, sends frames and ends, as a server does behind its close frame. */
const say =
  (...frames: Buffer[]) =>
  (request: RawRequest): void => {
    request.switch('', Buffer.concat(frames));
    request.socket.end();
  };
const text = (payload: string): Buffer => Buffer.from(`\x81\x01${payload}`, 'latin1');
const CLOSE_1012 = Buffer.from('880203f4', 'hex');
const CLOSE_1000 = Buffer.from('880203e8', 'hex');

t.test('comes back when the server restarts, and after the network has failed', async (t) => {
  const server = await inTurn(
    t,
    say(text('a'), CLOSE_1012),
    (request) => request.socket.destroy(),
    (request) => request.switch('', text('b')),
  );
  const { socket, world, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  await eventually(() => seen.length === 3);
  world.advance(199);
  t.equal(server.requests.length, 1);
  world.advance(1);
  await eventually(() => seen.length === 4);
  world.advance(350);
  await eventually(() => seen.length === 6);
  t.strictSame(seen, [
    'open 1',
    'message a',
    'reconnecting 1 200 1012 0',
    'reconnecting 2 350 1006 0',
    'open 1',
    'message b',
  ]);
  socket.close(1000);
  t.equal(socket.readyState, 2);
});

t.test('ends when we close, when the server is done, and when it says no', async (t) => {
  const ours = reconnecting(
    t,
    `ws://127.0.0.1:${(await inTurn(t, (request) => request.switch())).port}/`,
  );
  await eventually(() => ours.seen.length === 1);
  ours.socket.terminate();
  await eventually(() => ours.seen.length === 2);
  t.strictSame(ours.seen, ['open 1', 'close 1006']);

  const done = await inTurn(t, say(CLOSE_1000));
  const theirs = reconnecting(t, `ws://127.0.0.1:${done.port}/`);
  await eventually(() => theirs.seen.length === 2);
  t.strictSame(theirs.seen, ['open 1', 'close 1000']);

  const no = await inTurn(t, ({ socket }) =>
    socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'),
  );
  const refusal = reconnecting(t, `ws://127.0.0.1:${no.port}/`);
  await eventually(() => refusal.seen.length === 2);
  t.strictSame(refusal.seen, ['error the server answered 401 Unauthorized', 'close 1006']);
  for (const { world } of [ours, theirs, refusal]) t.strictSame(world.waiting, []);
});

t.test('ends when shouldReconnect fails, or does not answer at once', async (t) => {
  const failing = (): boolean => {
    throw new Error('in the option');
  };
  const late = (async () => true) as unknown as () => boolean;
  for (const [shouldReconnect, message] of [
    [failing, 'in the option'],
    [late, 'shouldReconnect must answer true or false, and at once'],
  ] as const) {
    const lost = await inTurn(t, say(CLOSE_1012));
    const { seen, world } = reconnecting(t, `ws://127.0.0.1:${lost.port}/`, { shouldReconnect });
    await eventually(() => seen.length === 3);
    t.strictSame(seen, ['open 1', `error ${message}`, 'close 1012']);
    t.strictSame(world.waiting, []);
    const none = await inTurn(t, ({ socket }) => socket.destroy());
    const second = reconnecting(t, `ws://127.0.0.1:${none.port}/`, { shouldReconnect });
    await t.rejects(second.socket[Symbol.asyncIterator]().next(), { message });
    t.strictSame(second.seen, [`error ${message}`, 'close 1006']);
  }
});

t.test('tells what had not left when the connection was lost', async (t) => {
  const server = await inTurn(t, (request) => {
    request.switch();
    request.socket.pause();
  });
  const { socket, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  await eventually(() => seen.length === 1);
  socket.send(Buffer.alloc(12_000_000));
  await new Promise((go) => setImmediate(go));
  server.requests[0]!.socket.resetAndDestroy();
  const [event] = (await once(socket, 'reconnecting')) as [ReconnectingEvent];
  t.ok(event.cause.unsentBytes > 1_000_000, `${event.cause.unsentBytes} bytes`);
  t.equal(socket.bufferedAmount, 0, 'nothing waits for the next connection');
});

t.test('honours 503 with Retry-After', async (t) => {
  const server = await inTurn(
    t,
    ({ socket }) => socket.end('HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n'),
    (request) => request.switch(),
  );
  const { world, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  await eventually(() => seen.length === 1);
  world.advance(7199);
  t.equal(server.requests.length, 1);
  world.advance(1);
  await eventually(() => seen.length === 2);
  t.strictSame(seen, ['reconnecting 1 7200 1006 0', 'open 1']);
});

t.test('gives up after so many attempts, with the last error', async (t) => {
  const server = await rawServer(t, ({ socket }) => socket.destroy());
  const options = { maxAttempts: 2 };
  const { world, seen, socket } = reconnecting(t, `ws://127.0.0.1:${server.port}/`, options);
  await eventually(() => seen.length === 1);
  world.advance(200);
  await eventually(() => seen.length === 2);
  world.advance(350);
  await eventually(() => seen.length === 4);
  t.match(seen[2], /^error /);
  t.equal(seen[3], 'close 1006');
  t.equal(socket.readyState, 3);
  t.equal(server.connections(), 3);
});

t.test('stops waiting when it is closed, or the signal says so', async (t) => {
  for (const way of ['close', 'terminate', 'signal'] as const) {
    const server = await rawServer(t, ({ socket }) => socket.destroy());
    const { socket, world, seen, signal } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
    await eventually(() => seen.length === 1);
    if (way === 'signal') signal.abort(new Error('enough'));
    else socket[way]();
    t.equal(seen.length, 1, 'events come after the call');
    await eventually(() => seen.length === 3);
    t.match(seen.slice(1), [/^error /, 'close 1006'], way);
    t.strictSame(world.waiting, []);
    world.advance(100_000);
    t.equal(server.connections(), 1);
  }
});

t.test(
  'does not come back once the signal was aborted, though it leaves what is open',
  async (t) => {
    const server = await inTurn(t, (request) => request.switch());
    const { seen, signal, socket } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
    await eventually(() => seen.length === 1);
    signal.abort();
    t.equal(socket.readyState, 1);
    server.requests[0]!.socket.destroy();
    await eventually(() => seen.length === 3);
    t.match(seen, ['open 1', /^error /, 'close 1006']);
  },
);

t.test('refuses messages while there is no connection, unless they may be kept', async (t) => {
  const server = await inTurn(t, ({ socket }) => socket.destroy());
  const { socket, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  t.throws(() => socket.send('x'), { name: 'InvalidStateError' });
  await eventually(() => seen.length === 1);
  t.throws(() => socket.send('x'), { name: 'InvalidStateError' });
  t.equal(socket.bufferedAmount, 0);
});

t.test('keeps messages up to the bound, and sends them behind what open says', async (t) => {
  const server = await inTurn(
    t,
    ({ socket }) => socket.destroy(),
    (request) => request.switch(),
  );
  const { socket, seen, world } = reconnecting(t, `ws://127.0.0.1:${server.port}/`, {
    maxQueuedBytes: 6 + 2 * ENTRY_OVERHEAD_BYTES,
  });
  socket.send('one');
  await eventually(() => seen.length === 1);
  socket.send(new Blob(['two']));
  t.throws(() => socket.send('!'), { code: 'invalid-state' });
  t.equal(socket.bufferedAmount, 6);
  socket.addEventListener('open', () => socket.send('hello'));
  world.advance(200);
  const { socket: near } = await new Promise<RawRequest>((resolve) => {
    void eventually(() => server.requests.length === 2).then(() => resolve(server.requests[1]!));
  });
  const bytes: Buffer[] = [];
  near.on('data', (chunk) => bytes.push(chunk));
  await eventually(() => Buffer.concat(bytes).length >= 11 + 9 + 9 + 6);
  // A Blob is sent in pieces, and its last frame is empty.
  t.strictSame(unmask(Buffer.concat(bytes)), ['hello', 'one', 'two', '']);
});

t.test('counts what was kept and never sent', async (t) => {
  const server = await inTurn(t, ({ socket }) => socket.destroy());
  const options = { maxQueuedBytes: 1000, maxAttempts: 0 };
  const { socket, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`, options);
  socket.send('lost');
  await eventually(() => seen.length === 2);
  t.equal(socket.bufferedAmount, 4);
});

t.test('one loop reads through all connections', async (t) => {
  const server = await inTurn(t, say(text('a'), CLOSE_1012), say(text('b'), CLOSE_1000));
  const { socket, world, seen } = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  const reading = (async () => {
    const messages: unknown[] = [];
    for await (const message of socket) messages.push(message);
    return messages;
  })();
  await eventually(() => seen.some((line) => line.startsWith('reconnecting')));
  world.advance(200);
  t.strictSame(await reading, ['a', 'b']);
});

t.test('a connection that lasted begins a new row of attempts', async (t) => {
  const listener: Server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on('error', () => {});
    socket.destroy();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const { port } = listener.address() as { port: number };
  const { seen, world } = reconnecting(t, `ws://127.0.0.1:${port}/`);
  await eventually(() => seen.length === 1);
  world.advance(200);
  await eventually(() => seen.length === 2);
  t.match(seen, [/^reconnecting 1 200/, /^reconnecting 2 350/]);
  const server = await inTurn(
    t,
    (request) => request.switch(),
    (request) => request.switch(),
  );
  const stable = reconnecting(t, `ws://127.0.0.1:${server.port}/`);
  for (const [connection, passedMs] of [1, 6000].entries()) {
    await eventually(() => stable.seen.at(-1) === 'open 1');
    stable.world.advance(passedMs);
    server.requests[connection]!.socket.destroy();
    await eventually(() => stable.seen.at(-1) !== 'open 1');
    stable.world.advance(200);
  }
  t.match(stable.seen, ['open 1', /^reconnecting 1 200/, 'open 1', /^reconnecting 1 200/]);
});

/** The payloads of short masked frames. */
function unmask(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1]! & 0x7f;
    const key = bytes.subarray(at + 2, at + 6);
    const payload = Buffer.from(bytes.subarray(at + 6, at + 6 + length));
    texts.push(payload.map((byte, index) => byte ^ key[index % 4]!).toString());
    at += 6 + length;
  }
  return texts;
}

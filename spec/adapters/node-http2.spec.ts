import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AdapterEndpoint, acceptStream, isWebSocketConnect } from 'barewire/adapters';
import { connectOverHttp2, HandshakeRefused } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { FakeWorld } from '../support/fake-world.ts';
import { eventually, listen } from '../support/sockets.ts';

interface Pair {
  readonly server: Http2Server;
  readonly session: ClientHttp2Session;
  readonly accepted: Promise<WebSocketPeer | undefined>[];
  readonly url: string;
}

/** An HTTP/2 server without TLS, and a session with it. */
async function pair(t: Test, endpoint: AdapterEndpoint, isAllowed = true): Promise<Pair> {
  const server = createServer({ settings: { enableConnectProtocol: isAllowed } });
  const accepted: Promise<WebSocketPeer | undefined>[] = [];
  server.on('stream', (stream, headers) => {
    if (headers[':method'] === 'CONNECT') {
      accepted.push(acceptStream(stream, headers, endpoint));
    } else {
      stream.respond({ ':status': 200 });
      stream.end('ordinary');
    }
  });
  const port = await listen(server);
  const session = connect(`http://127.0.0.1:${port}`);
  t.teardown(() => {
    session.destroy();
    server.close();
  });
  return { server, session, accepted, url: `ws://127.0.0.1:${port}/chat?a=b` };
}

const ECHO: AdapterEndpoint = { message: (peer, data) => peer.send(data) };

t.test('talks and closes on a stream, beside ordinary requests [8441-5-14]', async (t) => {
  const { session, url } = await pair(t, { ...ECHO, protocols: ['chat'], deflate: true });
  const peers = await Promise.all(
    [1, 2, 3].map(() => connectOverHttp2(session, url, { protocols: 'chat' })),
  );
  const ordinary = session.request({ ':path': '/' });
  ordinary.setEncoding('utf8');
  const [body] = await once(ordinary, 'data');
  t.equal(body, 'ordinary');
  for (const [index, peer] of peers.entries()) {
    t.match(peer, { protocol: 'chat', extensions: 'permessage-deflate' });
    const sent = [`hello ${index}`, 'x'.repeat(300_000), ''];
    for (const text of sent) peer.send(text);
    const received: unknown[] = [];
    for await (const message of peer) {
      received.push(message);
      if (received.length === 3) break;
    }
    t.strictSame(received, sent);
    t.match(await peer.closed, { wasClean: true, code: 1000, closedBy: 'us' });
  }
});

t.test('shows the request to accept, and sends its fields [8441-5-3, 8441-4-3]', async (t) => {
  const seen: unknown[] = [];
  const { session, url, accepted } = await pair(t, {
    accept(opening) {
      seen.push(opening.path, opening.query, opening.host, opening.fields.get('cookie'));
      return { data: 1, headers: { 'set-cookie': ['a=1', 'b=2'] } };
    },
  });
  const peer = await connectOverHttp2(session, url, { headers: { cookie: 'c=3' }, data: 2 });
  t.strictSame(seen, ['/chat', '?a=b', new URL(url).host, 'c=3']);
  t.strictSame([peer.data, (await accepted[0])!.data], [2, 1]);
  peer.terminate();
});

t.test('sends what RFC 8441 asks for [8441-5-1, 8441-5-2, 8441-5-7, 8441-5-8]', async (t) => {
  const { server, session, url } = await pair(t, ECHO);
  const headers: IncomingHttpHeaders[] = [];
  server.on('stream', (_stream, received) => headers.push(received));
  const peer = await connectOverHttp2(session, url, { origin: 'http://page.example' }).catch(
    (error: HandshakeRefused) => error.status,
  );
  t.equal(peer, 403);
  const { origin, ...rest } = headers[0]!;
  t.equal(origin, 'http://page.example');
  t.match(rest, {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': '/chat?a=b',
    ':authority': new URL(url).host,
    'sec-websocket-version': '13',
  });
  for (const name of ['connection', 'upgrade', 'host', 'sec-websocket-key']) {
    t.notOk(name in rest, name);
  }
  t.ok(isWebSocketConnect(headers[0]!));
  t.notOk(isWebSocketConnect({ ':method': 'GET' }));
});

t.test('refuses with a status [8441-5-11]', async (t) => {
  const { session, url } = await pair(t, {
    accept: (opening) => opening.reject(401, 'who?', { 'www-authenticate': 'Basic' }),
  });
  const error = await connectOverHttp2(session, url).catch((reason: unknown) => reason);
  t.ok(error instanceof HandshakeRefused);
  t.match(error, { status: 401 });
  t.equal((error as HandshakeRefused).fields.get('www-authenticate'), 'Basic');
  const bad = session.request({
    ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/' },
    'sec-websocket-version': '8',
  });
  const [headers] = await once(bad, 'response');
  t.match(headers, { ':status': 426, 'sec-websocket-version': '13' });
  t.notOk('upgrade' in headers);
  bad.close();
  const unknown = session.request({
    ...{ ':method': 'CONNECT', ':protocol': 'carrier-pigeon', ':scheme': 'http', ':path': '/' },
    'sec-websocket-version': '13',
  });
  t.match((await once(unknown, 'response'))[0], { ':status': 501 });
  unknown.close();
});

t.test('does not ask a server that has not allowed it [8441-3-3, 8441-9.1-1]', async (t) => {
  const { session, url, accepted } = await pair(t, ECHO, false);
  await t.rejects(connectOverHttp2(session, url), { code: 'not-supported' });
  // Once more, when the settings have come long ago.
  await t.rejects(connectOverHttp2(session, url), { code: 'not-supported' });
  t.equal(accepted.length, 0);
});

t.test('resets the stream with CANCEL when one side cuts the connection [8441-5-17]', async (t) => {
  const { server, session, url, accepted } = await pair(t, ECHO);
  const codes: number[] = [];
  server.on('stream', (stream) => stream.on('close', () => codes.push(stream.rstCode)));
  const first = await connectOverHttp2(session, url);
  const firstPeer = (await accepted[0])!;
  first.terminate();
  t.match(await firstPeer.closed, { code: 1006, closedBy: 'transport' });
  const second = await connectOverHttp2(session, url);
  (await accepted[1])!.terminate();
  second.attach({});
  t.match(await second.closed, { code: 1006, closedBy: 'transport' });
  await eventually(() => codes.length === 2);
  t.strictSame(codes, [8, 8]);
  t.notOk(session.destroyed);
});

t.test('ends the stream after the closing handshake [8441-5-16]', async (t) => {
  const { server, session, url, accepted } = await pair(t, ECHO);
  const codes: number[] = [];
  server.on('stream', (stream) => stream.on('close', () => codes.push(stream.rstCode)));
  const client = await connectOverHttp2(session, url);
  client.attach({});
  const peer = (await accepted[0])!;
  t.match(await peer.close(3001, 'bye'), { code: 3001, wasClean: true });
  t.match(await client.closed, { code: 3001, reason: 'bye', wasClean: true });
  await eventually(() => codes.length === 1);
  t.strictSame(codes, [0]);
});

t.test('rejects when the session is or goes away, and at the signal', async (t) => {
  const { session, url, accepted } = await pair(t, { accept: () => new Promise(() => {}) });
  const aborter = new AbortController();
  const aborted = connectOverHttp2(session, url, { signal: aborter.signal });
  await eventually(() => accepted.length === 1);
  aborter.abort();
  await t.rejects(aborted, { name: 'AbortError' });
  const pending = connectOverHttp2(session, url);
  await eventually(() => accepted.length === 2);
  session.destroy();
  await t.rejects(pending, Error);
  await t.rejects(connectOverHttp2(session, url), { code: 'premature-eof' });
});

/** Asks for a WebSocket and keeps its half of the stream open. */
function ask(session: ClientHttp2Session): ClientHttp2Stream {
  const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http' };
  const more = { ':path': '/', 'sec-websocket-version': '13', origin: 'http://other.example' };
  return session.request({ ...headers, ...more }, { endStream: false });
}

t.test('a refused client cannot keep its stream, and gets the whole answer', async (t) => {
  const { server, session } = await pair(t, { refused: () => {} });
  const codes: number[] = [];
  server.on('stream', (stream) => stream.on('close', () => codes.push(stream.rstCode)));
  const answers = Array.from({ length: 20 }, async () => {
    const stream = ask(session);
    let body = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      body += text;
    });
    const closed = once(stream, 'close');
    const [headers] = await once(stream, 'response');
    await closed;
    return [headers[':status'], body];
  });
  for (const answer of answers) t.strictSame(await answer, [403, 'origin not allowed']);
  await eventually(() => codes.length === 20);
  t.ok(codes.every((code) => code === 0));
});

t.test('nor by taking no byte of the answer', async (t) => {
  const world = new FakeWorld();
  const server = createServer({ settings: { enableConnectProtocol: true } });
  const streams: ServerHttp2Stream[] = [];
  server.on('stream', (stream, headers) => {
    streams.push(stream);
    void acceptStream(stream, headers, { refused: () => {}, alarm: world.after });
  });
  const port = await listen(server);
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
  t.teardown(() => {
    session.destroy();
    server.close();
  });
  await once(session, 'localSettings');
  const stream = ask(session);
  stream.on('error', () => {});
  await once(stream, 'response');
  await eventually(() => world.waiting.length === 1);
  t.equal(streams[0]!.closed && streams[0]!.destroyed, false);
  world.advance(2000);
  await eventually(() => streams[0]!.destroyed);
  t.strictSame(world.waiting, []);
});

t.test('a client that ends its half while accept thinks has gone away', async (t) => {
  const signals: AbortSignal[] = [];
  const { server, session, accepted } = await pair(t, {
    origins: ['http://other.example'],
    accept: ({ signal }) =>
      new Promise((resolve) => {
        signals.push(signal);
        signal.addEventListener('abort', () => resolve(true));
      }),
    refused: () => {},
  });
  const streams: ServerHttp2Stream[] = [];
  server.on('stream', (stream) => streams.push(stream));
  const stream = ask(session);
  stream.on('error', () => {});
  await eventually(() => signals.length === 1);
  stream.end();
  t.equal(await accepted[0], undefined);
  t.equal(signals[0]!.aborted, true);
  await eventually(() => streams[0]!.destroyed);
});

t.test('a stream that breaks off while accept thinks does no harm', async (t) => {
  let asked = 0;
  const { server, session, accepted } = await pair(t, {
    origins: ['http://other.example'],
    accept: ({ signal }) => {
      asked += 1;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(true)));
    },
  });
  const streams: ServerHttp2Stream[] = [];
  let isGone = false;
  server.on('stream', (stream) => {
    streams.push(stream);
    stream.on('close', () => {
      isGone = true;
    });
  });
  const stream = ask(session);
  stream.on('error', () => {});
  await eventually(() => asked === 1);
  streams[0]!.destroy(new Error('broken off'));
  t.equal(await accepted[0], undefined);
  await eventually(() => isGone);
  t.match(streams[0]!.errored, { message: 'broken off' });
});

t.test('answers 500 when accept adds a field that HTTP/2 does not have', async (t) => {
  const errors: unknown[] = [];
  for (const headers of [{ 'keep-alive': 'timeout=5' }, { referer: ['a', 'b'] }]) {
    const { session, url, accepted } = await pair(t, {
      accept: () => ({ headers }),
      refused: ({ error }) => errors.push(error),
    });
    const refusal = await connectOverHttp2(session, url).catch((error: unknown) => error);
    t.match(refusal, { status: 500, body: Buffer.alloc(0) });
    t.strictSame(await Promise.all(accepted), [undefined]);
  }
  t.match(errors, [
    { code: 'ERR_HTTP2_INVALID_CONNECTION_HEADERS' },
    { code: 'ERR_HTTP2_HEADER_SINGLE_VALUE' },
  ]);
});

t.test('shows fields of several lines one by one', async (t) => {
  const seen: unknown[] = [];
  const { session } = await pair(t, {
    accept(opening) {
      seen.push(opening.fields.getAll('set-cookie'));
      return false;
    },
    refused: () => {},
  });
  const stream = session.request({
    ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/' },
    ...{ 'sec-websocket-version': '13', 'set-cookie': ['a=1', 'b=2'] },
  });
  t.match((await once(stream, 'response'))[0], { ':status': 403 });
  t.strictSame(seen, [['a=1', 'b=2']]);
  stream.close();
});

t.test('refuses a tunnel, which has no path, and headers that are no request', async (t) => {
  const errors: unknown[] = [];
  const refused: AdapterEndpoint['refused'] = ({ status, error }) => {
    errors.push([status, 'code' in error && error.code]);
  };
  const { server, session } = await pair(t, { refused });
  const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'other.example:80' });
  t.match((await once(tunnel, 'response'))[0], { ':status': 405 });
  tunnel.close();
  server.removeAllListeners('stream');
  server.on('stream', (stream) => void acceptStream(stream, {}, { refused }));
  const ordinary = session.request({ ':path': '/' }, { endStream: false });
  t.match((await once(ordinary, 'response'))[0], { ':status': 405 });
  ordinary.close();
  t.strictSame(errors, [
    [405, 'handshake-method'],
    [405, 'handshake-method'],
  ]);
});

t.test('takes fields without a value for absent, and Host for the authority', async (t) => {
  const seen: unknown[] = [];
  const { server, session } = await pair(t, {});
  server.removeAllListeners('stream');
  server.on('stream', (stream, headers) => {
    const accept: AdapterEndpoint['accept'] = ({ origin, host, fields }) => {
      seen.push(origin, host, fields.get('x-a'));
      return false;
    };
    const absent = { origin: undefined, ':authority': undefined, 'x-a': undefined };
    const edited = { ...headers, ...absent, host: 'called.example' };
    void acceptStream(stream, edited, { accept, refused: () => {} });
  });
  const stream = ask(session);
  t.match((await once(stream, 'response'))[0], { ':status': 403 });
  t.strictSame(seen, [undefined, 'called.example', undefined]);
  stream.close();
});

t.test('survives a stream that is gone already', async (t) => {
  const { server, session } = await pair(t, {});
  server.removeAllListeners('stream');
  const accepted: unknown[] = [];
  server.on('stream', (stream, headers) => {
    stream.on('close', async () => {
      accepted.push(stream.session, await acceptStream(stream, headers));
    });
    stream.on('error', () => {}).destroy();
  });
  ask(session).on('error', () => {});
  await eventually(() => accepted.length === 2);
  t.strictSame(accepted, [undefined, undefined]);
});

t.test('a place is free again when the stream is gone', async (t) => {
  const { session, url } = await pair(t, { ...ECHO, maxConnections: 1, refused: () => {} });
  const first = await connectOverHttp2(session, url);
  await t.rejects(connectOverHttp2(session, url), /answered 503/);
  first.terminate();
  let next: WebSocketPeer | undefined;
  while (next === undefined) next = await connectOverHttp2(session, url).catch(() => undefined);
  t.equal(next.isOpen, true);
  next.terminate();
});

t.test('opens nothing for a client that has ended its side with its request', async (t) => {
  const { session, accepted } = await pair(t, { ...ECHO, refused: () => {} });
  const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http' };
  const more = { ':path': '/', 'sec-websocket-version': '13' };
  const stream = session.request({ ...headers, ...more }, { endStream: true });
  t.match((await once(stream, 'response'))[0], { ':status': 400 });
  t.equal(await accepted[0], undefined);
  stream.close();
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, PassThrough } from 'node:stream';
import { type AdapterEndpoint, acceptUpgrade } from 'barewire/adapters';
import { type ConnectOptions, connectWebSocket, HandshakeRefused } from 'barewire/client';
import t, { type Test } from 'tap';
import { FakeWorld } from '../support/fake-world.ts';
import { rawServer } from '../support/raw-server.ts';
import { eventually, listen } from '../support/sockets.ts';

/** A server on `node:http` that echoes. */
async function echoServer(t: Test, endpoint: AdapterEndpoint = {}): Promise<number> {
  const server = createServer();
  const echo: AdapterEndpoint = { message: (peer, data) => peer.send(data), ...endpoint };
  server.on('upgrade', (request, socket, head) => acceptUpgrade(request, socket, head, echo));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return listen(server);
}

t.test('opens, talks and closes', async (t) => {
  const port = await echoServer(t, { protocols: ['chat'], deflate: true });
  const peer = await connectWebSocket(`ws://127.0.0.1:${port}/a?b`, {
    protocols: ['other', 'chat'],
    data: 7,
  });
  t.match(peer, { protocol: 'chat', extensions: 'permessage-deflate', data: 7, isOpen: true });
  const sent = ['', 'x'.repeat(200_000), 'ü'];
  for (const text of sent) peer.send(text);
  const received: unknown[] = [];
  for await (const message of peer) {
    received.push(message);
    if (received.length === sent.length) break;
  }
  t.strictSame(received, sent);
  t.match(await peer.closed, { wasClean: true, code: 1000, closedBy: 'us' });
});

t.test('sends a correct request, and the fields of the caller [6455-4.1-20]', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  const peer = await connectWebSocket(`ws://user:pass@127.0.0.1:${server.port}/x?y`, {
    headers: { cookie: 'a=b', 'x-two': ['1', '2'] },
    origin: 'https://page.example',
    deflate: false,
  });
  peer.terminate();
  const [request] = server.requests;
  const lines = request!.head.split('\r\n');
  t.equal(lines[0], 'GET /x?y HTTP/1.1');
  t.equal(lines[1], `Host: 127.0.0.1:${server.port}`);
  t.strictSame(lines.slice(5, -2), [
    'Sec-WebSocket-Version: 13',
    'Origin: https://page.example',
    'cookie: a=b',
    'x-two: 1',
    'x-two: 2',
    `Authorization: Basic ${Buffer.from('user:pass').toString('base64')}`,
  ]);
});

t.test('offers permessage-deflate by default, and what the policy says otherwise', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  const offers = [true, false, { serverMaxWindowBits: 9 }, [{ serverMaxWindowBits: 9 }, {}]];
  for (const deflate of [undefined, ...offers] as const) {
    const options = deflate === undefined ? {} : { deflate };
    (
      await connectWebSocket(`ws://127.0.0.1:${server.port}`, options as ConnectOptions)
    ).terminate();
  }
  t.strictSame(
    server.requests.map((request) => request.field('sec-websocket-extensions')),
    [
      'permessage-deflate; client_max_window_bits',
      'permessage-deflate; client_max_window_bits',
      undefined,
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits',
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits, permessage-deflate; client_max_window_bits',
    ],
  );
});

t.test('draws a new key for every connection [6455-4.1-30]', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  for (let index = 0; index < 20; index += 1) {
    (await connectWebSocket(`ws://127.0.0.1:${server.port}`)).terminate();
  }
  const keys = server.requests.map((request) => request.field('sec-websocket-key'));
  t.equal(new Set(keys).size, 20);
});

t.test('sends nothing behind the request before the answer [6455-4.1-41]', async (t) => {
  const server = await rawServer(t, () => {});
  const world = new FakeWorld();
  const pending = connectWebSocket(`ws://127.0.0.1:${server.port}`, {}, world);
  await eventually(() => server.requests.length === 1);
  t.equal(server.requests[0]!.text, server.requests[0]!.head);
  world.advance(10_000);
  await t.rejects(pending, { code: 'handshake-timeout' });
});

t.test('delivers frames that came in the same read as the response', async (t) => {
  const behind = Buffer.from('8105480065006c', 'hex').subarray(0, 2);
  const frames = Buffer.concat([behind, Buffer.from('Hello'), Buffer.from('880203e8', 'hex')]);
  const server = await rawServer(t, (request) => request.switch('', frames));
  const peer = await connectWebSocket(`ws://127.0.0.1:${server.port}`);
  const received: unknown[] = [];
  peer.attach({ message: (_peer, data) => received.push(data) });
  server.requests[0]!.socket.end();
  t.match(await peer.closed, { code: 1000, closedBy: 'peer' });
  t.strictSame(received, ['Hello']);
});

t.test('skips interim responses', async (t) => {
  const server = await rawServer(t, (request) => {
    request.socket.write(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n',
    );
    request.switch();
  });
  const peer = await connectWebSocket(`ws://127.0.0.1:${server.port}`);
  t.ok(peer.isOpen);
  peer.terminate();
});

t.test('rejects with status, fields and the first bytes of the body [6455-4.1-43]', async (t) => {
  const body = 'no'.repeat(5000);
  const endings = [
    `content-length: ${body.length}\r\n\r\n${body}`,
    `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `content-length: 99999999999\r\n\r\n${body}`,
    `connection: close\r\n\r\n${body}`,
  ];
  for (const ending of endings) {
    const server = await rawServer(t, (request) =>
      request.socket.write(`HTTP/1.1 401 Who?\r\nwww-authenticate: Basic\r\n${ending}`),
    );
    const error: unknown = await connectWebSocket(`ws://127.0.0.1:${server.port}`).catch((e) => e);
    t.type(error, HandshakeRefused);
    const { status, by, fields, body: begun } = error as HandshakeRefused;
    t.strictSame([status, by, fields.get('WWW-Authenticate')], [401, 'server', 'Basic']);
    t.equal(begun.toString(), body.slice(0, 4096));
  }
  const short = await rawServer(t, (request) => request.socket.end('HTTP/1.0 200 OK\r\n\r\nhi'));
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${short.port}`), {
    code: 'handshake-refused',
    status: 200,
    body: Buffer.from('hi'),
  });
});

t.test('rejects an answer that breaks a rule, and leaves no connection behind', async (t) => {
  const cases = [
    ['HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 'bad-accept'],
    ['HTTP/1.1 101 Switching\r\n\r\n', 'bad-upgrade'],
    ['HTTP/1.1 1O1 Switching\r\n\r\n', 'bad-status-line'],
    ['SSH-2.0-OpenSSH_9\r\n', 'bad-status-line'],
  ] as const;
  for (const [response, code] of cases) {
    const server = await rawServer(t, (request) => request.socket.write(response));
    await t.rejects(connectWebSocket(`ws://127.0.0.1:${server.port}`), { code }, code);
    await eventually(() => server.requests[0]!.socket.destroyed);
  }
  for (const line of ['Sec-WebSocket-Protocol: x\r\n', 'Sec-WebSocket-Extensions: x\r\n']) {
    const server = await rawServer(t, (request) => request.switch(line));
    await t.rejects(connectWebSocket(`ws://127.0.0.1:${server.port}`), {
      code: /^bad-(subprotocol|extension)$/,
    });
  }
});

t.test('rejects when the server goes away or was never there [6455-4.1-13]', async (t) => {
  const silent = await rawServer(t, (request) => request.socket.end());
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${silent.port}`), { code: 'premature-eof' });
  const reset = await rawServer(t, (request) => request.socket.resetAndDestroy());
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${reset.port}`), {
    code: /^(ECONNRESET|premature-eof)$/,
  });
  const closed = createTcpServer();
  const port = await listen(closed);
  closed.close();
  await once(closed, 'close');
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${port}`), { code: 'ECONNREFUSED' });
  const lookup = (_host: string, _options: object, done: (error: Error) => void): void =>
    done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
  await t.rejects(connectWebSocket('ws://nowhere.example/', { lookup: lookup as never }), {
    code: 'ENOTFOUND',
  });
});

t.test('checks everything before it opens anything [6455-4.1-4]', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  const bad: [string, object, string][] = [
    ['', { protocols: ['a', 'a'] }, 'invalid-argument'],
    ['', { protocols: ['a b'] }, 'invalid-argument'],
    ['', { headers: { 'x-a': 'b\r\nhost: c' } }, 'invalid-header'],
    ['', { headers: { 'sec-websocket-key': 'x' } }, 'invalid-header'],
    ['', { origin: 'a\nb' }, 'invalid-header'],
    ['', { maxMessageBytes: -1 }, 'invalid-option'],
    ['', { handshakeTimeoutMs: '1' }, 'invalid-option'],
    ['', { maxRedirects: 1.5 }, 'invalid-option'],
    ['', { deflate: { serverMaxWindowBits: 7 } }, 'invalid-option'],
    ['', { proxy: 'socks://a' }, 'invalid-option'],
    ['', { proxy: 'http://a', socketPath: '/a' }, 'invalid-option'],
    ['', { codec: { level: 0 } }, 'invalid-option'],
  ];
  for (const [path, options, code] of bad) {
    const url = `ws://127.0.0.1:${server.port}/${path}`;
    await t.rejects(connectWebSocket(url, options), { name: 'UsageError', code });
  }
  await t.rejects(connectWebSocket('nonsense'), { code: 'invalid-argument' });
  t.equal(server.connections(), 0);
});

t.test('gives up at the deadline, wherever it stands, and leaves nothing behind', async (t) => {
  const server = await rawServer(t, () => {});
  const world = new FakeWorld();
  const url = `ws://127.0.0.1:${server.port}`;
  const first = connectWebSocket(url, { handshakeTimeoutMs: 500 }, world);
  await eventually(() => server.requests.length === 1);
  const second = connectWebSocket(url, { handshakeTimeoutMs: 500 }, world);
  const codes = [first, second].map((each) => each.catch((error) => error.code));
  await eventually(() => world.waiting.length === 1);
  world.advance(499);
  t.strictSame(world.waiting, [1], 'the second waits for the first, and not on its own time');
  world.advance(1);
  t.equal(await codes[0], 'handshake-timeout');
  await eventually(() => server.requests[0]!.socket.destroyed);
  await eventually(() => server.requests.length === 2);
  t.strictSame(world.waiting, [500]);
  world.advance(500);
  t.equal(await codes[1], 'handshake-timeout');
  t.equal(server.connections(), 2);
  t.strictSame(world.waiting, []);
});

t.test('a createConnection that hangs is given up, and holds up nobody', async (t) => {
  const world = new FakeWorld();
  const port = await echoServer(t);
  let bring: (stream: Duplex) => void = () => {};
  const stuck = (): Promise<Duplex> =>
    new Promise((resolve) => {
      bring = resolve;
    });
  const url = 'ws://stuck.example/';
  const first = connectWebSocket(url, { createConnection: stuck }, world).catch(({ code }) => code);
  await eventually(() => world.waiting.length === 1);
  await new Promise((next) => setImmediate(next));
  world.advance(10_000);
  t.equal(await first, 'handshake-timeout');
  const late = new PassThrough();
  bring(late);
  const createConnection = (): Duplex => connectTcp(port, '127.0.0.1');
  const peer = await connectWebSocket(url, { createConnection });
  t.equal(peer.isOpen, true);
  peer.terminate();
  t.equal(late.destroyed, true);
  late.destroy(new Error('nobody is told'));
  // Nor does what it rejects with at last, or anything else that is no stream.
  const ends = [() => Promise.reject(new Error('late')), async () => null as never];
  for (const createConnection of ends) {
    const aborter = new AbortController();
    const options = { createConnection, signal: aborter.signal };
    const attempt = connectWebSocket(url, options);
    aborter.abort();
    await t.rejects(attempt, { name: 'AbortError' });
  }
});

t.test('gives up when the signal says so, and not after it is open', async (t) => {
  const server = await rawServer(t, (request) => {
    if (server.requests.length > 1) request.switch();
  });
  const url = `ws://127.0.0.1:${server.port}`;
  const aborter = new AbortController();
  const pending = connectWebSocket(url, { signal: aborter.signal });
  await eventually(() => server.requests.length === 1);
  aborter.abort();
  await t.rejects(pending, { name: 'AbortError' });
  await eventually(() => server.requests[0]!.socket.destroyed);
  await t.rejects(connectWebSocket(url, { signal: AbortSignal.abort(new Error('no')) }), {
    message: 'no',
  });
  t.equal(server.connections(), 1);
  const later = new AbortController();
  const peer = await connectWebSocket(url, { signal: later.signal });
  later.abort();
  t.ok(peer.isOpen);
  peer.terminate();
});

t.test('has one handshake at a time with an address [6455-4.1-6, 6455-4.1-7]', async (t) => {
  let inside = 0;
  let most = 0;
  const server = await rawServer(t, (request) => {
    inside += 1;
    most = Math.max(most, inside);
    setImmediate(() => {
      inside -= 1;
      request.switch();
    });
  });
  const lookup = (_host: string, _options: object, done: (...all: unknown[]) => void): void =>
    done(null, [{ address: '127.0.0.1', family: 4 }]);
  const hosts = ['127.0.0.1', 'a.example', 'b.example', '127.0.0.1', 'a.example'];
  const open = (port: number, options: object): Promise<unknown> =>
    Promise.all(
      hosts.map(async (host) => {
        const url = `ws://${host}:${port}`;
        (await connectWebSocket(url, { lookup: lookup as never, ...options })).terminate();
      }),
    );
  await open(server.port, {});
  t.equal(most, 1);
  // This one answers nobody before everybody has asked.
  const patient = await rawServer(t, () => {
    if (patient.requests.length === hosts.length) {
      for (const request of patient.requests) request.switch();
    }
  });
  await open(patient.port, { parallelHandshakes: true });
  t.equal(patient.requests.length, hosts.length);
});

t.test('follows redirects only when asked, and no more than asked', async (t) => {
  const target = await rawServer(t, (request) => request.switch());
  const server = await rawServer(t, (request) => {
    const hop = Number(/GET \/(\d+)/.exec(request.text)?.[1]);
    const place = hop === 0 ? `ws://127.0.0.1:${target.port}/end` : `/${hop - 1}`;
    request.socket.write(`HTTP/1.1 307 T\r\nlocation: ${place}\r\ncontent-length: 0\r\n\r\n`);
  });
  const url = `ws://127.0.0.1:${server.port}`;
  await t.rejects(connectWebSocket(`${url}/0`), { code: 'handshake-refused', status: 307 });
  const options = { headers: { cookie: 'secret' }, maxRedirects: 3 };
  const peer = await connectWebSocket(`${url}/2`, options);
  t.ok(peer.isOpen);
  peer.terminate();
  t.strictSame(
    server.requests.map((request) => request.field('cookie')),
    [undefined, 'secret', 'secret', 'secret'],
  );
  t.equal(target.requests[0]!.field('cookie'), undefined);
  t.match(target.requests[0]!.head, /^GET \/end HTTP/);
  const keys = server.requests.map((request) => request.field('sec-websocket-key'));
  t.equal(new Set(keys).size, 4);
  await t.rejects(connectWebSocket(`${url}/3`, options), { message: /too many redirects/ });
  t.equal(target.requests.length, 1);
});

t.test('connects by unix socket, and over a stream of the caller', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'barewire-'));
  const path = join(folder, 's');
  const server = createServer();
  server.on('upgrade', (request, socket, head) =>
    acceptUpgrade(request, socket, head, { message: (peer, data) => peer.send(data) }),
  );
  server.listen(path);
  await once(server, 'listening');
  t.teardown(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const ways: ConnectOptions[] = [
    { socketPath: path },
    { createConnection: () => connectTcp(path) },
    { createConnection: async () => connectTcp(path) },
  ];
  for (const options of [...ways, undefined]) {
    const url = options === undefined ? `ws+unix:${path}:/chat?x` : 'ws://server.example/';
    const peer = await connectWebSocket(url, options);
    peer.send('x');
    for await (const message of peer) {
      t.equal(message, 'x');
      break;
    }
    await peer.closed;
  }
  for (const options of [{ socketPath: path }, { proxy: 'http://p' }]) {
    await t.rejects(connectWebSocket(`ws+unix:${path}:/`, options), { code: 'invalid-option' });
  }
});

t.test('rejects when the stream of the caller is dead or cannot be had', async (t) => {
  const dead = new (await import('node:stream')).PassThrough().destroy();
  await t.rejects(connectWebSocket('ws://a/', { createConnection: () => dead }), {
    code: 'premature-eof',
  });
  const none = (): Promise<Socket> => Promise.reject(new Error('none'));
  await t.rejects(connectWebSocket('ws://a/', { createConnection: none }), { message: 'none' });
});

t.test('rejects with an answer that is no redirect, though redirects are wanted', async (t) => {
  const server = await rawServer(t, (request) =>
    request.socket.write('HTTP/1.1 404 No\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n'),
  );
  const url = `ws://127.0.0.1:${server.port}`;
  await t.rejects(connectWebSocket(url, { maxRedirects: 5 }), { status: 404 } as never);
  t.equal(server.requests.length, 1);
});

t.test('who gives up behind the handshake of a name leaves its place to others', async (t) => {
  const port = await echoServer(t);
  let stuck = true;
  const createConnection = (): Promise<Duplex> =>
    stuck ? new Promise(() => {}) : Promise.resolve(connectTcp(port, '127.0.0.1'));
  const first = new AbortController();
  const url = 'ws://crowded.example/';
  const inside = connectWebSocket(url, { createConnection, signal: first.signal });
  // More than may be unfinished at a time where others resolve the names.
  for (let count = 0; count < 70; count += 1) {
    const aborter = new AbortController();
    const waiting = connectWebSocket(url, { createConnection, signal: aborter.signal });
    await new Promise((next) => setImmediate(next));
    aborter.abort(new Error('enough'));
    await t.rejects(waiting, { message: 'enough' });
  }
  stuck = false;
  const peer = await connectWebSocket('ws://other.example/', { createConnection });
  t.equal(peer.isOpen, true);
  peer.terminate();
  first.abort(new Error('enough'));
  await t.rejects(inside, { message: 'enough' });
});

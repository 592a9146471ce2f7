import diagnostics from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createNetServer, Server as NetServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { createServer, type EventStreamPeer, type Exchange } from 'barewire';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { get, readResponse, serve } from '../support/serving.ts';
import { duplexPair, eventually, listen, RawClient, socketPath } from '../support/sockets.ts';

const hello = (exchange: Exchange): void => exchange.respond(200, {}, `hello ${exchange.path}`);

t.test('listens on a free port, more than once, and tells where', async (t) => {
  const { server } = await serve(t, hello);
  const { address, port } = await server.listen(0, '127.0.0.1');
  t.equal(address, '127.0.0.1');
  const client = new RawClient(port);
  await client.send(get('/x')).until('hello /x');
  client.close();
});

t.test('answers 404 when nobody answers requests', async (t) => {
  const { connect } = await serve(t, {});
  t.equal(readResponse(await connect().send(get('/')).until('404 Not Found\n')).status, 404);
});

t.test('behaves the same without the shared read buffer', async (t) => {
  const { connect, server } = await serve(t, { sharedReadBuffer: false, request: hello });
  const client = connect().send(get('/a') + get('/b'));
  client.socket.end();
  await client.ended();
  t.match(client.text, /hello \/a[\s\S]*hello \/b$/);
  await eventually(() => server.stats().openConnections === 0);
});

t.test('takes the connections of an existing server, which stays its owner’s', async (t) => {
  const { server } = await serve(t, hello);
  for (const options of [{}, { pauseOnConnect: true }, { allowHalfOpen: true }]) {
    const other = createNetServer(options);
    const port = await listen(other);
    server.attach(other);
    server.attach(other);
    const client = new RawClient(port);
    client.send(get('/attached')).socket.end();
    t.match(readResponse(await client.ended()), { body: 'hello /attached' });
    other.close();
  }
  t.equal(server.stats().connections, 3, 'each counted once');
});

t.test('refuses servers that read their connections for themselves', async (t) => {
  const { server } = await serve(t, hello);
  const attempts = [
    [createHttpServer(), /acceptUpgrade/],
    [createHttpsServer(), /acceptUpgrade/],
    [createHttp2Server(), /acceptStream/],
    [createSecureServer(), /acceptStream/],
    [{}, /net\.Server/],
    [undefined, /net\.Server/],
  ] as const;
  const listeners = (other: unknown): number =>
    other instanceof EventEmitter ? other.listenerCount('connection') : 0;
  for (const [other, message] of attempts) {
    const before = listeners(other);
    t.throws(() => server.attach(other as never), { code: 'invalid-argument', message });
    t.equal(listeners(other), before, 'and does not listen to it');
  }
});

t.test('serves TLS', async (t) => {
  const { port, server } = await serve(t, {
    tls: { key: PRIVATE_KEY, cert: CERTIFICATE },
    request: (exchange) =>
      exchange.respond(200, {}, `${exchange.isSecure} ${exchange.client.address}`),
  });
  const socket = tlsConnect({
    port,
    host: '127.0.0.1',
    ca: CERTIFICATE,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  t.equal(socket.alpnProtocol, 'http/1.1');
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  for (let request = 0; request < 3; request += 1) {
    text = '';
    socket.write(get('/'));
    await eventually(() => text.endsWith('true 127.0.0.1'));
  }
  socket.end();
  await eventually(() => server.stats().openConnections === 0);
  const plain = new RawClient(port);
  plain.send(get('/'));
  await plain.ended();
  await eventually(() => server.stats().failedTlsHandshakes === 1);
  t.equal(server.stats().requests, 3);
});

t.test(
  'takes the connections of an existing TLS server, and large bodies through TLS',
  async (t) => {
    const { server } = await serve(t, (exchange) =>
      exchange.respond(200, {}, Buffer.alloc(3_000_000, 'x')),
    );
    const other = createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE });
    const port = await listen(other);
    server.attach(other);
    const socket = tlsConnect({ port, host: '127.0.0.1', ca: CERTIFICATE });
    let length = 0;
    socket.on('data', (bytes: Buffer) => {
      length += bytes.length;
    });
    socket.write(get('/', 'connection: close'));
    await once(socket, 'end');
    t.ok(length > 3_000_000);
    socket.destroy();
    other.close();
  },
);

t.test('listens on a unix socket', async (t) => {
  const path = socketPath(t);
  const { server } = await serve(t, (exchange) =>
    exchange.respond(200, {}, `from "${exchange.client.address}"`),
  );
  t.same(await server.listen(path), { address: path, port: 0 });
  const { connect } = await import('node:net');
  const socket = connect(path);
  socket.end(get('/'));
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  t.equal(readResponse(text).body, 'from ""');
});

t.test('refuses to serve what carries no bytes', async (t) => {
  const { server } = await serve(t, hello);
  const decoding = new PassThrough();
  decoding.setEncoding('utf8');
  const streams: unknown[] = [
    decoding,
    new PassThrough({ objectMode: true }),
    new PassThrough({ readableObjectMode: true }),
    new PassThrough({ writableObjectMode: true }),
    undefined,
    {},
    process.stdout.constructor,
  ];
  for (const stream of streams) {
    t.throws(() => server.serve(stream as PassThrough), { code: 'invalid-argument' });
  }
  const secure = { isSecure: 'yes' as unknown as boolean };
  t.throws(() => server.serve(new PassThrough(), secure), { code: 'invalid-option' });
  t.equal(server.stats().openConnections, 0);
});

t.test('refuses a busy port and a bad one', async (t) => {
  const { server, port } = await serve(t, hello);
  await t.rejects(server.listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
  await t.rejects(server.listen(65_536), { code: 'invalid-argument' });
  await t.rejects(server.listen(Number.NaN), { code: 'invalid-argument' });
});

t.test('refuses bad options at once', (t) => {
  const bad: unknown[] = [
    { headTimeoutMs: -1 },
    { maxConnections: 1.5 },
    { maxBodyBytes: '1' },
    { maxHeaderBytes: null },
    { allowHalfOpen: 1 },
    { sharedReadBuffer: 'yes' },
    { directWrites: 1 },
  ];
  for (const options of bad) {
    t.throws(
      () => createServer(options as object),
      { code: 'invalid-option' },
      JSON.stringify(options),
    );
  }
  t.end();
});

t.test('counts', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    if (exchange.path === '/throw') throw new Error('x');
    hello(exchange);
  });
  const client = connect().send(get('/') + get('/throw'));
  await client.until('500');
  client.send('nonsense\r\n\r\n');
  await client.ended();
  client.close();
  await eventually(() => server.stats().openConnections === 0);
  t.same(server.stats(), {
    openConnections: 0,
    openWebSockets: 0,
    connections: 1,
    refusedConnections: 0,
    failedTlsHandshakes: 0,
    requests: 2,
    handedOver: 0,
    handlerErrors: 1,
    violations: { 'bad-method': 1 },
    clientsGone: {},
  });
});

t.test('publishes what happens', async (t) => {
  const seen: string[] = [];
  const listener = (message: unknown, name: string | symbol): void => {
    const { exchange, error, report } = message as {
      exchange?: Exchange;
      error?: Error;
      report?: { reason: string };
    };
    seen.push(
      `${String(name).slice(16)} ${exchange?.path ?? ''} ${report?.reason ?? ''}${error?.message ?? ''}`.trim(),
    );
  };
  const names = ['connection', 'request', 'response', 'violation', 'error'];
  for (const name of names) diagnostics.subscribe(`barewire:server:${name}`, listener);
  t.teardown(() => {
    for (const name of names) diagnostics.unsubscribe(`barewire:server:${name}`, listener);
  });
  const { connect } = await serve(t, (exchange) => {
    if (exchange.path === '/throw') throw new Error('oops');
    hello(exchange);
  });
  const client = connect().send(`${get('/a')}${get('/throw')}\0`);
  await client.ended();
  t.same(seen.slice(0, 6), [
    'connection',
    'request /a',
    'request /throw',
    'error /throw oops',
    seen[4],
    'response /a completed',
  ]);
  t.match(seen[4], /^violation/);
});

t.test('prints what handlers throw when nobody wants to know', async (t) => {
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => void printed.push(args);
  t.teardown(() => {
    console.error = error;
  });
  const server = createServer({
    request() {
      throw new Error('nobody listens');
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const client = new RawClient(port);
  await client.send(get('/', 'connection: close')).ended();
  client.close();
  await server.close();
  t.match(printed, [['barewire: a handler failed:', { message: 'nobody listens' }]]);
});

// ── closing ──────────────────────────────────────────────────────────────────────────────────

t.test('closes idle connections at once, and lets nobody in', async (t) => {
  const { connect, server, port } = await serve(t, hello);
  const used = connect().send(get('/'));
  await used.until('hello');
  const fresh = connect();
  await eventually(() => server.stats().openConnections === 2);
  const closing = server.close({ deadlineMs: 10_000 });
  t.equal(server.isClosing, true);
  await Promise.all([used.ended(), fresh.ended()]);
  used.close();
  fresh.close();
  t.same(await closing, { cut: 0 });
  const late = new RawClient(port);
  await late.ended();
  t.match(late.error, { code: 'ECONNREFUSED' });
  t.equal(server.close(), closing, 'again is the same');
  await t.rejects(server.listen(0), { code: 'invalid-state' });
  t.throws(() => server.attach(createNetServer()), { code: 'invalid-state' });
});

t.test('completes what is being answered, and says close', async (t) => {
  let held: Exchange | undefined;
  const { connect, server } = await serve(t, (exchange) => {
    held = exchange;
  });
  const client = connect().send(get('/') + get('/never'));
  await eventually(() => held !== undefined);
  const closing = server.close({ deadlineMs: 10_000 });
  await new Promise((next) => setImmediate(next));
  hello(held!);
  const { fields, rest } = readResponse(await client.ended());
  t.equal(fields['connection'], 'close');
  t.equal(rest, '');
  client.close();
  t.same(await closing, { cut: 0 });
  t.equal(server.stats().requests, 1);
});

t.test('ends event streams properly', async (t) => {
  let events: EventStreamPeer | undefined;
  const { connect, server } = await serve(t, (exchange) => {
    events = exchange.eventStream();
  });
  const client = connect().send(get('/'));
  await eventually(() => events !== undefined);
  const closing = server.close({ deadlineMs: 10_000 });
  t.match(await client.ended(), /0\r\n\r\n$/);
  client.close();
  t.same(await closing, { cut: 0 });
});

t.test('cuts at the deadline what did not end by itself, hijacked sockets included', async (t) => {
  const reasons: string[] = [];
  const { connect, server, time } = await serve(t, (exchange) => {
    exchange.onClose(({ reason }) => reasons.push(reason));
    if (exchange.path === '/hijack') exchange.hijack();
  });
  const clients = ['/held', '/hijack'].map((path) => connect().send(get(path)));
  await eventually(() => server.stats().requests === 2);
  const closing = server.close({ deadlineMs: 5_000 });
  time.advance(4_900);
  t.equal(server.stats().openConnections, 2);
  time.advance(1_000);
  t.same(await closing, { cut: 2 });
  await Promise.all(clients.map((client) => client.ended()));
  t.same(reasons.sort(), ['completed', 'cut']);
});

t.test('leaves nothing behind after a thousand connections', async (t) => {
  const { connect, server, time } = await serve(t, (exchange) =>
    exchange.path === '/stream' ? exchange.stream(200) : hello(exchange),
  );
  for (let round = 0; round < 10; round += 1) {
    const clients = Array.from({ length: 100 }, (_, index) =>
      connect().send(get(index % 2 === 0 ? '/stream' : '/')),
    );
    await Promise.all(clients.map((client) => client.until('\r\n\r\n')));
    for (const [index, { socket }] of clients.entries()) {
      if (index % 3 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    // Of a client that has ended its side, a stream that says nothing never hears more.
    await eventually(() => {
      time.advance(1_000);
      return server.stats().openConnections === 0;
    });
  }
  t.equal(server.stats().connections, 1_000);
  t.equal(server.settings.wheel.length, 0, 'no deadline is left');
});

const HANDSHAKE = [
  'upgrade: websocket',
  'connection: upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

t.test('says goodbye to a WebSocket that a handler has accepted by itself', async (t) => {
  const { connect, server } = await serve(t, (exchange) => void exchange.accept());
  const client = connect().send(get('/', ...HANDSHAKE));
  await client.until('\r\n\r\n');
  const closing = server.close();
  await client.until('\x88\x0f\x03\xe9server closes');
  client.send(Buffer.from('888200000000' + '03e9', 'hex'));
  await client.ended();
  client.close();
  t.same(await closing, { cut: 0 });
});

t.test('ends what begins after closing has begun', async (t) => {
  let goOn = (): void => undefined;
  const { connect, server } = await serve(t, async (exchange) => {
    await new Promise<void>((next) => {
      const before = goOn;
      goOn = () => [before(), next()];
    });
    if (exchange.wantsWebSocket) exchange.accept();
    else exchange.eventStream().send({ data: 'late' });
  });
  const stream = connect().send(get('/'));
  const socket = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.stats().requests === 2);
  const closing = server.close();
  await new Promise((next) => setImmediate(next));
  goOn();
  t.equal(readResponse(await stream.ended()).body, ':\n\ndata: late\n\n', 'and it is complete');
  t.equal(readResponse(await socket.ended()).status, 503);
  for (const client of [stream, socket]) client.close();
  t.same(await closing, { cut: 0 });
});

t.test('does not begin to listen when it is closed in between', async (t) => {
  const server = createServer();
  const listening = server.listen(0, '127.0.0.1');
  const closing = server.close();
  await t.rejects(listening, { code: 'invalid-state' });
  t.same(await closing, { cut: 0 });
});

t.test(
  'does not let an answer that ends with the connection look whole at the deadline',
  async (t) => {
    const reasons: string[] = [];
    const { connect, server, time } = await serve(t, (exchange) => {
      exchange.onClose(({ reason }) => reasons.push(reason));
      exchange.stream(200).write('half');
    });
    const client = connect().send('GET / HTTP/1.0\r\n\r\n');
    await client.until('half');
    const closed = server.close({ deadlineMs: 1_000 });
    time.advance(1_200);
    t.same(await closed, { cut: 1 });
    await client.ended();
    t.match(client.error, { code: 'ECONNRESET' });
    t.same(reasons, ['cut']);
    t.same(server.stats().clientsGone, { cut: 1 });
  },
);

t.test('prints what the option error throws, and goes on', async (t) => {
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => void printed.push(args);
  t.teardown(() => {
    console.error = error;
  });
  const hookFailure = new Error('the hook');
  const { connect } = await serve(t, {
    error() {
      throw hookFailure;
    },
    request() {
      throw new Error('the handler');
    },
  });
  const client = connect().send(get('/') + get('/'));
  await client.until(/500[\s\S]*500/);
  t.equal(printed.length, 2);
  t.match(printed[0], ['barewire: the option error failed:', hookFailure, 'for', Error]);
});

t.test('accepts WebSockets, knows its peers, and speaks to all of them', async (t) => {
  const { connect, server } = await serve(t, { websocket: {} });
  t.strictSame([server.peers.size, server.stats().openWebSockets], [0, 0]);
  const clients = [connect(), connect()];
  for (const client of clients) {
    client.send(get('/', ...HANDSHAKE));
    t.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 101 /);
  }
  t.strictSame([server.peers.size, server.stats().openWebSockets], [2, 2]);
  t.match(server.broadcast('hello'), { sent: 2, dropped: 0, closed: 0 });
  for (const client of clients) await client.until('\x81\x05hello');
  const plain = connect().send(get('/'));
  const refusal = readResponse(await plain.until('Required\n'));
  t.match(refusal, { status: 426, fields: { upgrade: 'websocket' } });
  const closing = server.close();
  for (const client of clients) {
    await client.until('server closes');
    client.send(Buffer.from('888200000000' + '03e9', 'hex'));
    await client.ended();
    client.close();
  }
  plain.close();
  t.same(await closing, { cut: 0 });
  t.equal(server.peers.size, 0);
});

t.test('has no peers and broadcasts to nobody without the option websocket', async (t) => {
  const { server, connect } = await serve(t, hello);
  t.strictSame([...server.peers], []);
  t.throws(() => server.broadcast('x'), { code: 'invalid-state' });
  const client = connect().send(get('/', ...HANDSHAKE));
  t.equal(readResponse(await client.until('hello /')).status, 200, 'a request as any other');
});

t.test('serves a stream as it is told, and refuses what is for another scheme', async (t) => {
  const { server } = await serve(t, (exchange) =>
    exchange.respond(200, {}, String(exchange.isSecure)),
  );
  const ask = async (target: string, options?: { isSecure: boolean }): Promise<string> => {
    const [ours, theirs] = duplexPair();
    let wire = '';
    theirs.on('data', (bytes: Buffer) => {
      wire += bytes.toString('latin1');
    });
    server.serve(ours, options);
    theirs.write(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    await eventually(() => theirs.readableEnded);
    theirs.destroy();
    const { status, body } = readResponse(wire);
    return `${status} ${body}`;
  };
  t.equal(await ask('/'), '200 false');
  t.equal(await ask('/', { isSecure: true }), '200 true');
  t.equal(await ask('https://a/', { isSecure: true }), '200 true');
  t.match(await ask('https://a/'), /^421 /);
});

t.test('reports what a listening server suffers', async (t) => {
  const { server, errors } = await serve(t, hello);
  const listeners: NetServer[] = [];
  const { on } = NetServer.prototype;
  NetServer.prototype.on = function (this: NetServer, ...all: never) {
    if (!listeners.includes(this)) listeners.push(this);
    return on.apply(this, all);
  } as typeof on;
  t.teardown(() => {
    NetServer.prototype.on = on;
  });
  await server.listen(0, '127.0.0.1');
  const failure = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  listeners.at(-1)!.emit('error', failure);
  t.strictSame(errors, [failure]);
  t.equal(server.stats().handlerErrors, 1);
});

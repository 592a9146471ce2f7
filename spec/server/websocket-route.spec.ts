import { createHash } from 'node:crypto';
import { Duplex } from 'node:stream';
import { createServer, type WebSocketPeer } from 'barewire';
import { HandshakeRejected, ProtocolError } from 'barewire/base';
import t from 'tap';
import { WebSocket } from 'ws';
import { turn } from '../support/interleavings.ts';
import { get, post, readResponse, serve } from '../support/serving.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE = [
  'upgrade: websocket',
  'connection: upgrade',
  'sec-websocket-version: 13',
  `sec-websocket-key: ${KEY}`,
];

/** A masked text frame of the client, key zero. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

t.test('opens a WebSocket and echoes, bytes behind the handshake included', async (t) => {
  const { connect, server } = await serve(t, {
    websocket: { message: (peer, data) => void peer.send(`echo ${String(data)}`) },
  });
  const client = connect();
  client.send(Buffer.concat([Buffer.from(get('/chat', ...HANDSHAKE)), frame('early')]));
  await client.until('echo early');
  const { status, fields, rest } = readResponse(client.text);
  t.equal(status, 101);
  const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  t.equal(fields['sec-websocket-accept'], accept.digest('base64'));
  t.equal(rest, '\x81\x0aecho early');
  client.send(frame('late'));
  await client.until('echo late');
  t.equal(server.peers.size, 1);
  t.match(server.stats(), { openWebSockets: 1, handedOver: 1, openConnections: 1 });
  client.socket.resetAndDestroy();
  await eventually(() => server.stats().openConnections === 0 && server.peers.size === 0);
});

t.test('opens within the read when there is nobody to wait for', async (t) => {
  const yes: readonly (() => boolean | undefined | Promise<boolean>)[] = [
    () => true,
    () => undefined,
    async () => true,
  ];
  for (const accept of [undefined, ...yes]) {
    let opened = 0;
    const open = (): void => {
      opened += 1;
    };
    const { server } = await serve(t, { websocket: accept ? { accept, open } : { open } });
    const stream = new Duplex({
      read: () => undefined,
      write: (_bytes, _encoding, done) => done(),
    });
    server.serve(stream);
    await turn();
    stream.push(get('/', ...HANDSHAKE));
    t.equal(opened, accept === yes[2] ? 0 : 1);
    await turn();
    t.equal(opened, 1);
    stream.destroy();
  }
});

t.test('talks with ws, compressed too, and broadcasts', async (t) => {
  const { port, server } = await serve(t, {
    websocket: {
      deflate: true,
      protocols: ['chat'],
      message: (_peer, data) => void server.broadcast(data),
    },
  });
  const sockets = await Promise.all(
    [1, 2].map(async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ['other', 'chat']);
      await new Promise((open) => socket.once('open', open));
      return socket;
    }),
  );
  t.equal(sockets[0]!.protocol, 'chat');
  t.equal(sockets[0]!.extensions, 'permessage-deflate');
  const text = 'hello '.repeat(500);
  const heard = sockets.map(
    (socket) => new Promise((resolve) => socket.once('message', (data) => resolve(String(data)))),
  );
  sockets[0]!.send(text);
  t.same(await Promise.all(heard), [text, text]);
  const closed = new Promise((resolve) => sockets[0]!.once('close', resolve));
  sockets[0]!.close(1000);
  t.equal(await closed, 1000);
  sockets[1]!.terminate();
});

t.test('asks the application, which may say no in every way', async (t) => {
  const { connect, errors } = await serve(t, {
    websocket: {
      async accept(exchange) {
        if (exchange.path === '/reject') return exchange.reject(404);
        if (exchange.path === '/false') return false;
        if (exchange.path === '/throw') throw new HandshakeRejected(402, 'pay!', { 'x-a': 'b' });
        if (exchange.path === '/bug') throw new Error('a bug');
        if (exchange.path === '/stream') return void exchange.stream(200, {}).end();
        return { protocol: 'not offered' };
      },
    },
  });
  const expected = {
    '/reject': 404,
    '/false': 403,
    '/throw': 402,
    '/bug': 500,
    '/stream': 200,
    '/else': 500,
  };
  for (const [path, status] of Object.entries(expected)) {
    const client = connect().send(get(path, ...HANDSHAKE));
    client.socket.end();
    t.equal(readResponse(await client.ended()).status, status, path);
  }
  t.equal(errors.length, 2);
});

t.test('does not blame a client for what an upstream of accept did', async (t) => {
  const { connect, errors } = await serve(t, {
    websocket: {
      accept(exchange) {
        if (exchange.path === '/own') return exchange.body.json() as Promise<true>;
        throw new ProtocolError('bad-content-length');
      },
    },
  });
  const upstream = connect().send(get('/', ...HANDSHAKE));
  t.equal(readResponse(await upstream.until('\r\n\r\n')).status, 500);
  const own = connect().send(get('/own', ...HANDSHAKE));
  t.equal(readResponse(await own.until('\r\n\r\n')).status, 415);
  t.match(errors, [{ code: 'bad-content-length' }]);
  t.equal(errors.length, 1);
});

t.test('never asks about a handshake that cannot succeed', async (t) => {
  const { connect } = await serve(t, { websocket: { accept: () => t.fail('was asked') } });
  const cases: readonly (readonly [
    request: string,
    status: number,
    fields: Record<string, string>,
  ])[] = [
    [
      get('/', ...HANDSHAKE.slice(0, 2), `sec-websocket-key: ${KEY}`, 'sec-websocket-version: 8'),
      426,
      { 'sec-websocket-version': '13' },
    ],
    [get('/', ...HANDSHAKE.slice(0, 3), 'sec-websocket-key: short'), 400, {}],
    [get('/', ...HANDSHAKE, 'origin: http://evil.example'), 403, {}],
    [post('/', '', ...HANDSHAKE), 405, { allow: 'GET' }],
    [get('/'), 426, { upgrade: 'websocket', connection: 'upgrade' }],
  ];
  for (const [request, status, fields] of cases) {
    const client = connect().send(request);
    const response = readResponse(await client.until('\r\n\r\n'));
    t.equal(response.status, status, request);
    t.match(response.fields, fields);
  }
});

t.test('lets no page of http: in where TLS ends at the server', async (t) => {
  const { server } = await serve(t, { websocket: {} });
  for (const [isSecure, origin, status] of [
    [false, 'http://a', 101],
    [true, 'https://a', 101],
    [true, 'http://a', 403],
  ] as const) {
    const [ours, theirs] = duplexPair();
    server.serve(ours, { isSecure });
    let wire = '';
    theirs.on('data', (bytes: Buffer) => {
      wire += bytes.toString('latin1');
    });
    theirs.write(get('/', ...HANDSHAKE, `origin: ${origin}`));
    await eventually(() => wire.includes('\r\n\r\n'));
    t.equal(readResponse(wire).status, status, `${origin}, ${isSecure}`);
    theirs.destroy();
  }
});

t.test('goes on with HTTP after a refused handshake', async (t) => {
  const { connect } = await serve(t, {
    request: (exchange) => exchange.respond(200, {}, 'plain'),
    websocket: { accept: () => false },
  });
  const client = connect().send(get('/', ...HANDSHAKE) + get('/'));
  await client.until('plain');
  t.match(client.text, /^HTTP\/1\.1 403 /);
});

t.test('refuses when the application does not decide in time', async (t) => {
  const { connect, time, server } = await serve(t, {
    handshakeTimeoutMs: 5_000,
    websocket: { accept: () => new Promise(() => undefined) },
  });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.stats().requests === 1);
  await turn();
  time.advance(6_000);
  t.equal(readResponse(await client.until('\r\n\r\n')).status, 503);
});

t.test('forgets a client that leaves while the application decides', async (t) => {
  let decide: (answer: boolean) => void = () => undefined;
  const { connect, server, errors } = await serve(t, {
    websocket: {
      accept: () =>
        new Promise<boolean>((answer) => {
          decide = answer;
        }),
    },
  });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.stats().requests === 1);
  client.socket.resetAndDestroy();
  await eventually(() => server.stats().openConnections === 0);
  decide(true);
  await eventually(() => server.peers.size === 0);
  await turn();
  t.equal(server.peers.size, 0);
  t.same(errors, []);
});

t.test('pings and closes by the server’s clock', async (t) => {
  const { connect, time, server } = await serve(t, { websocket: { pingIntervalMs: 10_000 } });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.peers.size === 1);
  time.advance(13_000);
  await client.until('\x89');
  t.pass('a ping came');
});

t.test('says goodbye to everybody when the server closes', async (t) => {
  const { connect, server } = await serve(t, { websocket: {} });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.peers.size === 1);
  const closing = server.close({ deadlineMs: 5_000 });
  await client.until('\x88');
  t.match(client.text, /\x88.\x03\xe9server closes$/, '1001');
  client.send(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]));
  client.socket.end();
  t.same(await closing, { cut: 0 });
});

t.test('checks its options at once', async (t) => {
  const bad = { websocket: { maxMessageBytes: -1 } };
  await t.rejects(serve(t, bad), { code: 'invalid-option' });
});

t.test('is opened by a request handler too, which reads as it likes', async (t) => {
  let peer: WebSocketPeer | undefined;
  const reasons: string[] = [];
  const { connect, server } = await serve(t, async (exchange) => {
    exchange.onClose(({ reason }) => reasons.push(reason));
    peer = exchange.accept({ headers: [['x-a', 'b']], data: 'mine' });
    for await (const message of peer) peer.send(`got ${String(message)}`);
  });
  const client = connect();
  client.send(Buffer.concat([Buffer.from(get('/', ...HANDSHAKE)), frame('one'), frame('two')]));
  await client.until('got two');
  t.equal(readResponse(client.text).fields['x-a'], 'b');
  t.equal(peer!.data, 'mine');
  client.socket.resetAndDestroy();
  await eventually(() => reasons.length === 1);
  t.equal((await peer!.closed).code, 1006);
  await eventually(() => server.stats().openConnections === 0);
});

t.test('lets a handler pass the refusal of a bad handshake on', async (t) => {
  const { connect, errors } = await serve(t, (exchange) => exchange.accept());
  const client = connect().send(get('/'));
  t.match(readResponse(await client.until('\r\n\r\n')), {
    status: 426,
    fields: { upgrade: 'websocket' },
  });
  t.same(errors, []);
});

t.test('lets go of a client that left while the decision was made', async (t) => {
  let decide = (): void => undefined;
  let signal: AbortSignal | undefined;
  const reports: number[] = [];
  const { connect, server } = await serve(t, {
    websocket: {
      accept: (exchange) => {
        signal = exchange.signal;
        return new Promise<void>((accept) => {
          decide = accept;
        });
      },
      close: (_peer, { code }) => void reports.push(code),
    },
  });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => signal !== undefined);
  client.socket.end();
  await eventually(() => signal!.aborted);
  decide();
  await eventually(() => server.stats().openConnections === 0);
  t.same(reports, [1006]);
});

t.test('lets nobody in who is accepted when the server already closes', async (t) => {
  let decide = (): void => undefined;
  const { connect, server } = await serve(t, {
    websocket: {
      accept: () =>
        new Promise<void>((accept) => {
          decide = accept;
        }),
    },
  });
  const client = connect().send(get('/', ...HANDSHAKE));
  await eventually(() => server.stats().requests === 1);
  const closing = server.close();
  await turn();
  decide();
  t.match(readResponse(await client.ended()), { status: 503, fields: { connection: 'close' } });
  client.close();
  t.same(await closing, { cut: 0 });
});

t.test('a server refuses to take messages in pieces for a handler of whole ones', (t) => {
  const websocket = { delivery: 'pieces', message: () => {} } as const;
  t.throws(() => createServer({ websocket }), { code: 'invalid-argument' });
  t.end();
});

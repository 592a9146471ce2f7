import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type AdapterEndpoint, acceptUpgrade, type Opening } from 'barewire/adapters';
import { connectWebSocket, HandshakeRefused } from 'barewire/client';
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { RefusedOpening, WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { duplexPair, eventually, listen, RawClient } from '../support/sockets.ts';

type Accepted = Promise<WebSocketPeer | undefined>;

/** A server on `node:http`; `accepted` is what each call returned. */
async function serve(
  t: Test,
  endpoint: AdapterEndpoint,
): Promise<{ port: number; accepted: Accepted[] }> {
  const server = createServer((_request, response) => response.end('ordinary'));
  const accepted: Accepted[] = [];
  server.on('upgrade', (request, socket, head) => {
    accepted.push(acceptUpgrade(request, socket, head, endpoint));
  });
  t.teardown(async () => {
    server.close();
    for (const peer of await Promise.all(accepted)) peer?.terminate();
  });
  return { port: await listen(server), accepted };
}

const HANDSHAKE = [
  'GET /chat?a=b HTTP/1.1',
  'Host: server.example',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const handshake = (...lines: string[]): string =>
  `${[...HANDSHAKE, ...lines].join('\r\n')}\r\n\r\n`;

t.test('hands out a peer that the caller reads when there is no handler', async (t) => {
  const { port, accepted } = await serve(t, { protocols: ['chat'] });
  const client = await connectWebSocket(`ws://127.0.0.1:${port}/`, { protocols: 'chat' });
  client.attach({});
  client.send('hello');
  const peer = (await accepted[0])!;
  t.equal(peer.protocol, 'chat');
  for await (const message of peer) {
    t.equal(message, 'hello');
    break;
  }
  t.match(await client.closed, { code: 1000, closedBy: 'peer' });
});

t.test('asks accept, which sees the request and gives data, fields, a subprotocol', async (t) => {
  const seen: Opening[] = [];
  const { port, accepted } = await serve(t, {
    async accept(opening) {
      seen.push(opening);
      return { protocol: 'b', data: { user: 1 }, headers: { 'set-cookie': 'a=1' } };
    },
    message: (peer) => peer.send(JSON.stringify(peer.data)),
  });
  const client = new RawClient(port);
  client.send(handshake('Origin: http://server.example', 'Sec-WebSocket-Protocol: a, b'));
  const head = await client.until('\r\n\r\n');
  t.match(head, /^HTTP\/1\.1 101 .*\r\n/);
  t.match(head, /\r\nset-cookie: a=1\r\n/);
  t.match(head, /\r\nsec-websocket-protocol: b\r\n/);
  t.match(head, /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  t.match(seen[0], {
    path: '/chat',
    query: '?a=b',
    host: 'server.example',
    origin: 'http://server.example',
    protocols: ['a', 'b'],
  });
  t.equal(seen[0]!.fields.get('HOST'), 'server.example');
  t.equal((seen[0]!.source as { url: string }).url, '/chat?a=b');
  t.strictSame((await accepted[0])!.data, { user: 1 });
  client.close();
});

t.test('reads frames that came in the same packet as the request', async (t) => {
  const seen: unknown[] = [];
  const { port, accepted } = await serve(t, { message: (_peer, data) => seen.push(data) });
  const client = new RawClient(port);
  const frame = Buffer.from('818537fa213d7f9f4d5158', 'hex');
  client.send(Buffer.concat([Buffer.from(handshake()), frame]));
  await eventually(() => seen.length === 1);
  t.strictSame(seen, ['Hello']);
  t.ok((await accepted[0])!.isOpen);
  client.close();
});

t.test('refuses with an ordinary response, and leaves the server alone', async (t) => {
  const refused: RefusedOpening[] = [];
  const { port, accepted } = await serve(t, {
    accept: (opening) => opening.reject(401, 'who are you?', { 'www-authenticate': 'Basic' }),
    refused: (refusal) => refused.push(refusal),
  });
  const url = `ws://127.0.0.1:${port}/`;
  const error = (await connectWebSocket(url).catch((e) => e)) as HandshakeRefused;
  t.ok(error instanceof HandshakeRefused);
  t.match([error.status, error.body.toString()], [401, 'who are you?']);
  t.equal(error.fields.get('www-authenticate'), 'Basic');
  t.equal(error.fields.get('connection'), 'close');
  t.equal(await accepted[0], undefined);
  const version = new RawClient(port);
  version.send(handshake().replace('Version: 13', 'Version: 12'));
  t.match(await version.ended(), /^HTTP\/1\.1 426 [\s\S]*sec-websocket-version: 13\r\n/);
  const origin = new RawClient(port).send(handshake('Origin: http://evil.example'));
  t.match(await origin.ended(), /^HTTP\/1\.1 403 /);
  t.strictSame(
    refused.map(({ status }) => status),
    [401, 426, 403],
  );
  const ordinary = new RawClient(port);
  ordinary.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  t.match(await ordinary.ended(), /ordinary/);
});

t.test('counts Host and key lines as they came, not as Node joined them', async (t) => {
  const { port } = await serve(t, {});
  for (const line of ['Host: other.example', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']) {
    const client = new RawClient(port).send(handshake(line));
    t.match(await client.ended(), /^HTTP\/1\.1 400 /, line);
  }
});

t.test('answers 500 when accept throws, says nothing about it, and reports it', async (t) => {
  const refused: RefusedOpening[] = [];
  const endpoint: AdapterEndpoint = {
    accept: () => Promise.reject(new Error('secret detail')),
    refused: (refusal) => refused.push(refusal),
  };
  const { port } = await serve(t, endpoint);
  const text = await new RawClient(port).send(handshake()).ended();
  t.match(text, /^HTTP\/1\.1 500 /);
  t.notMatch(text, /secret/);
  t.match(refused, [{ error: { message: 'secret detail' } }]);
});

t.test('answers 500 instead of writing a line that was smuggled into a rejection', async (t) => {
  const errors = t.capture(console, 'error');
  const { port } = await serve(t, {
    accept: (opening) => opening.reject(403, 'no', { 'x-a': 'b\r\nset-cookie: c' }),
  });
  const text = await new RawClient(port).send(handshake()).ended();
  t.match(text, /^HTTP\/1\.1 500 /);
  t.notMatch(text, /set-cookie/);
  t.equal(errors().length, 1);
});

t.test('answers 503 when accept takes too long', async (t) => {
  const world = new FakeWorld();
  const signals: AbortSignal[] = [];
  const { port } = await serve(t, {
    handshakeTimeoutMs: 100,
    alarm: world.after,
    accept(opening) {
      signals.push(opening.signal);
      return new Promise(() => {});
    },
  });
  const client = new RawClient(port).send(handshake());
  await eventually(() => signals.length === 1);
  world.advance(100);
  t.match(await client.ended(), /^HTTP\/1\.1 503 /);
  t.ok(signals[0]!.aborted);
  t.strictSame(world.waiting, [2000], 'so long may the client keep its half open');
  client.close();
});

t.test('notices that the client has gone while accept was thinking', async (t) => {
  let decide: (answer: boolean) => void = () => {};
  const { port, accepted } = await serve(t, {
    accept: () =>
      new Promise<boolean>((resolve) => {
        decide = resolve;
      }),
    refused: () => {},
  });
  const client = new RawClient(port).send(handshake());
  await eventually(() => accepted.length === 1);
  client.socket.resetAndDestroy();
  await once(client.socket, 'close');
  await new Promise((next) => setImmediate(next));
  decide(true);
  const peer = await accepted[0];
  // Node tells about a reset only when it reads or writes: then it is the peer that notices.
  if (peer !== undefined) t.match(await peer.closed, { code: 1006 });
  else t.equal(peer, undefined);
});

t.test('half a connection is none: its end aborts the signal and frees the socket', async (t) => {
  const signals: AbortSignal[] = [];
  const sockets: Duplex[] = [];
  const server = createServer();
  const accepted: Accepted[] = [];
  const accept = ({ signal }: Opening) =>
    new Promise<boolean>((resolve) => {
      signals.push(signal);
      signal.addEventListener('abort', () => resolve(true));
    });
  server.on('upgrade', (request, socket, head) => {
    sockets.push(socket);
    accepted.push(acceptUpgrade(request, socket, head, { accept, refused: () => {} }));
  });
  t.teardown(() => server.close());
  const client = new RawClient(await listen(server)).send(handshake());
  await eventually(() => signals.length === 1);
  client.socket.end();
  t.equal(await accepted[0], undefined);
  t.equal(signals[0]!.aborted, true);
  await eventually(() => sockets[0]!.closed);
  t.match(await client.ended(), /^HTTP\/1\.1 400 /, 'and it is told, for it may read on');
});

t.test('has the system ask whether a silent client is still there', async (t) => {
  const calls: unknown[] = [];
  const server = createServer();
  const accepted: Accepted[] = [];
  server.on('upgrade', (request, socket, head) => {
    const setKeepAlive = (...all: unknown[]): Duplex => {
      calls.push(all);
      return socket;
    };
    Object.assign(socket, { setKeepAlive });
    accepted.push(acceptUpgrade(request, socket, head, {}));
  });
  t.teardown(() => server.close());
  const client = new RawClient(await listen(server)).send(handshake());
  await client.until('\r\n\r\n');
  t.strictSame(calls, [[true, 30_000]]);
  (await accepted[0])!.terminate();
  client.close();
});

t.test('rejects for bad options, and answers 500', async (t) => {
  const server = createServer();
  const failures: unknown[] = [];
  server.on('upgrade', (request, socket, head) => {
    acceptUpgrade(request, socket, head, { alarm: 1 } as never).catch((error: unknown) => {
      failures.push(error);
    });
  });
  t.teardown(() => server.close());
  const client = new RawClient(await listen(server)).send(handshake());
  t.match(await client.ended(), /^HTTP\/1\.1 500 /);
  t.match(failures, [{ code: 'invalid-option' }]);
  client.close();
});

t.test('takes https: for the scheme of the same origin when TLS ends here', async (t) => {
  const server = createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY });
  server.on('upgrade', (request, socket, head) =>
    acceptUpgrade(request, socket, head, { message: (peer, data) => peer.send(data) }),
  );
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = await listen(server);
  const url = `wss://localhost:${port}/`;
  const tls = { ca: CERTIFICATE };
  const peer = await connectWebSocket(url, { tls, origin: `https://localhost:${port}` });
  peer.send('secret');
  for await (const message of peer) {
    t.equal(message, 'secret');
    break;
  }
  await peer.closed;
  await t.rejects(connectWebSocket(url, { tls, origin: `http://localhost:${port}` }), {
    status: 403,
  } as never);
});

t.test('loses nothing of a client that ends its half while the loop is slow', async (t) => {
  const server = createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY });
  const got: unknown[] = [];
  let report: unknown;
  server.on('upgrade', async (request, socket, head) => {
    const ended = once(socket, 'end');
    const peer = (await acceptUpgrade(request, socket, head))!;
    for await (const message of peer) {
      got.push(message);
      await ended; // The loop's queue is full by then, and holds the connection up.
      await new Promise((resolve) => setImmediate(resolve));
    }
    report = await peer.closed;
  });
  t.teardown(() => server.close());
  const client = connectTls({ port: await listen(server), host: '127.0.0.1', ca: CERTIFICATE });
  client.write(handshake());
  await once(client, 'data');
  const sent = Array.from({ length: 200 }, (_, index) => `m${index}`);
  const frames = sent.map((payload) =>
    encodeFrame({ opcode: OPCODE.text, payload, maskingKey: 1 }),
  );
  const payload = Buffer.from([0x03, 0xe8]);
  client.end(
    Buffer.concat([...frames, encodeFrame({ opcode: OPCODE.close, payload, maskingKey: 2 })]),
  );
  await eventually(() => report !== undefined);
  t.strictSame(got, sent);
  t.match(report, { code: 1000, wasClean: true, closedBy: 'peer' });
});

t.test('rejects bad options, which are the fault of the caller', async (t) => {
  const endpoint = { maxMessageBytes: -1 };
  const socket = new (await import('node:stream')).PassThrough();
  const request = { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [] };
  await t.rejects(acceptUpgrade(request as never, socket, Buffer.alloc(0), endpoint), {
    code: 'invalid-option',
  });
});

t.test('refuses a request that has neither method nor target', async (t) => {
  const [near, far] = duplexPair();
  const request = { httpVersion: '1.1', rawHeaders: [] };
  const statuses: number[] = [];
  const refused = ({ status }: RefusedOpening): void => void statuses.push(status);
  const accepted = acceptUpgrade(request as never, near, Buffer.alloc(0), { refused });
  t.equal(await accepted, undefined);
  t.strictSame(statuses, [405]);
  far.setEncoding('latin1');
  t.match((await once(far, 'data'))[0], /^HTTP\/1\.1 405 /);
  far.destroy();
});

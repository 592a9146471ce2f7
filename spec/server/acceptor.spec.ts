import { createServer, Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import t from 'tap';
import { Acceptor, type AcceptorSettings } from '../../lib/server/acceptor.ts';
import { TimerWheel } from '../../lib/server/clock.ts';
import { type AcceptedSocket, socketOf } from '../../lib/server/latent-socket.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeTime } from '../support/fake-time.ts';
import { usedMemory } from '../support/memory.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

const OPEN = {
  maxConnections: 100,
  maxConnectionsPerAddress: 100,
  sharedReadBuffer: true,
  // Sockets from the beginning; latent-socket.spec.ts has the others.
  directWrites: false,
  headTimeoutMs: 10_000,
  wheel: new TimerWheel(new FakeTime()),
};

function setUp(settings: Partial<AcceptorSettings> = {}): {
  acceptor: Acceptor;
  sockets: Duplex[];
  /** How each of them began. */
  begun: [isShared: boolean, isSecure: boolean][];
} {
  const sockets: Duplex[] = [];
  const begun: [isShared: boolean, isSecure: boolean][] = [];
  const acceptor = new Acceptor({ ...OPEN, ...settings }, (accepted, isShared, isSecure) => {
    const socket = accepted as Duplex;
    socket.on('error', () => undefined);
    sockets.push(socket);
    begun.push([isShared, isSecure]);
  });
  return { acceptor, sockets, begun };
}

/** A stream that says where it comes from. */
const from = (remoteAddress: string): Duplex => Object.assign(new PassThrough(), { remoteAddress });

t.test('counts connections until they are closed', async (t) => {
  const { acceptor, sockets } = setUp();
  const server = createServer({ pauseOnConnect: true });
  acceptor.attach(server);
  const port = await listen(server);
  const clients = [new RawClient(port), new RawClient(port)];
  await eventually(() => acceptor.open === 2);
  sockets[0]!.destroy();
  await eventually(() => acceptor.open === 1);
  let isEmpty = false;
  acceptor.whenEmpty(() => {
    isEmpty = true;
  });
  t.equal(isEmpty, false);
  t.equal(acceptor.cut(), 1);
  await eventually(() => isEmpty);
  t.same(acceptor.counters, { accepted: 2, refused: 0, tlsFailed: 0 });
  for (const client of clients) client.close();
  server.close();
});

t.test('keeps nothing of an address that has left', (t) => {
  const acceptor = new Acceptor({ ...OPEN, maxConnectionsPerAddress: 1 }, () => {});
  const pass = (net: number): void => {
    const socket = from(`2001:db8:1:${net.toString(16)}::1`);
    acceptor.serve(socket, false);
    socket.emit('close');
  };
  pass(0);
  const before = usedMemory();
  for (let net = 0; net < 30_000; net += 1) pass(net);
  t.ok(usedMemory() - before < 1e6, 'there are more of them than memory');
  t.equal(acceptor.open, 0);
  t.same(acceptor.counters, { accepted: 30_001, refused: 0, tlsFailed: 0 });
  t.end();
});

for (const way of ['attachOwn', 'attach', 'serve'] as const) {
  t.test(`sends small pieces at once and finds dead peers: ${way}`, async (t) => {
    const { setNoDelay, setKeepAlive } = Socket.prototype;
    const delays = t.capture(Socket.prototype, 'setNoDelay', setNoDelay);
    const alive = t.capture(Socket.prototype, 'setKeepAlive', setKeepAlive);
    const { acceptor, sockets } = setUp();
    const server = createServer({ pauseOnConnect: way === 'attachOwn' });
    const port = await listen(server);
    if (way === 'serve') server.on('connection', (socket) => acceptor.serve(socket, false));
    else acceptor[way](server);
    const client = new RawClient(port);
    await eventually(() => sockets.length === 1);
    const own = <Call extends { receiver: unknown }>(calls: Call[]): Call[] =>
      calls.filter(({ receiver }) => receiver === sockets[0]);
    t.match(own(delays()), [{ args: [true] }]);
    t.match(own(alive()), [{ args: [true, 30_000] }]);
    t.equal(sockets[0]!.allowHalfOpen, true);
    client.close();
    acceptor.cut();
    server.close();
  });
}

t.test('refuses connections beyond the cap, and takes others when some are closed', async (t) => {
  const { acceptor, sockets } = setUp({ maxConnections: 2 });
  const streams = [from('192.0.2.1'), from('192.0.2.2'), from('192.0.2.3'), from('192.0.2.4')];
  for (const stream of streams.slice(0, 3)) acceptor.serve(stream, false);
  t.equal(sockets.length, 2);
  t.equal(streams[2]!.destroyed, true);
  t.equal(acceptor.counters.refused, 1);
  sockets[0]!.destroy();
  await eventually(() => acceptor.open === 1);
  acceptor.serve(streams[3]!, false);
  t.equal(sockets.length, 3);
});

t.test('survives what a refused connection says when it is destroyed', async (t) => {
  const { acceptor } = setUp({ maxConnections: 0 });
  const rude = new PassThrough({ destroy: (_error, done) => done(new Error('ECONNRESET')) });
  acceptor.serve(rude, false);
  await eventually(() => rude.closed);
  t.equal(rude.errored?.message, 'ECONNRESET');
  t.equal(acceptor.counters.refused, 1);
});

t.test('refuses connections of one address beyond its cap, IPv6 by the /64', async (t) => {
  const { acceptor, sockets } = setUp({ maxConnectionsPerAddress: 1 });
  acceptor.serve(from('192.0.2.1'), false);
  acceptor.serve(from('::ffff:192.0.2.1'), false);
  acceptor.serve(from('192.0.2.2'), false);
  acceptor.serve(from('2001:db8::1'), false);
  acceptor.serve(from('2001:db8::2'), false);
  acceptor.serve(from('2001:db8:0:1::1'), false);
  t.equal(sockets.length, 4);
  t.equal(acceptor.counters.refused, 2);
  sockets[0]!.destroy();
  await eventually(() => acceptor.open === 3);
  acceptor.serve(from('192.0.2.1'), false);
  t.equal(sockets.length, 5);
});

t.test('knows no limit for connections without an address', (t) => {
  const { acceptor, sockets } = setUp({ maxConnectionsPerAddress: 1 });
  for (let count = 0; count < 5; count += 1) acceptor.serve(new PassThrough(), false);
  t.equal(sockets.length, 5);
  t.end();
});

t.test('listens no more when detached', async (t) => {
  const { acceptor, sockets } = setUp();
  const server = createServer((socket) => socket.destroy());
  acceptor.attach(server);
  acceptor.detach();
  const client = new RawClient(await listen(server));
  await client.ended();
  t.equal(sockets.length, 0);
  t.equal(server.listenerCount('connection'), 1, 'the owner’s');
  server.close();
});

t.test('does not wait for a connection that was gone before it was served', async (t) => {
  const { acceptor, sockets } = setUp();
  const gone = new PassThrough();
  gone.destroy();
  await eventually(() => gone.closed);
  acceptor.serve(gone, false);
  t.equal(acceptor.open, 0);
  t.equal(sockets.length, 0);
});

t.test('refuses a connection that it serves already, which still counts once', (t) => {
  const { acceptor } = setUp({});
  const stream = from('192.0.2.1');
  acceptor.serve(stream, false);
  t.throws(() => acceptor.serve(stream, false), { code: 'invalid-state' });
  t.equal(acceptor.counters.accepted, 1);
  stream.destroy();
  t.end();
});

t.test('has sockets read into the shared buffer only where they may be rebuilt', async (t) => {
  const cases = [
    ['attachOwn', { pauseOnConnect: true }, true, true],
    ['attachOwn', { pauseOnConnect: true }, false, false],
    ['attach', { pauseOnConnect: true }, true, true],
    ['attach', { pauseOnConnect: true }, false, false],
    ['attach', {}, true, false],
  ] as const;
  for (const [way, options, sharedReadBuffer, isShared] of cases) {
    const { acceptor, begun } = setUp({ sharedReadBuffer });
    const server = createServer(options);
    const port = await listen(server);
    acceptor[way](server);
    const client = new RawClient(port);
    await eventually(() => begun.length === 1);
    t.strictSame(begun, [[isShared, false]], `${way} ${sharedReadBuffer}`);
    client.close();
    acceptor.cut();
    server.close();
  }
});

t.test('takes the connections of a server once, however often it is attached', async (t) => {
  const { acceptor } = setUp();
  const server = createServer({ pauseOnConnect: true });
  acceptor.attach(server);
  acceptor.attach(server);
  const client = new RawClient(await listen(server));
  await eventually(() => acceptor.open > 0);
  t.equal(acceptor.counters.accepted, 1);
  client.close();
  acceptor.cut();
  server.close();
});

for (const way of ['attachOwn', 'attach'] as const) {
  t.test(`counts TLS connections from their first byte on: ${way}`, async (t) => {
    const { acceptor, begun } = setUp();
    const server = createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE });
    const port = await listen(server);
    acceptor[way](server);
    const silent = new RawClient(port);
    await eventually(() => acceptor.open === 1);
    t.strictSame(begun, [], 'there is nobody to talk to yet');
    const client = tlsConnect({ port, host: '127.0.0.1', ca: CERTIFICATE });
    client.on('error', () => undefined);
    await eventually(() => begun.length === 1);
    t.strictSame(begun, [[way === 'attachOwn', true]], 'who attaches may look at the reads');
    silent.send('GET / HTTP/1.1\r\n\r\n');
    await silent.ended();
    await eventually(() => acceptor.open === 1);
    t.same(acceptor.counters, { accepted: 2, refused: 0, tlsFailed: 1 });
    client.destroy();
    acceptor.cut();
    server.close();
  });

  t.test(`refuses the connections of a server beyond the cap: ${way}`, async (t) => {
    const { acceptor, sockets } = setUp({ maxConnections: 1 });
    const server = createServer({ pauseOnConnect: true });
    const port = await listen(server);
    acceptor[way](server);
    const first = new RawClient(port);
    await eventually(() => acceptor.open === 1);
    const second = new RawClient(port);
    t.equal(await second.ended(), '');
    t.equal(sockets.length, 1);
    t.equal(acceptor.counters.refused, 1);
    first.close();
    second.close();
    acceptor.cut();
    server.close();
  });
}

t.test('frees one place of an address with each connection that closes', async (t) => {
  const { acceptor, sockets } = setUp({ maxConnectionsPerAddress: 2 });
  for (let count = 0; count < 3; count += 1) acceptor.serve(from('192.0.2.1'), false);
  t.equal(sockets.length, 2);
  sockets[0]!.destroy();
  await eventually(() => acceptor.open === 1);
  for (let count = 0; count < 2; count += 1) acceptor.serve(from('192.0.2.1'), false);
  t.equal(sockets.length, 3);
  t.equal(acceptor.counters.refused, 2);
});

t.test('what is refused without a socket counts for nothing', async (t) => {
  const accepted: AcceptedSocket[] = [];
  const settings = { ...OPEN, directWrites: true, maxConnections: 1 };
  const acceptor = new Acceptor(settings, (socket) => accepted.push(socket));
  const server = createServer({ pauseOnConnect: true });
  const port = await listen(server);
  acceptor.attachOwn(server);
  const clients = [new RawClient(port)];
  await eventually(() => acceptor.open === 1);
  for (let refused = 1; refused < 4; refused += 1) {
    clients.push(new RawClient(port));
    await eventually(() => acceptor.counters.refused === refused);
    t.equal(acceptor.open, 1);
  }
  socketOf(accepted[0]!)
    .on('error', () => undefined)
    .destroy();
  await eventually(() => acceptor.open === 0);
  for (const client of clients) client.close();
  server.close();
});

import { once } from 'node:events';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { TlsHandshakes } from '../../lib/server/tls-handshakes.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeTime } from '../support/fake-time.ts';
import { get, serve } from '../support/serving.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

const TLS = { key: PRIVATE_KEY, cert: CERTIFICATE };

/** A server of ours behind a TLS server of somebody else's, and clients that say nothing. */
async function attached(t: Test): Promise<
  Awaited<ReturnType<typeof serve>> & {
    silent: () => RawClient;
    secure: () => Promise<TLSSocket>;
  }
> {
  const served = await serve(t, (exchange) => exchange.respond(200, {}, 'hello'));
  const other = createTlsServer(TLS);
  const port = await listen(other);
  served.server.attach(other);
  const open: { destroy(): void }[] = [];
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    other.close();
  });
  const silent = (): RawClient => {
    const client = new RawClient(port);
    open.push(client.socket);
    return client;
  };
  const secure = async (): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', ca: CERTIFICATE });
    open.push(socket);
    socket.resume();
    await once(socket, 'secureConnect');
    return socket;
  };
  return { ...served, silent, secure };
}

t.test('gives a handshake as much time as a head, and a head its own', async (t) => {
  const { server, time, silent, secure } = await attached(t);
  const client = silent();
  await eventually(() => server.stats().openConnections === 1);
  time.advance(9_000);
  const other = await secure();
  await eventually(() => server.stats().openConnections === 2);
  time.advance(1_500);
  await client.ended();
  await eventually(() => server.stats().openConnections === 1);
  t.equal(server.stats().failedTlsHandshakes, 1);
  time.advance(8_000);
  other.write(get('/', 'connection: close'));
  await once(other, 'end');
  t.equal(server.stats().requests, 1);
});

t.test('keeps nobody waiting for a handshake when the server closes', async (t) => {
  const { server, silent } = await attached(t);
  const clients = [silent(), silent()];
  await eventually(() => server.stats().openConnections === 2);
  const closed = server.close({ deadlineMs: 60_000 });
  for (const client of clients) await client.ended();
  t.same(await closed, { cut: 0 });
});

t.test('forgets a handshake whose client has gone', async (t) => {
  const time = new FakeTime();
  const handshakes = new TlsHandshakes(new TimerWheel(time), 1_000);
  const socket = new Socket();
  handshakes.begin(socket);
  t.equal(handshakes.size, 1);
  handshakes.forget(socket);
  t.equal(handshakes.size, 0);
  time.advance(2_000);
  t.equal(socket.destroyed, false);
  t.equal(time.tickers, 0, 'no deadline is left');
});

t.test('sets no deadline where it could not tell that a handshake is done', async (t) => {
  const time = new FakeTime();
  const handshakes = new TlsHandshakes(new TimerWheel(time), 1_000);
  handshakes.begin(new PassThrough());
  t.equal(handshakes.size, 0, 'under a wrapper of Node’s');
  const socket = new Socket();
  handshakes.begin(socket);
  handshakes.done(new Socket());
  handshakes.begin(new Socket());
  t.equal(handshakes.size, 0, 'a Node that does not say what lies under a TLS socket');
  time.advance(2_000);
  t.equal(socket.destroyed, false);
});

t.test('frees the place of a client that goes away in its handshake', async (t) => {
  const { server, connect } = await serve(t, {
    tls: TLS,
    maxConnections: 2,
    request: (exchange) => exchange.respond(200, {}, 'hello'),
  });
  // The head of a record that holds the beginning of a ClientHello [RFC 8446 §5.1].
  const half = Buffer.from('16030100c8010000', 'hex');
  for (const [index, said] of [undefined, half].entries()) {
    const client = connect();
    await once(client.socket, 'connect');
    if (said !== undefined) await new Promise((done) => client.socket.write(said, done));
    client.socket.destroy();
    await eventually(() => server.stats().connections === index + 1);
    await eventually(() => server.stats().openConnections === 0);
  }
  t.equal(server.stats().failedTlsHandshakes, 2);
});

t.test('counts a connection over a cap as refused, not as a failed handshake', async (t) => {
  const { server, connect } = await serve(t, {
    tls: TLS,
    maxConnections: 1,
    request: (exchange) => exchange.respond(200),
  });
  connect();
  await eventually(() => server.stats().openConnections === 1);
  await connect().ended();
  await eventually(() => server.stats().refusedConnections === 1);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
  t.equal(server.stats().failedTlsHandshakes, 0);
});

t.test('answers whole who ends its side behind its request, once hands are shaken', async (t) => {
  const body = 'x'.repeat(3_000_000);
  const { port } = await serve(t, {
    tls: TLS,
    request: async (exchange) => {
      await new Promise((next) => setImmediate(next));
      exchange.respond(200, {}, body);
    },
  });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { port, host: '127.0.0.1', ca: CERTIFICATE, allowHalfOpen: true };
    const client = connect({ ...options, minVersion: version, maxVersion: version });
    client.end(get('/'));
    let length = 0;
    for await (const bytes of client) length += (bytes as Buffer).length;
    t.ok(length > body.length, version);
    client.destroy();
  }
});

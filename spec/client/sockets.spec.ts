import { once } from 'node:events';
import {
  type AddressInfo,
  createServer,
  getDefaultAutoSelectFamily,
  type Socket,
  setDefaultAutoSelectFamily,
} from 'node:net';
import { PassThrough } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import t from 'tap';
import { dialTcp, dialUnix, startTls } from '../../lib/client/sockets.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { duplexPair, eventually, listen, socketPath } from '../support/sockets.ts';

/** What lies below a socket: where its options arrive. */
const { TCP } = (
  process as unknown as {
    binding(name: 'tcp_wrap'): { TCP: { prototype: { setKeepAlive(...all: unknown[]): unknown } } };
  }
).binding('tcp_wrap');

const calm = new AbortController().signal;

t.test('connects to an address that was looked up before, and asks nobody again', async (t) => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const resolved = [{ address: '127.0.0.1', family: 4 }];
  const socket: Socket = await dialTcp({ host: 'no.such.name.invalid', port, resolved }, calm);
  t.equal(String((await once(socket, 'data'))[0]), 'hello');
  socket.destroy();
});

t.test('rejects when nobody listens, and when it is given up', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await t.rejects(dialTcp({ host: '127.0.0.1', port }, calm), { code: 'ECONNREFUSED' } as never);
  const reason = new Error('given up');
  await t.rejects(dialTcp({ host: '127.0.0.1', port }, AbortSignal.abort(reason)), reason);
});

t.test('has the system ask whether a silent server is still there', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  const calls: unknown[] = [];
  const { setKeepAlive } = TCP.prototype;
  TCP.prototype.setKeepAlive = function (this: unknown, ...all: unknown[]) {
    calls.push(all);
    return setKeepAlive.apply(this, all);
  };
  t.teardown(() => {
    TCP.prototype.setKeepAlive = setKeepAlive;
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = await dialTcp({ host: '127.0.0.1', port }, calm);
  t.strictSame(calls, [[true, 30]], 'in seconds');
  socket.destroy();
});

t.test('destroys the stream when TLS cannot even begin on it', async (t) => {
  const stream = new PassThrough();
  const cert = 'no certificate';
  await t.rejects(startTls(stream, 'name.example', { cert }, calm), Error);
  t.equal(stream.destroyed, true);
});

t.test('looks after the errors of a socket that nobody waits for any more', async (t) => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = await dialTcp({ host: '127.0.0.1', port }, calm);
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.destroy(new Error('nobody listens'));
  await closed;
  t.equal(socket.errored?.message, 'nobody listens');
});

t.test('takes the first address where the process tries no second one', async (t) => {
  const before = getDefaultAutoSelectFamily();
  setDefaultAutoSelectFamily(false);
  t.teardown(() => setDefaultAutoSelectFamily(before));
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  t.teardown(() => server.close());
  const resolved = [
    { address: '127.0.0.1', family: 4 },
    { address: '192.0.2.1', family: 4 },
  ];
  const place = { host: 'no.such.name.invalid', port: await listen(server), resolved };
  const socket = await dialTcp(place, calm);
  t.equal(socket.remoteAddress, '127.0.0.1');
  socket.destroy();
});

t.test('leaves from the address that the caller names', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  t.teardown(() => server.close());
  const place = { host: '127.0.0.1', port: await listen(server) };
  const socket = await dialTcp({ ...place, localAddress: '127.0.0.7' }, calm);
  t.equal(socket.localAddress, '127.0.0.7');
  socket.destroy();
});

t.test('connects to a unix socket, whose end does not end our side', async (t) => {
  const path = socketPath(t);
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.end());
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const socket = await dialUnix(path, calm);
  await once(socket.resume(), 'end');
  t.equal(socket.writable, true);
  socket.destroy();
  await t.rejects(dialUnix(`${path}s`, calm), { code: 'ENOENT' } as never);
});

t.test('names the host in the TLS handshake, but never an address', async (t) => {
  const names: unknown[] = [];
  const server = createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
    names.push((socket as TLSSocket & { servername: unknown }).servername);
    socket.on('error', () => {}).resume();
  });
  t.teardown(() => server.close());
  const port = await listen(server);
  for (const host of ['localhost', '127.0.0.1']) {
    const socket = await dialTcp({ host: '127.0.0.1', port }, calm);
    const secure = await startTls(socket, host, { ca: CERTIFICATE }, calm);
    t.equal((secure as TLSSocket).authorized, true, host);
    const known = host === 'localhost' ? 0 : 1;
    await eventually(() => names.length > known);
    secure.destroy();
  }
  t.strictSame(names, ['localhost', false]);
});

t.test('a server that goes away amid the TLS handshake was not ready', async (t) => {
  const [near, far] = duplexPair();
  const secure = startTls(near, 'localhost', {}, calm);
  await once(far, 'data');
  far.destroy();
  await t.rejects(secure, { code: /^(premature-eof|ECONNRESET)$/ } as never);
  t.equal(near.destroyed, true);
});

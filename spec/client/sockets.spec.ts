import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { dialTcp, startTls } from '../../lib/client/sockets.ts';

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

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer as createSecureHttp2Server,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type Server, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { connect, Server as TlsServer } from 'node:tls';
import t from 'tap';
import {
  checkAttached,
  checkServed,
  listen,
  makeListener,
  prepareListener,
  prepareSocket,
} from '../../lib/server/listening.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { RawClient, socketPath } from '../support/sockets.ts';

t.test(
  'makes servers that let half-closed peers read their answer, after a handshake',
  async (t) => {
    const plain = makeListener(undefined, 1_000);
    t.match(plain, { allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const secure = makeListener({ key: PRIVATE_KEY, cert: CERTIFICATE }, 1_000);
    t.ok(secure instanceof TlsServer);
    t.match(secure, { allowHalfOpen: false, noDelay: true });
  },
);

t.test('takes a port, a port and a host, a path, or the words of node:net', async (t) => {
  const path = socketPath(t);
  const targets = [
    [0, '127.0.0.1'],
    [0, undefined],
    [path, undefined],
    [{ port: 0, host: '127.0.0.1', backlog: 1 }, undefined],
  ] as const;
  for (const [target, host] of targets) {
    const server = makeListener(undefined, 1_000);
    const { address, port } = await listen(server, target, host);
    t.ok(address === path ? port === 0 : port > 0);
    t.equal(server.listenerCount('error'), 0);
    server.close();
  }
});

t.test('fails with the system’s error, or says what was wrong', async (t) => {
  const server = makeListener(undefined, 1_000);
  const { port } = await listen(server, 0, '127.0.0.1');
  await t.rejects(listen(makeListener(undefined, 1), port, '127.0.0.1'), { code: 'EADDRINUSE' });
  server.close();
  for (const target of [-1, 70_000, 0.5, null, undefined]) {
    t.throws(() => void listen(makeListener(undefined, 1), target as never, undefined), {
      code: 'invalid-argument',
    });
  }
});

t.test('lets a TLS handshake take as long as it is told, from 0 to for ever', async (t) => {
  for (const timeoutMs of [1_000, 2 ** 40, Number.POSITIVE_INFINITY]) {
    const server = makeListener({ key: PRIVATE_KEY, cert: CERTIFICATE }, timeoutMs);
    const { port } = await listen(server, 0, '127.0.0.1');
    server.on('secureConnection', (socket: Socket) => socket.end('hello'));
    const client = connect({ port, host: '127.0.0.1', ca: CERTIFICATE, servername: 'localhost' });
    client.resume();
    await once(client, 'secureConnect');
    await once(client, 'close');
    server.close();
    t.pass(String(timeoutMs));
  }
  const server = makeListener({ key: PRIVATE_KEY, cert: CERTIFICATE }, 0);
  const { port } = await listen(server, 0, '127.0.0.1');
  const failed = once(server, 'tlsClientError');
  const client = new RawClient(port);
  const [error, socket] = await failed;
  t.match(error, { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }, 'no time is not all the time');
  socket.destroy();
  client.close();
  server.close();
});

t.test("refuses a stream that somebody reads on 'readable': it would be deaf", (t) => {
  const stream = new PassThrough();
  checkServed(stream, {});
  stream.on('readable', () => undefined);
  t.throws(() => checkServed(stream, {}), { code: 'invalid-argument' });
  t.end();
});

t.test('gives every socket the same options, and a stream those that it has', (t) => {
  const calls: unknown[] = [];
  const socket = Object.assign(new Socket(), {
    setNoDelay: (...all: unknown[]) => calls.push(['noDelay', ...all]),
    setKeepAlive: (...all: unknown[]) => calls.push(['keepAlive', ...all]),
  }) as unknown as Socket;
  socket.allowHalfOpen = false;
  prepareSocket(socket);
  t.equal(socket.allowHalfOpen, true);
  t.strictSame(calls, [
    ['noDelay', true],
    ['keepAlive', true, 30_000],
  ]);
  const stream = new PassThrough({ allowHalfOpen: false });
  prepareSocket(stream);
  t.equal(stream.allowHalfOpen, true);
  t.end();
});

t.test('connections inherit options only where all of them can be inherited', async (t) => {
  const calls: unknown[] = [];
  const answering = (name: string, status: number) => (isOn: boolean, seconds?: number) => {
    calls.push([name, isOn, seconds]);
    return status;
  };
  const listening = (noDelay: number, keepAlive: number): Server => {
    const handle = {
      setNoDelay: answering('noDelay', noDelay),
      setKeepAlive: answering('keepAlive', keepAlive),
    };
    return { _handle: handle } as unknown as Server;
  };
  const lacking = [
    prepareListener(listening(0, 0), 'darwin'),
    prepareListener({ _handle: {} } as unknown as Server, 'linux'),
    prepareListener({ _handle: null } as unknown as Server, 'linux'),
    prepareListener({} as Server, 'linux'),
  ];
  t.strictSame(calls, []);
  lacking.push(prepareListener(listening(-22, 0), 'linux'));
  lacking.push(prepareListener(listening(0, -22), 'linux'));
  await turn();
  await turn();
  for (const isInherited of lacking) t.equal(isInherited(), false);
});

t.test('those that came before inherit nothing', needsFastPath('inherited-options'), async (t) => {
  const server = makeListener(undefined, 1_000);
  await listen(server, 0, '127.0.0.1');
  const isInherited = prepareListener(server, 'linux');
  t.equal(isInherited(), false);
  await turn();
  t.equal(isInherited(), false, 'they may not have been accepted yet');
  await turn();
  t.equal(isInherited(), true);
  server.close();
});

t.test('refuses what carries no bytes, before anything happens to it', (t) => {
  const decoding = new PassThrough();
  decoding.setEncoding('utf8');
  const bad: unknown[] = [
    undefined,
    null,
    {},
    { write: () => true },
    { read: () => null },
    decoding,
    new PassThrough({ readableObjectMode: true }),
    new PassThrough({ writableObjectMode: true }),
  ];
  for (const stream of bad) {
    t.throws(() => checkServed(stream as never, {}), { code: 'invalid-argument' });
  }
  const fine = new PassThrough();
  for (const options of [{}, { isSecure: true }]) checkServed(fine, options);
  for (const options of [{ isSecure: 1 }, { isSecrue: true }, null] as never[]) {
    t.throws(() => checkServed(fine, options), { code: 'invalid-option' });
  }
  t.equal(fine.eventNames().includes('data'), false);
  t.end();
});

t.test(
  'has no address to tell where the system tells none: an inherited unix socket',
  async (t) => {
    const server = Object.assign(makeListener(undefined, 1_000), { address: () => null });
    t.strictSame(await listen(server, 0, '127.0.0.1'), { address: '', port: 0 });
    server.close();
  },
);

t.test('refuses to attach what is no server of bytes, or reads for itself', (t) => {
  const bad: unknown[] = [
    undefined,
    null,
    {},
    { on: () => undefined },
    createHttpServer(),
    createHttpsServer(),
    createHttp2Server(),
    createSecureHttp2Server({ allowHTTP1: true }),
  ];
  for (const server of bad) {
    t.throws(() => checkAttached(server as never), {
      name: 'UsageError',
      code: 'invalid-argument',
    });
  }
  const tls = { key: PRIVATE_KEY, cert: CERTIFICATE };
  for (const options of [undefined, tls]) checkAttached(makeListener(options, 1_000));
  t.end();
});

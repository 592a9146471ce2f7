import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { UsageError } from 'barewire/base';
import t, { type Test } from 'tap';
import { parseWebSocketUrl } from '../../lib/client/address.ts';
import { checkDialOptions, type DialOptions, dial, resolveAddress } from '../../lib/client/dial.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { rawServer } from '../support/raw-server.ts';
import { listen, socketPath } from '../support/sockets.ts';

const calm = new AbortController().signal;
const address = parseWebSocketUrl('ws://name.example:81/');

t.test('looks names up once, and only when it has to', async (t) => {
  const asked: string[] = [];
  const lookup = ((host: string, _options: unknown, done: (...found: unknown[]) => void) => {
    asked.push(host);
    done(null, [{ address: '192.0.2.1', family: 4 }]);
  }) as never;
  t.strictSame(await resolveAddress(address, { lookup }), [{ address: '192.0.2.1', family: 4 }]);
  const literal = parseWebSocketUrl('ws://[::1]/');
  t.strictSame(await resolveAddress(literal, { lookup }), [{ address: '::1', family: 6 }]);
  t.equal(await resolveAddress(address, { lookup, socketPath: '/x' }), undefined);
  t.strictSame(asked, ['name.example']);
});

t.test('takes one way to the server, and no two', (t) => {
  checkDialOptions({}, address);
  checkDialOptions({ proxy: 'http://p' }, address);
  const createConnection = (): PassThrough => new PassThrough();
  t.throws(() => checkDialOptions({ socketPath: '/x', createConnection }, address), UsageError);
  t.throws(() => checkDialOptions({ proxy: 'gopher://p' }, address), UsageError);
  t.end();
});

t.test('uses the stream of the caller, whose end does not end our side', async (t) => {
  const mine = new PassThrough({ allowHalfOpen: false });
  const createConnection = (): PassThrough => mine;
  t.equal(await dial(address, undefined, { createConnection }, calm), mine);
  t.equal(mine.allowHalfOpen, true);
});

t.test('refuses what the way to the server would ignore', (t) => {
  const lookup = ((_name: string, _options: unknown, done: () => void) => done()) as never;
  const createConnection = (): PassThrough => new PassThrough();
  const unix = parseWebSocketUrl('ws+unix:/s:/x');
  for (const ignored of [{ lookup }, { localAddress: '127.0.0.1' }]) {
    t.throws(() => checkDialOptions({ ...ignored, socketPath: '/x' }, address), UsageError);
    t.throws(() => checkDialOptions({ ...ignored, createConnection }, address), UsageError);
    t.throws(() => checkDialOptions(ignored, unix), UsageError);
    checkDialOptions(ignored, address);
    checkDialOptions({ ...ignored, proxy: 'http://p' }, address);
  }
  t.end();
});

t.test(
  'asks the system for a name unless told otherwise, and rejects with its error',
  async (t) => {
    const [found] = (await resolveAddress(parseWebSocketUrl('ws://localhost'), {}))!;
    t.match(found, { address: /^(127\.0\.0\.1|::1)$/, family: Number });
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const lookup = ((_name: string, _options: unknown, done: (error: Error) => void) =>
      done(failure)) as never;
    await t.rejects(resolveAddress(address, { lookup }), failure);
  },
);

/** A server that greets everybody. */
async function greeter(t: Test): Promise<Server> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write('hello');
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

const greetingOf = async (stream: Duplex): Promise<string> => {
  const [bytes] = await once(stream, 'data');
  stream.destroy();
  return String(bytes);
};

t.test('goes to host and port, and to the socket that the options or the URL name', async (t) => {
  const port = await listen(await greeter(t));
  const place = parseWebSocketUrl(`ws://127.0.0.1:${port}/`);
  t.equal(await greetingOf(await dial(place, undefined, {}, calm)), 'hello');
  const server = await greeter(t);
  const path = socketPath(t);
  server.listen(path);
  await once(server, 'listening');
  t.equal(await greetingOf(await dial(address, undefined, { socketPath: path }, calm)), 'hello');
  const unix = parseWebSocketUrl(`ws+unix:${path}:/x`);
  t.equal(await greetingOf(await dial(unix, undefined, {}, calm)), 'hello');
});

t.test('speaks TLS over whatever way it took, with the name of the URL', async (t) => {
  const tls = { cert: CERTIFICATE, key: PRIVATE_KEY };
  const { port, connections } = await rawServer(
    t,
    ({ socket }) => {
      socket.write('secret');
    },
    tls,
  );
  const here = parseWebSocketUrl(`wss://localhost:${port}/`);
  const resolved = [{ address: '127.0.0.1', family: 4 }];
  const brought: DialOptions = { createConnection: () => connect(port, '127.0.0.1') };
  for (const way of [{}, brought]) {
    const stream = await dial(here, resolved, { ...way, tls: { ca: CERTIFICATE } }, calm);
    stream.write('GET / HTTP/1.1\r\n\r\n');
    t.equal(await greetingOf(stream), 'secret');
    const other = parseWebSocketUrl(`wss://b.example:${port}/`);
    const misled = dial(other, resolved, { ...way, tls: { ca: CERTIFICATE } }, calm);
    await t.rejects(misled, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } as never);
  }
  t.equal(connections(), 4);
});

t.test('refuses what createConnection brings when it is no stream', async (t) => {
  for (const nothing of [undefined, {}, { pipe: () => {} }, { write: () => {} }]) {
    const createConnection = (): Duplex => nothing as never;
    await t.rejects(dial(address, undefined, { createConnection }, calm), {
      code: 'invalid-argument',
    } as never);
  }
});

t.test('destroys a stream that is brought too late, and bears what else comes', async (t) => {
  const reason = new Error('given up');
  const late = new PassThrough();
  const endings: ((settle: (stream: Duplex) => void, fail: (error: Error) => void) => void)[] = [
    (settle) => settle(late),
    (settle) => settle({} as never),
    (settle) => settle(undefined as never),
    (_settle, fail) => fail(new Error('none')),
  ];
  for (const ending of endings) {
    const aborter = new AbortController();
    let end = (): void => {};
    const createConnection = (): Promise<Duplex> =>
      new Promise((settle, fail) => {
        end = () => ending(settle, fail);
      });
    const dialled = dial(address, undefined, { createConnection }, aborter.signal);
    aborter.abort(reason);
    await t.rejects(dialled, reason);
    end();
    await new Promise((next) => setImmediate(next));
  }
  t.equal(late.destroyed, true);
  t.equal(late.listenerCount('error') > 0, true, 'its errors are for nobody');
});

t.test('asks the proxy for a tunnel', async (t) => {
  const { port, requests } = await rawServer(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
  });
  const stream = await dial(address, undefined, { proxy: `http://127.0.0.1:${port}` }, calm);
  stream.resume();
  t.equal(await greetingOf(stream), 'hello');
  t.match(requests[0]!.head, /^CONNECT name\.example:81 /);
});

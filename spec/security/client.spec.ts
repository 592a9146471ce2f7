/** What went wrong in other clients, and must not go wrong here. */
import { strict as assert } from 'node:assert';
import crypto from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type ConnectOptions, connectWebSocket, EventSource, WebSocket } from 'barewire/client';
import t, { type Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { type RawServer, rawServer } from '../support/raw-server.ts';
import { eventually } from '../support/sockets.ts';

const TLS = { cert: CERTIFICATE, key: PRIVATE_KEY };

/** Every name is this machine. */
const lookup = ((_host: string, _options: object, done: (...all: unknown[]) => void) =>
  done(null, [{ address: '127.0.0.1', family: 4 }])) as never;

// ── the host of a certificate ────────────────────────────────────────────────────────────────

/** The ways to a server; each must be as strict as the others. */
async function waysTo(t: Test, server: RawServer): Promise<Record<string, ConnectOptions>> {
  const folder = await mkdtemp(join(tmpdir(), 'barewire-'));
  const path = join(folder, 's');
  const relay = createServer((socket) => pipe(socket, connect(server.port, '127.0.0.1')));
  relay.listen(path);
  await once(relay, 'listening');
  const proxy = await rawServer(t, (request) => {
    const far = connect(server.port, '127.0.0.1');
    request.socket.removeAllListeners('data');
    request.socket.write('HTTP/1.1 200 OK\r\n\r\n');
    pipe(request.socket, far);
  });
  t.teardown(async () => {
    relay.close();
    await rm(folder, { recursive: true });
  });
  return {
    tcp: { lookup },
    'unix socket': { socketPath: path },
    proxy: { proxy: `http://127.0.0.1:${proxy.port}` },
    createConnection: { createConnection: () => connect(server.port, '127.0.0.1') },
  };
}

function pipe(left: Socket, right: Socket): void {
  for (const socket of [left, right]) socket.on('error', () => {});
  left.pipe(right).pipe(left);
  left.on('close', () => right.destroy());
  right.on('close', () => left.destroy());
}

t.test('a certificate for another host is refused on every way [CVE-2020-15133]', async (t) => {
  const server = await rawServer(t, (request) => request.switch(), TLS);
  const ways = Object.entries(await waysTo(t, server));
  t.equal(ways.length, 4);
  for (const [name, way] of ways) {
    const to = (host: string, tls?: object): Promise<unknown> =>
      connectWebSocket(`wss://${host}:${server.port}/`, {
        ...way,
        tls: { ca: CERTIFICATE, ...tls },
      });
    const { requests } = server;
    const before = requests.length;
    for (const host of ['b.example', 'sub.a.example', 'xn--n3h.example']) {
      await t.rejects(to(host), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, `${name}: ${host}`);
    }
    await t.rejects(to('a.example', { ca: undefined }), { code: /SELF_SIGNED/ }, name);
    t.equal(requests.length, before, 'not a byte of the handshake has left');
    for (const host of ['a.example', 'localhost', '127.0.0.1']) {
      const peer = (await to(host)) as { terminate(): void };
      peer.terminate();
    }
    t.equal(requests.length, before + 3, name);
  }
});

t.test('an environment variable does not switch verification off', async (t) => {
  const server = await rawServer(t, (request) => request.switch(), TLS);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const url = `wss://127.0.0.1:${server.port}/`;
  await t.rejects(connectWebSocket(url), { code: /SELF_SIGNED/ });
  const peer = await connectWebSocket(url, { tls: { rejectUnauthorized: false } });
  peer.terminate();
});

t.test('the server is told the host by name, and the name can be another one', async (t) => {
  const names: unknown[] = [];
  const server = createTlsServer(TLS, (socket: TLSSocket) => {
    names.push(socket.servername);
    socket.on('error', () => {});
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const to = (host: string, servername?: string): Promise<unknown> => {
    const tls = { ca: CERTIFICATE, ...(servername === undefined ? {} : { servername }) };
    return connectWebSocket(`wss://${host}:${port}/`, { lookup, tls }).catch(({ code }) => code);
  };
  await to('a.example');
  await to('127.0.0.1');
  t.equal(await to('a.example', 'b.example'), 'ERR_TLS_CERT_ALTNAME_INVALID');
  await to('b.example', 'a.example');
  // Whether the server heard of the one that the client refused is a matter of time.
  const heard = (): unknown[] => names.filter((name) => name !== 'b.example');
  await eventually(() => heard().length === 3);
  t.strictSame(heard(), ['a.example', false, 'a.example']);
});

// ── redirects ────────────────────────────────────────────────────────────────────────────────

const SECRETS = {
  Authorization: 'Bearer secret-1',
  Cookie: 'session=secret-2',
  'Proxy-Authorization': 'Basic secret-3',
  'X-Api-Key': 'secret-4',
};

/** How the target's origin differs from the first one's. */
const HOPS = [
  { name: 'the same origin', from: 'ws://a.example', to: 'ws://a.example', same: true },
  {
    name: 'the same origin, other case',
    from: 'ws://a.example',
    to: 'http://A.EXAMPLE',
    same: true,
  },
  { name: 'another host', from: 'ws://a.example', to: 'ws://localhost', same: false },
  { name: 'a sub-domain', from: 'ws://a.example', to: 'ws://x.a.example', same: false },
  { name: 'a parent domain', from: 'ws://x.a.example', to: 'ws://a.example', same: false },
  { name: 'the address of the name', from: 'ws://localhost', to: 'ws://127.0.0.1', same: false },
  { name: 'another port', from: 'ws://a.example', to: 'ws://a.example', same: false, port: true },
  { name: 'TLS', from: 'ws://a.example', to: 'wss://a.example', same: false, port: true },
  { name: 'TLS, another host', from: 'wss://a.example', to: 'wss://localhost', same: false },
] as const;

for (const hop of HOPS) {
  t.test(
    `redirected to ${hop.name}: secrets ${hop.same ? 'go along' : 'stay'} [CVE-2022-1650]`,
    async (t) => {
      const isTls = (url: string): boolean => url.startsWith('wss');
      const answer = (request: Parameters<Parameters<typeof rawServer>[1]>[0]): void => {
        if (request.text.startsWith('GET /end')) return request.switch();
        const { port } = 'port' in hop ? other : server;
        const location = `${hop.to}:${port}/end`;
        request.socket.write(
          `HTTP/1.1 307 T\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
        );
      };
      const server = await rawServer(t, answer, isTls(hop.from) ? TLS : undefined);
      const other = await rawServer(t, answer, isTls(hop.to) ? TLS : undefined);
      const [scheme, host] = hop.from.split('://');
      const peer = await connectWebSocket(`${scheme}://${host}:${server.port}/`, {
        lookup,
        headers: SECRETS,
        maxRedirects: 1,
        tls: { ca: CERTIFICATE },
      });
      peer.terminate();
      const [first, second] = [...server.requests, ...other.requests];
      for (const value of Object.values(SECRETS)) {
        assert(first!.text.includes(value));
        t.equal(second!.text.includes(value), hop.same, value);
      }
      t.match(second!.text, /^GET \/end /);
    },
  );
}

t.test('credentials of the URL stay with its origin, and do not come back with it', async (t) => {
  const far = await rawServer(t, (request) => {
    const location = `ws://a.example:${near.port}/back`;
    request.socket.write(`HTTP/1.1 302 T\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
  });
  const near = await rawServer(t, (request) => {
    if (request.text.startsWith('GET /back')) return request.switch();
    const place = request.text.startsWith('GET /1 ')
      ? '/2'
      : `ws://mallory:x@b.example:${far.port}/`;
    request.socket.write(`HTTP/1.1 302 T\r\nLocation: ${place}\r\nContent-Length: 0\r\n\r\n`);
  });
  const url = `ws://user:secret@a.example:${near.port}/1`;
  const peer = await connectWebSocket(url, { lookup, maxRedirects: 5, headers: { cookie: 'a=1' } });
  peer.terminate();
  const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  t.strictSame(
    near.requests.map((request) => [request.field('authorization'), request.field('cookie')]),
    [
      [basic, 'a=1'],
      [basic, 'a=1'],
      [undefined, undefined],
    ],
  );
  t.equal(far.requests[0]!.field('authorization'), undefined);
  t.equal(far.requests[0]!.field('cookie'), undefined);
});

t.test('nothing that was meant for TLS is ever sent in plain text', async (t) => {
  const plain = await rawServer(t, (request) => request.switch());
  for (const scheme of ['ws', 'http']) {
    const location = `${scheme}://a.example:${plain.port}/`;
    const secure = await rawServer(
      t,
      ({ socket }) =>
        socket.write(`HTTP/1.1 307 T\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      TLS,
    );
    const options = { lookup, maxRedirects: 9, tls: { ca: CERTIFICATE } };
    await t.rejects(connectWebSocket(`wss://a.example:${secure.port}/`, options), {
      name: 'HandshakeRefused',
      message: /TLS to plain text/,
    });
    const source = new EventSource(`https://a.example:${secure.port}/`, options);
    await once(source, 'error');
    t.equal(source.readyState, 2);
  }
  t.equal(plain.connections(), 0);
});

t.test('an event source leaves its fields and credentials behind as well', async (t) => {
  const far = await rawServer(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  });
  const near = await rawServer(t, ({ socket }) => {
    const location = `http://b.example:${far.port}/`;
    socket.write(`HTTP/1.1 307 T\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
  });
  const url = `http://user:secret@a.example:${near.port}/`;
  const source = new EventSource(url, {
    lookup,
    headers: { 'X-Api-Key': 'secret-4', Cookie: 'c=1' },
  });
  await once(source, 'open');
  source.close();
  t.match(near.requests[0]!.text, /secret-4/);
  t.notMatch(far.requests[0]!.text, /secret|authorization|cookie/i);
});

t.test(
  'a proxy sees host and port, and the server nothing of what the proxy was told',
  async (t) => {
    const server = await rawServer(t, (request) => request.switch(), TLS);
    const proxy = await rawServer(t, (request) => {
      request.socket.removeAllListeners('data');
      request.socket.write('HTTP/1.1 200 OK\r\n\r\n');
      pipe(request.socket, connect(server.port, '127.0.0.1'));
    });
    const peer = await connectWebSocket(`wss://user:secret@a.example:${server.port}/path?token=1`, {
      headers: SECRETS,
      tls: { ca: CERTIFICATE },
      proxy: {
        url: `http://me:proxy-secret@127.0.0.1:${proxy.port}`,
        headers: { 'X-For': 'proxy' },
      },
    });
    peer.terminate();
    const authority = `a.example:${server.port}`;
    const basic = Buffer.from('me:proxy-secret').toString('base64');
    t.equal(
      proxy.requests[0]!.text,
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nX-For: proxy\r\n` +
        `Proxy-Authorization: Basic ${basic}\r\n\r\n`,
    );
    t.notMatch(server.requests[0]!.text, new RegExp(`${basic}|X-For`));
  },
);

// ── lots ─────────────────────────────────────────────────────────────────────────────────────

/** The masking keys of the frames that a client sends. */
async function keysOnTheWire(t: Test, count: number): Promise<number[]> {
  const keys: number[] = [];
  let wire = Buffer.alloc(0);
  const server = await rawServer(t, (request) => {
    request.socket.on('data', (bytes: Buffer) => {
      wire = Buffer.concat([wire, bytes]);
      for (; wire.length >= 7; wire = wire.subarray(7)) keys.push(wire.readUInt32BE(2));
    });
    request.switch();
  });
  const peer = await connectWebSocket(`ws://127.0.0.1:${server.port}/`, { deflate: false });
  for (let frame = 0; frame < count; frame += 1) peer.send('x');
  await eventually(() => keys.length === count);
  peer.terminate();
  return keys;
}

t.test(
  'masks owe nothing to Math.random, and no two frames have the same [6455-10.3-1]',
  async (t) => {
    const { random } = Math;
    t.teardown(() => {
      Math.random = random;
    });
    let draws = 0;
    Math.random = () => {
      draws += 1;
      return 0.5;
    };
    const keys = await keysOnTheWire(t, 3000);
    // Three of 3,000 keys may be alike by chance once in 10⁹ runs; and all are, if they are no lots.
    t.ok(new Set(keys).size >= 2998, `${new Set(keys).size} different keys`);
    t.equal(draws, 0);
  },
);

t.test('masks are what the system’s generator gives [6455-10.3-1]', async (t) => {
  const { randomFillSync } = crypto;
  t.teardown(() => {
    crypto.randomFillSync = randomFillSync;
    syncBuiltinESMExports();
  });
  crypto.randomFillSync = ((target: Buffer) => target.fill(0x5a)) as typeof randomFillSync;
  syncBuiltinESMExports();
  // What was fetched before is used up first: 2,048 keys at most.
  const keys = await keysOnTheWire(t, 2049);
  t.equal(keys.at(-1), 0x5a5a5a5a);
});

t.test('handshake keys are lots of the same kind', async (t) => {
  const { random } = Math;
  t.teardown(() => {
    Math.random = random;
  });
  Math.random = () => 0.5;
  const server = await rawServer(t, (request) => request.switch());
  for (let count = 0; count < 20; count += 1) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    await once(socket, 'open');
    socket.terminate();
  }
  const keys = server.requests.map((request) => request.field('sec-websocket-key')!);
  t.equal(new Set(keys).size, 20);
  for (const key of keys) t.equal(Buffer.from(key, 'base64').length, 16);
});

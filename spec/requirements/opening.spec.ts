/** The opening handshake with sockets, TLS and proxies, rule by rule [RFC 6455 §4, §7.2]. */
import { once } from 'node:events';
import { connect, createServer as createNetServer, type Socket } from 'node:net';
import { createServer } from 'barewire';
import { connectWebSocket, WebSocket } from 'barewire/client';
import t, { type Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

/** A WebSocket server that greets, with TLS or without; `/chat` is all there is. */
async function greeter(t: Test, isSecure: boolean): Promise<number> {
  const server = createServer({
    ...(isSecure ? { tls: { cert: CERTIFICATE, key: PRIVATE_KEY } } : {}),
    websocket: {
      accept: (exchange) => exchange.path === '/chat' || exchange.reject(404),
      open: (peer) => peer.send('hello'),
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  t.teardown(() => server.close({ deadlineMs: 0 }));
  return port;
}

/** Listens between a client and a server; returns what passes. */
async function tap(t: Test, to: number) {
  const heard = { client: '', server: '', sockets: [] as Socket[] };
  const server = createNetServer((near) => {
    const far = connect(to, '127.0.0.1');
    heard.sockets.push(near);
    for (const [from, into, side] of [
      [near, far, 'client'],
      [far, near, 'server'],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        heard[side] += bytes.toString('latin1');
      });
      from.pipe(into);
      from.on('error', () => into.destroy());
    }
  });
  const port = await listen(server);
  t.teardown(() => server.close());
  return { ...heard, heard, port };
}

t.test(
  'connects, asks, reads the answer, and is open [6455-4.1-2 6455-4.1-18 6455-4.2.2-24]',
  async (t) => {
    const { heard, port } = await tap(t, await greeter(t, false));
    const peer = await connectWebSocket(`ws://127.0.0.1:${port}/chat`);
    t.match(heard.client, /^GET \/chat HTTP\/1\.1\r\n[\s\S]*\r\n\r\n$/, 'nothing behind it');
    t.match(heard.server, /^HTTP\/1\.1 101 /);
    for await (const message of peer) {
      t.equal(message, 'hello', 'the server speaks at once');
      break;
    }
    t.match(await peer.closed, { wasClean: true });
  },
);

t.test(
  'TLS comes before everything, with the name of the host, and nothing is outside of it ' +
    '[6455-4.1-14 6455-4.1-16 6455-4.1-17 6455-4.2.2-3 6455-10.6-1]',
  async (t) => {
    const { heard, port } = await tap(t, await greeter(t, true));
    const url = `wss://localhost:${port}/chat`;
    const peer = await connectWebSocket(url, { tls: { ca: CERTIFICATE } });
    for await (const message of peer) {
      t.equal(message, 'hello');
      break;
    }
    await peer.closed;
    // Record type 22 is a handshake; the first message of a client names the server.
    t.equal(heard.client.charCodeAt(0), 22);
    t.match(heard.client, 'localhost', 'SNI');
    t.notMatch(heard.client, /GET|Upgrade|chat/);
    t.notMatch(heard.server, /HTTP|Upgrade|hello/);
  },
);

t.test(
  'without trust there is no connection, and no request [6455-4.1-15 6455-7.1.4-2 6455-7.2.1-1]',
  async (t) => {
    const { heard, port } = await tap(t, await greeter(t, true));
    const url = `wss://localhost:${port}/chat`;
    await t.rejects(connectWebSocket(url), { code: /CERT|SELF_SIGNED/ });
    await eventually(() => heard.sockets.every((socket) => socket.destroyed));
    const socket = new WebSocket(url);
    const [closed] = (await once(socket as never, 'close')) as [
      { code: number; wasClean: boolean },
    ];
    t.match(closed, { code: 1006, wasClean: false });
  },
);

t.test('a server ends what is no TLS [6455-4.2.2-2]', async (t) => {
  const client = new RawClient(await greeter(t, true));
  client.send('GET /chat HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.ended();
  t.notMatch(client.text, 'HTTP');
});

t.test(
  'an unknown service is 404, and the handshake is over [6455-4.2.2-11 6455-7.2.2-1]',
  async (t) => {
    const port = await greeter(t, false);
    const refused = connectWebSocket(`ws://127.0.0.1:${port}/other`);
    await t.rejects(refused, { status: 404 } as never);
  },
);

/** A proxy that opens tunnels to nowhere: what comes through is remembered. */
async function deafProxy(t: Test) {
  const tunnels: { to: string; inside: string }[] = [];
  const sockets: Socket[] = [];
  const server = createNetServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.once('data', (bytes: Buffer) => {
      const tunnel = { to: /^CONNECT (\S+)/.exec(bytes.toString())![1]!, inside: '' };
      tunnels.push(tunnel);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.on('data', (more: Buffer) => {
        tunnel.inside += more.toString('latin1');
      });
    });
  });
  const port = await listen(server);
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { tunnels, url: `http://127.0.0.1:${port}` };
}

t.test('behind a proxy, a name is a host: one handshake with each [6455-4.1-8]', async (t) => {
  const { tunnels, url } = await deafProxy(t);
  const aborter = new AbortController();
  const attempts = ['a', 'a', 'A', 'b'].map((name) =>
    connectWebSocket(`ws://${name}.example/`, { proxy: url, signal: aborter.signal }),
  );
  const ended = Promise.allSettled(attempts);
  await eventually(() => tunnels.some(({ inside }) => inside !== ''));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
  t.ok(tunnels.length >= 1);
  t.equal(new Set(tunnels.map(({ to }) => to)).size, tunnels.length, 'none twice');
  aborter.abort();
  await ended;
});

t.test('HTTP/1.1 inside a tunnel means the classic upgrade [8441-7-2]', async (t) => {
  const { tunnels, url } = await deafProxy(t);
  const aborter = new AbortController();
  const attempt = connectWebSocket('ws://a.example/x', { proxy: url, signal: aborter.signal });
  await eventually(() => tunnels[0]?.inside.endsWith('\r\n\r\n') === true);
  t.match(tunnels[0]!.inside, /^GET \/x HTTP\/1\.1\r\n[\s\S]*upgrade: websocket/i);
  aborter.abort();
  await t.rejects(attempt, { name: 'AbortError' });
});

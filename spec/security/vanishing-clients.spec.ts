/**
 * Clients that vanish: by FIN, by reset, or in the middle of anything. Everything is released, the
 * signal aborts once, and no exception escapes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createServer, type Server } from 'barewire';
import t from 'tap';
import { eventually } from '../support/sockets.ts';

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

const STATES: Readonly<Record<string, string>> = {
  'before a byte': '',
  'inside a head': 'GET / HTTP/1.1\r\nHo',
  'inside a body': 'POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc',
  'inside a stream': 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n',
  'inside an event stream': 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n',
  'while an answer is awaited': 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n',
  'as a WebSocket': HANDSHAKE,
  'inside a frame': `${HANDSHAKE}\x81\xfe`,
  'after a hijack': 'GET /raw HTTP/1.1\r\nHost: a\r\n\r\n',
};

/** A server whose answers never end by themselves; counts aborts and clean-ups. */
async function endless(): Promise<{
  server: Server;
  port: number;
  counts: { aborts: number; cleanups: number; asked: number; errors: unknown[] };
}> {
  const counts = { aborts: 0, cleanups: 0, asked: 0, errors: [] as unknown[] };
  const server = createServer({
    error: (error) => counts.errors.push(error),
    // A client that has ended its side may still wait for its answer; here for no longer than this.
    halfCloseTimeoutMs: 1,
    async request(exchange) {
      counts.asked += 1;
      if (exchange.path === '/raw') return void exchange.hijack().socket.resume();
      exchange.signal.addEventListener('abort', () => {
        counts.aborts += 1;
      });
      exchange.onClose(() => {
        counts.cleanups += 1;
      });
      if (exchange.path === '/events') return exchange.eventStream();
      if (exchange.path === '/body') await exchange.body.bytes();
      if (exchange.path !== '/stream') return undefined;
      const body = exchange.stream(200);
      while (await body.write('x'.repeat(1000))) await new Promise(setImmediate);
      return undefined;
    },
    websocket: { message: (peer, data) => peer.send(data) },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  return { server, port, counts };
}

async function open(port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  if (bytes !== '') await new Promise((resolve) => socket.write(bytes, 'latin1', resolve));
  return socket;
}

for (const [state, bytes] of Object.entries(STATES)) {
  t.test(`releases everything when a client vanishes ${state}`, async (t) => {
    const { server, port, counts } = await endless();
    for (const vanish of ['resetAndDestroy', 'destroy'] as const) {
      const sockets = await Promise.all(Array.from({ length: 10 }, () => open(port, bytes)));
      await eventually(() => server.stats().openConnections === 10);
      const reaches = bytes.endsWith('\r\n\r\n') || bytes.includes('abc');
      const isHttp = reaches && bytes !== HANDSHAKE;
      const before = counts.asked;
      if (isHttp && before === 0) await eventually(() => counts.asked >= 10);
      for (const socket of sockets) socket[vanish]();
      await eventually(() => server.stats().openConnections === 0);
    }
    await eventually(() => counts.aborts === counts.cleanups);
    t.strictSame(counts.errors, []);
    t.equal(server.stats().openWebSockets, 0);
    t.equal(server.peers.size, 0);
    t.equal((await server.close({ deadlineMs: 0 })).cut, 0);
  });
}

t.test('a thousand connections opened and dropped leave nothing behind', async (t) => {
  const { server, port } = await endless();
  const before = process.getActiveResourcesInfo().length;
  const texts = Object.values(STATES);
  for (let batch = 0; batch < 10; batch += 1) {
    const sockets = await Promise.all(
      Array.from({ length: 100 }, (_, index) => open(port, texts[index % texts.length]!)),
    );
    for (const [index, socket] of sockets.entries()) {
      if (index % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    await eventually(() => server.stats().openConnections === 0);
  }
  t.equal(server.stats().connections, 1000);
  await eventually(() => process.getActiveResourcesInfo().length <= before);
  t.equal(process.listenerCount('exit') < 20, true);
  await server.close({ deadlineMs: 0 });
});

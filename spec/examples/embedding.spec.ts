import { once } from 'node:events';
import { connect } from 'node:http2';
import type { Server } from 'node:net';
import { connectOverHttp2, connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { ask, askLikeBrowsers } from './programs/client.ts';

/** The port of a program's server, which ends with the test. */
async function portOf(t: Test, server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

async function echoes(t: Test, peer: WebSocketPeer): Promise<void> {
  const sent = ['hello', Buffer.alloc(70_000, 7), ''];
  for (const data of sent) peer.send(data);
  peer.send(['in ', 'pieces']);
  const received: (string | Buffer)[] = [];
  for await (const message of peer) {
    received.push(message);
    if (received.length === 4) break;
  }
  t.strictSame(received, [...sent, 'in pieces']);
  t.match(await peer.closed, { code: 1000, wasClean: true });
}

const PAGES = {
  express: () => import('./programs/express.ts'),
  fastify: () => import('./programs/fastify.ts'),
};

for (const [name, load] of Object.entries(PAGES)) {
  t.test(`${name}: pages and WebSockets on one port`, async (t) => {
    const { server } = await load();
    const port = await portOf(t, server);
    t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'a page');
    await echoes(t, await connectWebSocket(`ws://127.0.0.1:${port}/echo`));
    await t.rejects(connectWebSocket(`ws://127.0.0.1:${port}/other`), { status: 404 } as never);
    server.closeAllConnections();
  });
}

t.test('http2: WebSockets on streams', async (t) => {
  const { server } = await import('./programs/http2.ts');
  const port = await portOf(t, server);
  const session = connect(`http://127.0.0.1:${port}`);
  await echoes(t, await connectOverHttp2(session, `ws://127.0.0.1:${port}/echo`));
  const other = connectOverHttp2(session, `ws://127.0.0.1:${port}/other`);
  await t.rejects(other, { status: 404 } as never);
  session.close();
});

t.test('net.Server: WebSockets on sockets', async (t) => {
  const { server } = await import('./programs/net-server.ts');
  const url = `ws://127.0.0.1:${await portOf(t, server)}/echo`;
  await echoes(t, await connectWebSocket(url));
  t.equal(await askLikeBrowsers(url, 'as ever'), 'as ever');
  const [answers, roundTripMs] = await ask(url, ['one', 'two']);
  t.strictSame(answers, ['one', 'two']);
  t.ok(roundTripMs >= 0);
});

t.test('bare codec: frames in a loop written by hand', async (t) => {
  const { server } = await import('./programs/bare-codec.ts');
  const url = `ws://127.0.0.1:${await portOf(t, server)}/echo`;
  await echoes(t, await connectWebSocket(url));
  await t.rejects(connectWebSocket(url, { origin: 'http://evil.example' }), {
    status: 403,
  } as never);
});

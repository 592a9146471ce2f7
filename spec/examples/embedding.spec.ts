import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type { Server } from 'node:net';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { connectOverHttp2, connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { RawClient } from '../support/sockets.ts';
import { ask, askLikeBrowsers } from './programs/client.ts';

const HANDSHAKE =
  'GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
  'Cookie: user=ada\r\n\r\n';

/** Pages and programs stand beside the compiled specs, in the sources. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = 'spec/examples/programs/';
/** What the README shows, and this spec runs. */
const EMBEDDINGS = [
  ...['node-http', 'https', 'express', 'fastify', 'http2', 'duplex', 'net-server', 'bare-codec'],
];

t.test('the README shows each of these programs as it runs', (t) => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const section = /\n## Embedding\n(.*?)\n## /s.exec(readme)![1]!;
  const shown = [...section.matchAll(/^\*\*.*?\]\((\S+)\.ts\).*?\n```ts\n(.*?)```$/gms)];
  t.strictSame(
    shown.map(([, path]) => path),
    EMBEDDINGS.map((name) => `${folder}${name}`),
  );
  t.equal(section.split('```ts').length - 1, shown.length, 'no other code');
  for (const [, path, code] of shown) {
    let program = readFileSync(`${root}${path}.ts`, 'utf8');
    for (const part of code!.split('// …\n')) {
      const at = program.indexOf(part.trimEnd());
      t.not(at, -1, `${path}: ${part.slice(0, 60)}`);
      program = program.slice(at + part.trimEnd().length);
    }
  }
  const programs = readdirSync(`${root}${folder}`).map((name) => name.replace('.ts', ''));
  const others = programs.filter((name) => !EMBEDDINGS.includes(name));
  t.strictSame(others, ['client'], 'none is forgotten');
  t.end();
});

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

t.test('node:http: everything that accept may say', async (t) => {
  const { server } = await import('./programs/node-http.ts');
  const url = `ws://127.0.0.1:${await portOf(t, server)}/echo`;
  const headers = { cookie: 'user=ada' };
  await echoes(t, await connectWebSocket(url, { headers }));
  const peer = await connectWebSocket(url, { headers, protocols: ['other', 'echo'] });
  t.equal(peer.protocol, 'echo');
  t.equal(peer.extensions, 'permessage-deflate; server_no_context_takeover');
  peer.send('who am I?');
  for await (const message of peer) {
    t.equal(message, 'ada');
    break;
  }
  const refusals = [
    [url, {}, 403],
    [url.replace('/echo', '/other'), { headers }, 404],
    [url, { headers, origin: 'https://evil.example' }, 403],
  ] as const;
  for (const [to, options, status] of refusals) {
    await t.rejects(connectWebSocket(to, options), { status } as never, to);
  }
  const client = new RawClient(Number(new URL(url).port));
  client.send(HANDSHAKE.replace('Host: 127.0.0.1', 'Host: rebound.example'));
  t.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 (403|421) /);
  const other = new RawClient(Number(new URL(url).port));
  other.send(HANDSHAKE);
  t.match(await other.until('\r\n\r\n'), /set-cookie: seen=1\r\nset-cookie: color=blue/i);
  other.close();
  server.closeAllConnections();
});

t.test('node:https: the same call', async (t) => {
  const { serve } = await import('./programs/https.ts');
  const port = await portOf(t, serve(CERTIFICATE, PRIVATE_KEY));
  const options = { tls: { ca: CERTIFICATE }, origin: `https://localhost:${port}` };
  await echoes(t, await connectWebSocket(`wss://localhost:${port}/echo`, options));
  const fromPlain = { ...options, origin: `http://localhost:${port}` };
  const attempt = connectWebSocket(`wss://localhost:${port}/echo`, fromPlain);
  await t.rejects(attempt, { status: 403 } as never, 'another scheme is another origin');
});

t.test('any Duplex: a program’s standard input and output', async (t) => {
  const program = fileURLToPath(new URL('./programs/duplex.js', import.meta.url));
  for (const [path, status] of [
    ['/echo', undefined],
    ['/other', 404],
  ] as const) {
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    const attempt = connectWebSocket(`ws://nowhere.example${path}`, {
      createConnection: () => stream,
    });
    if (status === undefined) await echoes(t, await attempt);
    else await t.rejects(attempt, { status } as never);
    t.strictSame(await ended, [0, null], 'the program ends with its connection');
  }
});

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

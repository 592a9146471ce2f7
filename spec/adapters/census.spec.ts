/** How many an adapter lets in: in total and from one address, and when they count no longer. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AdapterEndpoint, acceptStream, acceptUpgrade } from 'barewire/adapters';
import { connectOverHttp2, connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { type Caps, countIn } from '../../lib/adapters/census.ts';
import { usedMemory } from '../support/memory.ts';
import { eventually, listen } from '../support/sockets.ts';

/** Counts one in; returns what was said, and how it leaves. */
function arrive(caps: Caps, address: string): { status: number | undefined; leave: () => void } {
  let leave = (): void => {};
  const onGone = (callback: () => void): void => {
    leave = callback;
  };
  const refusal = countIn(caps, { address, onGone });
  return { status: refusal?.status, leave: () => leave() };
}

t.test('counts in total and by address, to the cap and not beyond', (t) => {
  const caps = { maxConnections: 3, maxConnectionsPerAddress: 2 };
  const first = arrive(caps, '192.0.2.1');
  t.equal(first.status, undefined);
  t.equal(arrive(caps, '192.0.2.1').status, undefined);
  t.equal(arrive(caps, '192.0.2.1').status, 429);
  const other = arrive(caps, '192.0.2.2');
  t.equal(other.status, undefined);
  t.equal(arrive(caps, '192.0.2.3').status, 503);
  first.leave();
  t.equal(arrive(caps, '192.0.2.1').status, undefined, 'one has left');
  other.leave();
  t.equal(arrive(caps, '192.0.2.1').status, 429, 'as many as before');
  t.end();
});

t.test('keeps nothing of an address that has left', (t) => {
  const caps = { maxConnectionsPerAddress: 1 };
  arrive(caps, '2001:db8::1').leave();
  const before = usedMemory();
  for (let net = 0; net < 60_000; net += 1)
    arrive(caps, `2001:db8:1:${net.toString(16)}::1`).leave();
  t.ok(usedMemory() - before < 1e6, 'there are more of them than memory');
  t.equal(arrive(caps, '2001:db8::1').status, undefined);
  t.end();
});

t.test('counts IPv6 by the /64, and what has no address in total only', (t) => {
  const caps = { maxConnections: 5, maxConnectionsPerAddress: 1 };
  t.equal(arrive(caps, '2001:db8::1').status, undefined);
  t.equal(arrive(caps, '2001:db8::2').status, 429);
  t.equal(arrive(caps, '2001:db8:0:1::2').status, undefined);
  const nameless = [1, 2, 3].map(() => arrive(caps, ''));
  t.strictSame(
    nameless.map(({ status }) => status),
    [undefined, undefined, undefined],
  );
  t.equal(arrive(caps, '').status, 503);
  nameless[0]!.leave();
  t.equal(arrive(caps, '').status, undefined, 'one has left');
  t.equal(arrive(caps, '').status, 503);
  t.end();
});

t.test('counts nothing without caps, each endpoint for itself, and none for zero', (t) => {
  t.equal(arrive({}, 'a').status, undefined);
  t.equal(arrive({ maxConnections: 1 }, 'a').status, undefined);
  t.equal(arrive({ maxConnections: 1 }, 'a').status, undefined);
  t.equal(arrive({ maxConnections: 0 }, 'a').status, 503);
  t.equal(arrive({ maxConnectionsPerAddress: 0 }, 'a').status, 429);
  for (const bad of [-1, 0.5, '1', null]) {
    t.throws(() => arrive({ maxConnections: bad as number }, 'a'), { code: 'invalid-option' });
    t.throws(() => arrive({ maxConnectionsPerAddress: bad as number }, 'a'), {
      code: 'invalid-option',
    });
  }
  t.end();
});

async function serveUpgrades(t: Test, endpoint: AdapterEndpoint): Promise<string> {
  const server = createServer();
  const accepted: Promise<WebSocketPeer | undefined>[] = [];
  server.on('upgrade', (request, socket, head) => {
    accepted.push(acceptUpgrade(request, socket, head, endpoint));
  });
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    for (const peer of await Promise.all(accepted)) peer?.terminate();
  });
  return `ws://127.0.0.1:${await listen(server)}/`;
}

t.test('node:http: a place is free again when the socket is gone, and not before', async (t) => {
  const statuses: number[] = [];
  const url = await serveUpgrades(t, {
    maxConnectionsPerAddress: 2,
    refused: ({ status }) => statuses.push(status),
    message: () => undefined,
  });
  const first = await connectWebSocket(url);
  const second = await connectWebSocket(url);
  await t.rejects(connectWebSocket(url), /answered 429/);
  first.attach({});
  await first.close(1000);
  let third: WebSocketPeer | undefined;
  while (third === undefined) third = await connectWebSocket(url).catch(() => undefined);
  t.ok(statuses.every((status) => status === 429));
  second.terminate();
  third.terminate();
});

t.test('node:http: handshakes that are being decided count as well', async (t) => {
  let asked = 0;
  const url = await serveUpgrades(t, {
    maxConnections: 2,
    refused: () => undefined,
    accept: (opening) => {
      asked += 1;
      return new Promise((resolve) => opening.signal.addEventListener('abort', () => resolve()));
    },
  });
  const aborter = new AbortController();
  const options = { signal: aborter.signal, parallelHandshakes: true };
  const waiting = [connectWebSocket(url, options), connectWebSocket(url, options)];
  await eventually(() => asked === 2);
  await t.rejects(connectWebSocket(url, { parallelHandshakes: true }), /answered 503/);
  aborter.abort();
  for (const attempt of waiting) await t.rejects(attempt);
});

t.test('node:http2: streams of one connection share its address', async (t) => {
  const server = createHttp2Server({ settings: { enableConnectProtocol: true } });
  const endpoint: AdapterEndpoint = {
    maxConnectionsPerAddress: 1,
    refused: () => undefined,
    message: () => undefined,
  };
  server.on('stream', (stream, headers) => void acceptStream(stream, headers, endpoint));
  const session = connectHttp2(`http://127.0.0.1:${await listen(server)}`);
  await once(session, 'connect');
  t.teardown(() => {
    session.destroy();
    server.close();
  });
  const peer = await connectOverHttp2(session, 'ws://localhost/');
  await t.rejects(connectOverHttp2(session, 'ws://localhost/'), /answered 429/);
  peer.terminate();
  let next: WebSocketPeer | undefined;
  while (next === undefined) {
    next = await connectOverHttp2(session, 'ws://localhost/').catch(() => undefined);
  }
  t.equal(next.isOpen, true);
  next.terminate();
});

import { createServer } from 'node:http';
import { type AdapterEndpoint, acceptUpgrade } from 'barewire/adapters';
import { connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { ADAPTER_CHANNELS } from '../../lib/adapters/adapter-channels.ts';
import { hearChannels, watchIdleChannels } from '../support/channels.ts';
import { listen } from '../support/sockets.ts';

const ENDPOINT: AdapterEndpoint = {
  accept: (opening) => opening.path === '/yes',
  refused: () => undefined,
};

/** One handshake that is accepted, and one that is not. */
async function open(t: Test): Promise<(WebSocketPeer | undefined)[]> {
  const server = createServer();
  const accepted: Promise<WebSocketPeer | undefined>[] = [];
  server.on('upgrade', (request, socket, head) => {
    accepted.push(acceptUpgrade(request, socket, head, ENDPOINT));
  });
  t.teardown(() => server.close());
  const url = `ws://127.0.0.1:${await listen(server)}`;
  const client = await connectWebSocket(`${url}/yes`);
  t.teardown(() => client.terminate());
  await t.rejects(connectWebSocket(`${url}/no`), /answered 403/);
  return Promise.all(accepted);
}

t.test('tells of each handshake, and what became of it', async (t) => {
  const told = hearChannels(t, 'adapters', Object.keys(ADAPTER_CHANNELS));
  const [peer] = await open(t);
  t.teardown(() => peer?.terminate());
  t.match(told, [
    ['request', { endpoint: ENDPOINT, source: { url: '/yes' } }],
    ['accepted', { endpoint: ENDPOINT, source: { url: '/yes' } }],
    ['request', { endpoint: ENDPOINT, source: { url: '/no' } }],
    ['refused', { endpoint: ENDPOINT, source: { url: '/no' }, refusal: { status: 403 } }],
  ]);
  t.equal(told.length, 4);
  t.equal(told[1]![1]['peer'], peer);
});

t.test('makes no message while nobody listens', async (t) => {
  const published = watchIdleChannels(t, ADAPTER_CHANNELS);
  const [peer] = await open(t);
  peer?.terminate();
  t.strictSame(published, []);
});

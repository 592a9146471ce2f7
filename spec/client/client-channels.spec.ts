import { connectWebSocket } from 'barewire/client';
import t from 'tap';
import { CLIENT_CHANNELS } from '../../lib/client/client-channels.ts';
import { hearChannels, watchIdleChannels } from '../support/channels.ts';
import { serve } from '../support/serving.ts';

const websocket = { accept: ({ path }: { path: string }) => path === '/yes' };

t.test('tells how each attempt begins and ends, without credentials', async (t) => {
  const { port } = await serve(t, { websocket });
  const told = hearChannels(t, 'client', Object.keys(CLIENT_CHANNELS));
  const peer = await connectWebSocket(`ws://user:secret@127.0.0.1:${port}/yes?a=b`);
  let refusal: unknown;
  await connectWebSocket(`ws://127.0.0.1:${port}/no`).catch((error: unknown) => {
    refusal = error;
  });
  peer.terminate();
  const attempt = told[0]![1]['attempt'] as number;
  const url = `ws://127.0.0.1:${port}`;
  t.strictSame(
    told.map(([name, message]) => [name, message['attempt'], message['url']]),
    [
      ['connect', attempt, `${url}/yes?a=b`],
      ['open', attempt, `${url}/yes?a=b`],
      ['connect', attempt + 1, `${url}/no`],
      ['error', attempt + 1, `${url}/no`],
    ],
  );
  t.equal(told[1]![1]['peer'], peer);
  t.equal(told[3]![1]['error'], refusal);
  t.notOk(JSON.stringify(told.map(([, { url }]) => url)).includes('secret'));
});

t.test('makes no message while nobody listens', async (t) => {
  const { port } = await serve(t, { websocket });
  const published = watchIdleChannels(t, CLIENT_CHANNELS);
  const peer = await connectWebSocket(`ws://127.0.0.1:${port}/yes`);
  peer.terminate();
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${port}/no`));
  t.strictSame(published, []);
});

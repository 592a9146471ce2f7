import type { WebSocketHandler, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { PeerReading } from '../../lib/peer/peer-reading.ts';
import { joinPeers } from '../support/joined-peers.ts';

t.test('passes what comes to the one who reads, with the peer and in its order', (t) => {
  const steps: string[] = [];
  const closes: unknown[] = [];
  const peer = { close: (...all: unknown[]) => closes.push(all) } as unknown as WebSocketPeer;
  const failures: unknown[] = [];
  const reading = new PeerReading(peer, { handlerFailed: (error) => failures.push(error) });
  reading.connection = { pause: () => steps.push('pause'), resume: () => steps.push('resume') };
  const seen: unknown[] = [];
  const error = new Error('mine');
  const handler: WebSocketHandler = {
    open: (from) => seen.push('open', from === peer),
    message(from, data) {
      seen.push(from === peer, data);
      throw error;
    },
    ping: (_peer, payload) => seen.push(payload),
    pong: async (_peer, _payload, roundTripMs) => {
      seen.push(roundTripMs);
      await Promise.reject(error);
    },
  };
  t.equal(reading.isAttached, false);
  reading.attach(handler, undefined);
  t.strictSame(steps, ['pause', 'resume']);
  t.throws(() => reading.streams(undefined), { code: 'invalid-state' });
  t.throws(() => reading.messages(undefined), { code: 'already-reading' });
  reading.message('x');
  reading.ping(Buffer.from('p'));
  reading.pong(Buffer.from('p'), 7);
  t.strictSame(seen, ['open', true, true, 'x', Buffer.from('p'), 7]);
  setImmediate(() => {
    t.strictSame(failures, [error, error]);
    t.strictSame(closes, [
      [1011, 'handler failed'],
      [1011, 'handler failed'],
    ]);
    t.end();
  });
});

t.test('a reader that comes too late gets what came, and the end', async (t) => {
  const { client, server } = await joinPeers(t);
  client.terminate();
  await client.closed;
  const calls: string[] = [];
  client.attach({ open: () => calls.push('open'), close: () => calls.push('close') });
  t.strictSame(calls, ['open', 'close']);
  server.terminate();
  await server.closed;
  t.strictSame(await server[Symbol.asyncIterator]().next(), { value: undefined, done: true });
});

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
    message: (from, data) => seen.push(from === peer, data),
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
    t.strictSame(failures, [error]);
    t.strictSame(closes, [[1011, 'handler failed']]);
    t.end();
  });
});

t.test('calls a handler that has failed for nothing but the end', async (t) => {
  const failures: unknown[] = [];
  const handlerFailed = (error: unknown) => failures.push(error);
  const { client, server } = await joinPeers(t, { server: { handlerFailed } });
  client.attach({});
  const seen: unknown[] = [];
  for (let count = 0; count < 50; count += 1) client.send('x');
  void client.ping();
  server.attach({
    message(_peer, data) {
      seen.push(data);
      throw new Error('mine');
    },
    ping: () => seen.push('ping'),
    drain: () => seen.push('drain'),
    close: (_peer, { sentCode }) => seen.push(sentCode),
  });
  await server.closed;
  t.strictSame(seen, ['x', 1011]);
  t.equal(failures.length, 1);
  t.equal(server.counters.messagesDiscarded, 49);
});

t.test('shows no further message in pieces to a handler that has failed', async (t) => {
  const handlerFailed = (): void => {};
  const { client, server } = await joinPeers(t, { server: { handlerFailed, delivery: 'pieces' } });
  client.attach({});
  for (let count = 0; count < 5; count += 1) client.send('x');
  let streams = 0;
  server.attach({
    stream() {
      streams += 1;
      throw new Error('mine');
    },
  });
  t.match(await server.closed, { sentCode: 1011, wasClean: true });
  t.equal(streams, 1);
  t.equal(server.counters.messagesDiscarded, 4);
});

t.test('a handler may return a promise of another library', async (t) => {
  const failures: unknown[] = [];
  const handlerFailed = (error: unknown) => failures.push(error);
  for (const name of ['message', 'ping'] as const) {
    const { client, server } = await joinPeers(t, { server: { handlerFailed } });
    client.attach({});
    const error = new Error(name);
    // biome-ignore lint/suspicious/noThenProperty: what such a promise is made of.
    const thenable = { then: (_yes: unknown, no: (reason: Error) => void) => no(error) };
    server.attach({ [name]: () => thenable } as WebSocketHandler);
    client.send('x');
    void client.ping();
    t.match(await server.closed, { sentCode: 1011 });
    t.equal(failures.pop(), error);
  }
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

/** Messages out of iterables: who ends them, and what that leaves behind. */
import { getEventListeners } from 'node:events';
import type { WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { joinPeers } from '../support/joined-peers.ts';

const REASON = new Error('enough');

async function collect(peer: WebSocketPeer): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  for await (const message of peer) messages.push(message);
  return messages;
}

/** Gives pieces, then nothing until it is let go on; notes that it was ended. */
function source(...pieces: readonly string[]): {
  pieces: AsyncGenerator<string>;
  goOn: () => void;
  ended: Promise<void>;
} {
  let goOn = (): void => {};
  let end = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* give(): AsyncGenerator<string> {
    try {
      yield* pieces;
      await gate;
      yield 'late';
    } finally {
      end();
    }
  }
  return { pieces: give(), goOn, ended };
}

t.test('a message whose beginning has left breaks off with its signal, and closes', async (t) => {
  const { client, server } = await joinPeers(t);
  const { pieces, goOn, ended } = source('a', 'b');
  const aborter = new AbortController();
  const sending = server.send(pieces, { signal: aborter.signal });
  const reading = collect(client);
  while (server.counters.bytesSent < 6) await new Promise(setImmediate);
  aborter.abort(REASON);
  await t.rejects(sending, REASON);
  t.equal(getEventListeners(aborter.signal, 'abort').length, 0);
  t.match(await client.closed, { code: 1011, reason: 'a message broke off' });
  t.strictSame(await reading, []);
  goOn();
  await ended;
});

t.test('a message that has not begun leaves no trace', async (t) => {
  const { client, server } = await joinPeers(t);
  const { pieces, goOn, ended } = source();
  const aborter = new AbortController();
  const sending = server.send(pieces, { signal: aborter.signal });
  server.send('behind');
  aborter.abort(REASON);
  await t.rejects(sending, REASON);
  const { signal } = new AbortController();
  t.equal(await server.send(['who', 'le'], { signal }), true);
  t.equal(getEventListeners(signal, 'abort').length, 0);
  goOn();
  await ended;
  void server.close(1000);
  t.strictSame(await collect(client), ['behind', 'whole']);
});

t.test('an end of the connection comes before a source that gives nothing', async (t) => {
  const { server } = await joinPeers(t);
  const { pieces, goOn, ended } = source('a');
  const { signal } = new AbortController();
  const sending = server.send(pieces, { signal });
  server.terminate();
  t.equal(await sending, false);
  t.equal(getEventListeners(signal, 'abort').length, 0);
  goOn();
  await ended;
});

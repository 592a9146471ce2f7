import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import t, { type Test } from 'tap';
import { PEER_CHANNELS } from '../../lib/peer/peer-channels.ts';
import { joinPeers } from '../support/joined-peers.ts';

type Told = readonly [name: string, message: Record<string, unknown>];

/** Writes down what the channels of peers tell until the test ends. */
function listen(t: Test): Told[] {
  const told: Told[] = [];
  for (const name of ['open', 'error', 'close']) {
    const hear = (message: unknown): void => {
      told.push([name, message as Record<string, unknown>]);
    };
    subscribe(`barewire:peer:${name}`, hear);
    t.teardown(() => unsubscribe(`barewire:peer:${name}`, hear));
  }
  return told;
}

t.test('tells who has opened, who failed, and how it ended', async (t) => {
  const told = listen(t);
  const failures: unknown[] = [];
  const { client, server } = await joinPeers(t, {
    server: { handlerFailed: (error) => failures.push(error) },
  });
  t.strictSame(
    told.map(([name, { peer }]) => [name, peer === client ? 'client' : peer === server]),
    [
      ['open', 'client'],
      ['open', true],
    ],
  );
  const error = new Error('mine');
  let closedAfter = 0;
  server.attach({
    message() {
      throw error;
    },
    close() {
      closedAfter = told.filter(([name, { peer }]) => name === 'close' && peer === server).length;
    },
  });
  client.attach({});
  client.send('x');
  const report = await server.closed;
  await client.closed;
  t.strictSame(failures, [error]);
  const [, failed] = told.find(([name]) => name === 'error')!;
  t.equal(failed['peer'], server);
  t.equal(failed['error'], error);
  const closed = told.filter(([name]) => name === 'close').map(([, message]) => message);
  t.equal(closed.length, 2);
  t.equal(closed.find(({ peer }) => peer === server)?.['report'], report);
  t.equal(closedAfter, 1, 'before the handler');
});

t.test('makes no message while nobody listens', async (t) => {
  const published: string[] = [];
  for (const [name, channel] of Object.entries(PEER_CHANNELS)) {
    t.equal(channel.hasSubscribers, false, name);
    const own = Object.getOwnPropertyDescriptor(channel, 'publish');
    Object.defineProperty(channel, 'publish', {
      configurable: true,
      value: () => published.push(name),
    });
    t.teardown(() => {
      if (own === undefined) Reflect.deleteProperty(channel, 'publish');
      else Object.defineProperty(channel, 'publish', own);
    });
  }
  const { client, server } = await joinPeers(t, { server: { handlerFailed: () => {} } });
  server.attach({
    open() {
      throw new Error('mine');
    },
  });
  await Promise.all([client.close(), server.closed]);
  t.strictSame(published, []);
});

import { spawnSync } from 'node:child_process';
import t from 'tap';
import { PEER_CHANNELS } from '../../lib/peer/peer-channels.ts';
import { hearChannels, watchIdleChannels } from '../support/channels.ts';
import { joinPeers } from '../support/joined-peers.ts';

t.test('tells who has opened, who failed, and how it ended', async (t) => {
  const told = hearChannels(t, 'peer', Object.keys(PEER_CHANNELS));
  const failures: unknown[] = [];
  const { client, server } = await joinPeers(t, {
    server: { handlerFailed: (error) => failures.push(error) },
  });
  const opened = told.map(([name, { peer }]) => [name, peer === client ? 'client' : 'server']);
  t.strictSame(opened, [
    ['open', 'client'],
    ['open', 'server'],
  ]);
  const error = new Error('mine');
  let closedBefore = 0;
  server.attach({
    message() {
      throw error;
    },
    close() {
      closedBefore = told.filter(([name, { peer }]) => name === 'close' && peer === server).length;
    },
  });
  client.attach({});
  client.send('x');
  const report = await server.closed;
  await client.closed;
  t.strictSame(failures, [error]);
  const failed = told.find(([name]) => name === 'error')![1];
  t.equal(failed['peer'], server);
  t.equal(failed['error'], error);
  const closed = told.filter(([name]) => name === 'close').map(([, message]) => message);
  t.equal(closed.length, 2);
  t.equal(closed.find(({ peer }) => peer === server)?.['report'], report);
  t.equal(closedBefore, 1, 'before the handler');
});

t.test('makes no message while nobody listens', async (t) => {
  const published = watchIdleChannels(t, PEER_CHANNELS);
  const { client, server } = await joinPeers(t, { server: { handlerFailed: () => {} } });
  server.attach({
    open() {
      throw new Error('mine');
    },
  });
  await Promise.all([client.close(), server.closed]);
  t.strictSame(published, []);
});

t.test('tells nobody of the peers that are made while the module loads', (t) => {
  const server = new URL('../../lib/server/index.js', import.meta.url).href;
  const names = ['peer:open', 'peer:close', 'peer:error', 'server:connection', 'server:request'];
  const program = `
    const { subscribe } = await import('node:diagnostics_channel');
    const names = ${JSON.stringify(names.map((name) => `barewire:${name}`))};
    for (const name of names) subscribe(name, () => console.log(name));
    await import(${JSON.stringify(server)});
    console.log('loaded');`;
  const flags = ['--input-type=module', '--eval', program];
  const env = { ...process.env, DEBUG: 'barewire:*' };
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', env });
  t.equal(stdout, 'loaded\n');
  t.equal(stderr, '');
  t.end();
});

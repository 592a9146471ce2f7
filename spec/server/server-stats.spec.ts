import t from 'tap';
import { SERVER_CHANNELS, Tally, tellFailure } from '../../lib/server/server-stats.ts';

t.test('counts by name, also names that are names of object members', (t) => {
  const tally = new Tally();
  for (const name of ['a', 'constructor', 'a', '__proto__']) tally.add(name);
  const record = tally.toRecord();
  t.equal(record['a'], 2);
  t.equal(Object.hasOwn(record, 'constructor') && record['constructor'], 1);
  t.equal(Object.hasOwn(record, '__proto__'), true);
  tally.add('a');
  t.equal(record['a'], 2, 'a copy');
  t.end();
});

t.test('has channels that cost nothing without subscribers', (t) => {
  for (const channel of Object.values(SERVER_CHANNELS)) {
    t.match(String(channel.name), /^barewire:server:[a-z]+$/);
    t.equal(channel.hasSubscribers, false);
  }
  t.end();
});

t.test('prints what an asynchronous option error rejects with', async (t) => {
  const printed = t.capture(console, 'error');
  const second = new Error('in the option');
  tellFailure({ error: () => Promise.reject(second) }, 'first', undefined);
  await new Promise((next) => setImmediate(next));
  t.match(printed(), [{ args: ['barewire: the option error failed:', second, 'for', 'first'] }]);
});

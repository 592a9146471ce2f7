import { systemAlarm } from 'barewire/peer';
import t from 'tap';
import { alarmOf, checkEndpoint } from '../../lib/adapters/endpoint.ts';

t.test('takes every option of an endpoint, and refuses a slip', (t) => {
  checkEndpoint({});
  checkEndpoint({ origins: 'any', protocols: ['chat'], accept: () => true, message: () => {} });
  for (const bad of [
    { acept: () => true },
    { accept: true },
    { refused: 1 },
    { ticker: 1 },
    { alarm: {} },
    { maxMessageBytes: -1 },
    { handshakeTimeoutMs: -1 },
    { hosts: 'everybody' },
    { protocols: [1] },
    { message: 1 },
  ]) {
    t.throws(() => checkEndpoint(bad as never), { code: 'invalid-option' }, JSON.stringify(bad));
  }
  const unread = { delivery: 'pieces', message: () => {} } as const;
  t.throws(() => checkEndpoint(unread), { code: 'invalid-argument' });
  t.end();
});

t.test('sees what has become of an endpoint since', (t) => {
  const endpoint: Record<string, unknown> = { protocols: ['chat'] };
  checkEndpoint(endpoint);
  for (const bad of [{ maxFragments: -1 }, { acept: 1 }, { accept: 1 }, { deflate: 1 }]) {
    Object.assign(endpoint, bad);
    t.throws(() => checkEndpoint(endpoint), { code: 'invalid-option' });
    for (const name of Object.keys(bad)) delete endpoint[name];
    checkEndpoint(endpoint);
  }
  (endpoint['protocols'] as unknown[]).push(1);
  t.throws(() => checkEndpoint(endpoint), { code: 'invalid-option' });
  t.end();
});

t.test('has the alarm of the system unless it has one of its own', (t) => {
  const alarm = () => () => {};
  t.equal(alarmOf({ alarm }), alarm);
  for (const none of [undefined, {}, { alarm: 1 as never }]) t.equal(alarmOf(none), systemAlarm);
  t.end();
});

import { UsageError } from 'barewire/base';
import type { ConnectOptions } from 'barewire/client';
import t from 'tap';
import { makeEventStreamPlan } from '../../lib/client/event-stream-plan.ts';
import { makePlan, wishesFor } from '../../lib/client/plan.ts';

t.test('settles everything before anything is opened', (t) => {
  const plan = makePlan('wss://u:p@a:1/x?y', { protocols: 'chat', headers: { Cookie: 'c' } });
  const wishes = wishesFor(plan, plan.hop);
  t.match(wishes, { host: 'a:1', target: '/x?y', protocols: ['chat'] });
  const lines = [...(wishes.headers as Iterable<readonly [string, string]>)];
  t.strictSame(lines, [
    ['Cookie', 'c'],
    ['Authorization', `Basic ${Buffer.from('u:p').toString('base64')}`],
  ]);
  t.match(plan, { maxRedirects: 0, timeoutMs: 10_000 });
  t.end();
});

t.test('offers permessage-deflate unless told otherwise', (t) => {
  t.match(makePlan('ws://a', {}).wishes.offer, /^permessage-deflate/);
  t.equal(makePlan('ws://a', { deflate: false }).wishes.offer, undefined);
  t.equal(makePlan('ws://a', { deflate: [] }).wishes.offer, undefined);
  t.end();
});

t.test('knows a way that ends at a unix socket', (t) => {
  t.equal(makePlan('ws://a', {}).hop.isUnix, false);
  t.equal(makePlan('ws://a', { socketPath: '/x' }).hop.isUnix, true);
  t.equal(makePlan('ws+unix:/x', {}).hop.isUnix, true);
  t.equal(makeEventStreamPlan('http://a', { socketPath: '/x' }).hop.isUnix, true);
  t.end();
});

t.test('refuses what cannot work', (t) => {
  const bad: ConnectOptions[] = [
    { maxRedirects: -1 },
    { handshakeTimeoutMs: Number.NaN },
    { headers: { 'a b': 'c' } },
    { headers: { a: 'b\r\nc: d' } },
    { protocols: ['a', 'a'] },
    { maxMessageBytes: -1 },
    { socketPath: '/x', proxy: 'http://p' },
  ];
  for (const options of bad) t.throws(() => makePlan('ws://a', options), UsageError);
  t.throws(() => makePlan('ftp://a', {}));
  t.end();
});

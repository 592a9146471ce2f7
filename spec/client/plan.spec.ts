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

t.test('takes one offer of permessage-deflate, or several in their order', (t) => {
  const nine = 'permessage-deflate; server_max_window_bits=9; client_max_window_bits';
  const offerOf = (deflate: ConnectOptions['deflate']): string | undefined =>
    makePlan('ws://a', { deflate }).wishes.offer;
  t.equal(offerOf({ serverMaxWindowBits: 9 }), nine);
  t.equal(offerOf([{ serverMaxWindowBits: 9 }]), nine);
  t.equal(offerOf([{ serverMaxWindowBits: 9 }, {}]), `${nine}, ${offerOf(true)}`);
  for (const bad of [null, 1, 'permessage-deflate', [null], [{}, true], ['x']]) {
    t.throws(() => offerOf(bad as never), { name: 'UsageError', code: 'invalid-option' });
  }
  t.end();
});

t.test('takes one subprotocol or an array of them, and nothing else', (t) => {
  const protocolsOf = (protocols: ConnectOptions['protocols']): readonly string[] =>
    makePlan('ws://a', { protocols }).wishes.protocols ?? [];
  t.strictSame(protocolsOf(undefined), []);
  t.strictSame(protocolsOf('a'), ['a']);
  t.strictSame(protocolsOf(['b', 'a']), ['b', 'a']);
  for (const bad of [null, 1, { 0: 'a', length: 1 }, new Set(['a'])]) {
    t.throws(() => protocolsOf(bad as never), { name: 'UsageError', code: 'invalid-argument' });
  }
  t.end();
});

t.test('prefers the credentials of the fields to those of the URL', (t) => {
  const plan = makePlan('ws://u:p@a', { headers: { AUTHORIZATION: 'Bearer x' } });
  const { headers } = wishesFor(plan, plan.hop);
  t.strictSame([...(headers as Iterable<unknown>)], [['AUTHORIZATION', 'Bearer x']]);
  t.end();
});

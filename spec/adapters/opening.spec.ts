import { Opening } from 'barewire/adapters';
import { HandshakeRejected, UsageError } from 'barewire/base';
import type { AcceptableUpgrade } from 'barewire/handshake';
import t from 'tap';

const fields = { get: () => undefined, getAll: () => [] };
const upgrade = {
  host: 'a',
  origin: undefined,
  protocols: ['chat'],
} as unknown as AcceptableUpgrade;
const opening = (target: string): Opening =>
  new Opening(
    { method: 'GET', target, version: '1.1', fields },
    upgrade,
    { signal: AbortSignal.abort() },
    'it',
  );

t.test('splits the target as it was sent', (t) => {
  t.match(opening('/a%2Fb?c=d?e'), { path: '/a%2Fb', query: '?c=d?e' });
  t.match(opening('http://x:1/p?q'), { path: '/p', query: '?q' });
  t.match(opening('http://x'), { path: '/', query: '' });
  t.match(opening('ws://x/p'), { path: '/p', query: '' });
  t.match(opening('/'), { host: 'a', origin: undefined, protocols: ['chat'], source: 'it' });
  t.end();
});

t.test('has the signal of who waits for it, and does not look before it is asked', (t) => {
  const { signal } = new AbortController();
  let looks = 0;
  const patience = {
    get signal() {
      looks += 1;
      return signal;
    },
  };
  const request = { method: 'GET', target: '/', version: '1.1', fields };
  const asked = new Opening(request, upgrade, patience, 'it');
  t.equal(looks, 0);
  t.equal(asked.signal, signal);
  t.end();
});

t.test('makes refusals, and refuses statuses that are none', (t) => {
  const refusal = opening('/').reject(404, 'not here', { 'x-a': 'b' });
  t.ok(refusal instanceof HandshakeRejected);
  t.match(refusal, { status: 404, message: 'not here', headers: { 'x-a': 'b' } });
  t.throws(() => opening('/').reject(200), UsageError);
  t.end();
});

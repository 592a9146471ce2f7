import type { EventSourceOptions } from 'barewire/client';
import t from 'tap';
import { formatRequest, makeEventStreamPlan } from '../../lib/client/event-stream-plan.ts';

t.test('settles everything before anything is opened', (t) => {
  const plan = makeEventStreamPlan('https://a.example/b?c', {});
  t.match(plan, {
    maxRedirects: 20,
    timeoutMs: 10_000,
    reconnectionMs: 3000,
    maxDelayMs: 60_000,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
  });
  t.match(plan.hop.address, { isSecure: true, port: 443, target: '/b?c' });
  t.throws(() => makeEventStreamPlan('wss://a/', {}), { code: 'invalid-argument' });
  t.end();
});

t.test('writes a position in UTF-8, and credentials of the URL unless there are others', (t) => {
  const { hop } = makeEventStreamPlan('http://me:pw@a:81/', {});
  t.equal(
    formatRequest(hop, 'ü'),
    'GET / HTTP/1.1\r\nHost: a:81\r\nAccept: text/event-stream\r\n' +
      'Accept-Encoding: identity\r\nCache-Control: no-cache\r\nConnection: close\r\nLast-Event-ID: Ã¼\r\n' +
      'Authorization: Basic bWU6cHc=\r\n\r\n',
  );
  t.notMatch(formatRequest(hop, ''), /last-event-id/i);
  const own = makeEventStreamPlan('http://me:pw@a/', { headers: { Authorization: 'own' } });
  t.strictSame(formatRequest(own.hop, '').match(/authorization: .*/gi), ['Authorization: own']);
  t.end();
});

t.test('refuses what cannot work, at the edge of what can', (t) => {
  const good: EventSourceOptions[] = [
    { maxRedirects: 0 },
    { lastEventId: '' },
    { lastEventId: 'a b\t' },
    { idleTimeoutMs: 1 },
    { idleTimeoutMs: 2 ** 31 - 1 },
    { idleTimeoutMs: Number.POSITIVE_INFINITY },
    { reconnectionMs: 0, maxDelayMs: 1 },
  ];
  for (const options of good) t.equal(makeEventStreamPlan('http://a/', options).options, options);
  const bad: [EventSourceOptions, string][] = [
    ...[-1, 0.5, Number.NaN, '1'].map(
      (maxRedirects) => [{ maxRedirects }, 'invalid-option'] as [EventSourceOptions, string],
    ),
    ...['a\nb', 'a\rb', 'a\0b', 5].map(
      (lastEventId) => [{ lastEventId }, 'invalid-option'] as [EventSourceOptions, string],
    ),
    ...[0, 2 ** 31, Number.NaN].map(
      (idleTimeoutMs) => [{ idleTimeoutMs }, 'invalid-option'] as [EventSourceOptions, string],
    ),
    [{ reconnectionMs: -1 }, 'invalid-option'],
    [{ maxDelayMs: 0 }, 'invalid-option'],
    [{ maxEventBytes: -1 }, 'invalid-option'],
    [{ handshakeTimeoutMs: -1 }, 'invalid-option'],
    [{ headers: { 'Last-Event-ID': '1' } }, 'invalid-header'],
    [{ headers: { HOST: 'b' } }, 'invalid-header'],
    [{ headers: { 'a b': 'c' } }, 'invalid-header'],
  ];
  for (const [options, code] of bad) {
    t.throws(() => makeEventStreamPlan('http://a/', options), { name: 'UsageError', code });
  }
  t.end();
});

t.test('sends the fields of the caller behind its own', (t) => {
  const { hop } = makeEventStreamPlan('http://a/', { headers: { 'X-A': ['1', '2'] } });
  t.match(formatRequest(hop, ''), /\r\nConnection: close\r\nX-A: 1\r\nX-A: 2\r\n\r\n$/);
  t.end();
});

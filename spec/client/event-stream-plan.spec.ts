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
      'Accept-Encoding: identity\r\nCache-Control: no-cache\r\nLast-Event-ID: Ã¼\r\n' +
      'Authorization: Basic bWU6cHc=\r\n\r\n',
  );
  t.notMatch(formatRequest(hop, ''), /last-event-id/i);
  const own = makeEventStreamPlan('http://me:pw@a/', { headers: { Authorization: 'own' } });
  t.strictSame(formatRequest(own.hop, '').match(/authorization: .*/gi), ['Authorization: own']);
  t.end();
});

import t from 'tap';
import { judge, request } from '../support/http-verdicts.ts';

t.test('wants exactly one Host in HTTP/1.1, and none in 1.0', (t) => {
  t.equal(judge('GET / HTTP/1.1', []), 'missing-host');
  t.equal(judge('GET / HTTP/1.1', ['Host: a', 'host: a']), 'multiple-host');
  t.equal(judge('GET / HTTP/1.0', []), 'ok');
  t.equal(judge('GET / HTTP/1.0', ['Host: a', 'Host: b']), 'multiple-host');
  t.end();
});

t.test('knows one expectation, and only in HTTP/1.1', (t) => {
  const expecting = (line: string, value: string): Record<string, unknown> | undefined =>
    request(`${line}\r\nHost: a\r\nContent-Length: 1\r\nExpect: ${value}\r\n\r\n`).messages[0]
      ?.head;
  t.equal(expecting('POST / HTTP/1.1', '100-continue')?.['expectContinue'], true);
  t.equal(expecting('POST / HTTP/1.0', '100-continue')?.['expectContinue'], undefined);
  t.equal(expecting('POST / HTTP/1.1', 'miracles'), undefined);
  t.equal(judge('POST / HTTP/1.1', ['Host: a', 'Expect: miracles']), 'bad-expect');
  t.end();
});

t.test('keeps the connection as version and fields say', (t) => {
  const keeps = (version: string, connection?: string): unknown => {
    const field = connection === undefined ? '' : `Connection: ${connection}\r\n`;
    const text = `GET / HTTP/${version}\r\nHost: a\r\n${field}\r\n`;
    return request(text).messages[0]!.head['keepAlive'];
  };
  t.equal(keeps('1.1'), true);
  t.equal(keeps('1.1', 'close'), false);
  t.equal(keeps('1.0'), false);
  t.equal(keeps('1.0', 'keep-alive'), true);
  t.equal(keeps('1.0', 'keep-alive, close'), false);
  t.end();
});

t.test('refuses CONNECT with content', (t) => {
  t.equal(
    judge('CONNECT a:1 HTTP/1.1', ['Host: a', 'Content-Length: 1'], 'x'),
    'connect-with-body',
  );
  t.equal(judge('CONNECT a:1 HTTP/1.1'), 'ok');
  t.end();
});

import t from 'tap';
import { judge, request, verdict } from '../support/http-verdicts.ts';

t.test('takes any token as method, and keeps its case', (t) => {
  for (const method of ['GET', 'get', 'M-SEARCH', "!#$%&'*+-.^_`|~", 'X'.repeat(32)]) {
    t.equal(judge(`${method} / HTTP/1.1`), 'ok', method);
  }
  t.equal(request('pAtCh / HTTP/1.1\r\nHost: a\r\n\r\n').messages[0]!.head['method'], 'pAtCh');
  t.end();
});

t.test('refuses other methods, long ones with 501', (t) => {
  for (const line of ['G@T / HTTP/1.1', '{} / HTTP/1.1', '\x80 / HTTP/1.1']) {
    t.equal(judge(line), 'bad-method', line);
  }
  const long = request(`${'X'.repeat(33)} / HTTP/1.1\r\n`);
  t.match(long.failure, { code: 'method-too-long', status: 501 });
  t.end();
});

t.test('wants one space at each place, and a version that is one', (t) => {
  for (const line of ['GET  / HTTP/1.1', 'GET /  HTTP/1.1', 'GET\t/ HTTP/1.1', 'GET /', 'GET']) {
    t.not(judge(line), 'ok', line);
  }
  t.equal(judge('GET / HTTP/1.1 '), 'bad-request-line');
  t.equal(judge('GET / http/1.1'), 'bad-version');
  t.equal(judge('GET / HTTP/1.10'), 'bad-version');
  t.equal(judge('GET / HTTP/2.0'), 'unsupported-version');
  t.equal(judge('GET / HTTP/1.2'), 'unsupported-version');
  t.end();
});

t.test('stops at the limit of the target, exactly', (t) => {
  const line = (length: number): string =>
    `GET /${'x'.repeat(length - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  t.equal(verdict(request(line(20), { maxTargetBytes: 20 })), 'ok');
  t.match(request(line(21), { maxTargetBytes: 20 }).failure, {
    code: 'target-too-long',
    status: 414,
  });
  t.end();
});

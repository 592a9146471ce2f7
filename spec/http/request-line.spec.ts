import { hasFastPath } from 'barewire/base';
import { RequestReader } from 'barewire/http';
import t from 'tap';
import { resolveHttpLimits } from '../../lib/http/http-limits.ts';
import { RequestLine } from '../../lib/http/request-line.ts';
import { countedBytes } from '../support/counted-bytes.ts';
import { feedings } from '../support/feeding.ts';
import { recordRequests } from '../support/http-driver.ts';
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

/** What a reader makes of a line that nothing follows but, if it gets that far, a Host. */
function read(line: string, chunks: (text: string) => Iterable<readonly Buffer[]>): Set<string> {
  const verdicts = new Set<string>();
  for (const pieces of chunks(`${line}Host: a\r\n\r\n`)) {
    const limits = { maxMethodBytes: 8, maxTargetBytes: 16, maxHeaderBytes: 24 };
    const recording = recordRequests(pieces, { limits });
    const head = recording.messages[0]?.head;
    const found = `${head?.['method']} ${head?.['target']} ${head?.['version']}`;
    verdicts.add(head === undefined ? verdict(recording) : found);
  }
  return verdicts;
}

t.test('judges a line the same wherever it is cut, with empty lines before it or without', (t) => {
  for (const [line, expected] of [
    ['GET / HTTP/1.1\r\n', 'GET / 1.1'],
    ['GET / HTTP/1.0\r\n', 'GET / 1.0'],
    ['OPTIONS /a HTTP/1.1\r\n', 'OPTIONS /a 1.1'],
    ['OPTIONS * HTTP/1.1\r\n', 'OPTIONS * 1.1'],
    ['OPTIONS http://b HTTP/1.1\r\n', 'OPTIONS http://b 1.1'],
    ['12345678 / HTTP/1.1\r\n', '12345678 / 1.1'],
    ['123456789 / HTTP/1.1\r\n', 'method-too-long'],
    ['GET /234567890123456 HTTP/1.1\r\n', 'GET /234567890123456 1.1'],
    ['GET /2345678901234567 HTTP/1.1\r\n', 'target-too-long'],
    ['GET\n', 'bare-lf'],
    ['GET\r\n', 'bad-method'],
    [' GET / HTTP/1.1\r\n', 'bad-method'],
    ['\t', 'bad-method'],
    ['GET /\n', 'bare-lf'],
    ['GET /\r\n', 'bad-request-line'],
    ['GET  / HTTP/1.1\r\n', 'bad-request-line'],
    ['GET \r\n', 'bad-request-line'],
    ['GET \n', 'bare-lf'],
    ['GET #', 'bad-target'],
    ['GET a HTTP/1.1\r\n', 'bad-target'],
    ['CONNECT / HTTP/1.1\r\n', 'bad-target'],
    ['GET / \n', 'bare-lf'],
    ['GET / \r\n', 'bad-request-line'],
    ['GET /  HTTP/1.1\r\n', 'bad-request-line'],
    ['GET / \tHTTP/1.1\r\n', 'bad-request-line'],
    ['GET / HTTP/1\n', 'bare-lf'],
    ['GET / HTTP/\r\n', 'bad-version'],
    ['GET / HTTP/x.1\r\n', 'bad-version'],
    ['GET / HTTP/1,1\r\n', 'bad-version'],
    ['GET / HTTP/1.x\r\n', 'bad-version'],
    ['GET / HTTQ/1.1\r\n', 'bad-version'],
    ['GET / HTTP/1.1\n', 'bare-lf'],
    ['GET / HTTP/1.1 \r\n', 'bad-request-line'],
    ['GET / HTTP/1.1\t\r\n', 'bad-request-line'],
    ['GET / HTTP/1.12\r\n', 'bad-version'],
    ['GET / HTTP/1.1\rx', 'bare-cr'],
    ['GET / HTTP/1.2\r\n', 'unsupported-version'],
    ['GET / HTTP/0.9\r\n', 'unsupported-version'],
    ['GET / HTTP/2.0\r\n', 'unsupported-version'],
  ] as const) {
    for (const before of ['', '\r\n', '\r\n\r\n']) {
      const cuts = function* (text: string): Generator<readonly Buffer[]> {
        for (const { chunks } of feedings(Buffer.from(text, 'latin1'))) yield chunks;
      };
      t.strictSame([...read(before + line, cuts)], [expected], JSON.stringify(before + line));
    }
  }
  t.end();
});

t.test('skips as many bytes of empty lines as a head may have', (t) => {
  const whole = (text: string): Iterable<readonly Buffer[]> => [[Buffer.from(text)]];
  const line = 'GET / HTTP/1.1\r\n';
  t.strictSame([...read('\r\n'.repeat(12) + line, whole)], ['GET / 1.1']);
  t.strictSame([...read('\r\n'.repeat(13) + line, whole)], ['headers-too-large']);
  t.strictSame([...read(`\rx${line}`, whole)], ['bare-cr']);
  t.strictSame([...read(`\r\r\n${line}`, whole)], ['bare-cr']);
  t.end();
});

t.test('has begun with half an empty line, and not with a whole one', (t) => {
  const reader = new RequestReader({ head() {}, body() {}, end() {}, failed() {} });
  for (const [text, phase] of [
    ['\r', 'start-line'],
    ['\n', 'idle'],
    ['\r\n', 'idle'],
    ['G', 'start-line'],
    ['ET / HTTP/1.1\r', 'start-line'],
    ['\n', 'headers'],
  ] as const) {
    reader.receive(Buffer.from(text));
    t.equal(reader.phase, phase, JSON.stringify(text));
  }
  t.end();
});

t.test('looks once at each octet of an ordinary line', (t) => {
  for (const text of ['GET / HTTP/1.1\r\n', 'DELETE /a/b?c=d HTTP/1.1\r\n', 'X /x HTTP/1.1\r\n']) {
    const { bytes, reads } = countedBytes(Buffer.from(`\n${text}Host: a\r\n\r\n`));
    const line = new RequestLine();
    line.begin();
    t.equal(line.scan(bytes, 1, bytes.length, resolveHttpLimits()), 1 + text.length, text);
    t.equal(line.isDone, true);
    // Two ends are looked at twice, that of the method and that of the target; part by part the
    // beginnings of both, too.
    const twice = hasFastPath('request-line') ? 2 : 4;
    t.ok(reads.length <= text.length + twice, `${reads}`);
    t.strictSame(new Set(reads), new Set(text.split('').map((_, index) => index + 1)));
  }
  t.end();
});

import { hasFastPath } from 'barewire/base';
import { type RequestHead, RequestReader } from 'barewire/http';
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

t.test('wants a Host that is an authority, or empty', (t) => {
  for (const version of ['1.0', '1.1']) {
    for (const [value, expected] of [
      ['', 'ok'],
      [' \t', 'ok'],
      ['a:80', 'ok'],
      ['a b', 'bad-host'],
      ['a, b', 'bad-host'],
      ['http://a', 'bad-host'],
    ] as const) {
      t.equal(judge(`GET / HTTP/${version}`, [`Host:${value}`]), expected, `${version} "${value}"`);
    }
  }
  t.end();
});

t.test('takes an upgrade for one when both fields say so, in HTTP/1.1', (t) => {
  for (const [line, fields, wants] of [
    ['GET / HTTP/1.1', ['Upgrade: x', 'Connection: upgrade'], true],
    ['GET / HTTP/1.1', ['Upgrade: x, y/2', 'Connection: keep-alive, UPGRADE'], true],
    ['GET / HTTP/1.1', ['Upgrade: ,', 'Upgrade: x', 'Connection: upgrade'], true],
    ['GET / HTTP/1.1', ['Upgrade: x'], false],
    ['GET / HTTP/1.1', ['Upgrade: x', 'Connection: upgrades'], false],
    ['GET / HTTP/1.1', ['Connection: upgrade'], false],
    ['GET / HTTP/1.1', ['Upgrade:', 'Connection: upgrade'], false],
    ['GET / HTTP/1.1', ['Upgrade: , ,', 'Connection: upgrade'], false],
    ['GET / HTTP/1.0', ['Upgrade: x', 'Connection: upgrade'], false],
    ['CONNECT a:1 HTTP/1.1', [], true],
    ['CONNECT a:1 HTTP/1.0', [], true],
  ] as const) {
    const { messages } = request([line, 'Host: a', ...fields, '', ''].join('\r\n'));
    t.equal(messages[0]?.head['upgrade'] ?? false, wants, `${line} ${fields}`);
  }
  t.end();
});

t.test('expects nothing of a request without content', (t) => {
  for (const [fields, expects] of [
    [['Expect: 100-continue', 'Content-Length: 1'], true],
    [['Expect: 100-Continue,', 'Transfer-Encoding: chunked'], true],
    [['Expect: 100-continue', 'Content-Length: 0'], false],
    [['Expect: 100-continue'], false],
    [['Expect: ,', 'Content-Length: 1'], false],
  ] as const) {
    const { messages } = request(['PUT / HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n'));
    t.equal(messages[0]?.head['expectContinue'] ?? false, expects, `${fields}`);
  }
  t.end();
});

/** The heads of requests with the same section, each of which comes in a read of its own. */
function heads(lines: readonly string[], section: string): RequestHead[] {
  const found: RequestHead[] = [];
  const reader = new RequestReader({
    head: (head) => void found.push(head),
    body() {},
    end: () => reader.resume(),
    failed() {},
  });
  for (const line of lines) {
    reader.receive(Buffer.from(`${line}\r\n${section}\r\n`));
    reader.resume();
  }
  return found;
}

t.test('gives a section that comes again the meaning that it has alone', (t) => {
  const lines = ['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1', 'PATCH /3 HTTP/1.1', 'GET //4?x HTTP/1.1'];
  for (const section of [
    'Host: a\r\n',
    'Host: a\r\nAccept:  b\r\nConnection: keep-alive\r\n',
    'Host: a\r\nUpgrade: x\r\nConnection: upgrade\r\n',
    'Host: a\r\nContent-Length: 0\r\n',
  ]) {
    const together = heads(lines, section);
    t.equal(together.length, lines.length, section);
    for (const [index, line] of lines.entries()) {
      const { fields, ...alone } = heads([line], section)[0]!;
      const { fields: sameFields, ...head } = together[index]!;
      t.strictSame(head, alone);
      t.strictSame([...sameFields], [...fields]);
    }
  }
  t.end();
});

t.test('shares the fields of a section that comes again', (t) => {
  const lines = ['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1', 'GET /3 HTTP/1.1', 'OPTIONS * HTTP/1.1'];
  const [, second, third, fourth] = heads(lines, 'Host: a\r\n');
  t.strictSame([...third!.fields], [...second!.fields]);
  t.equal(third!.fields === second!.fields, hasFastPath('repeated-section'));
  t.not(fourth?.fields, second?.fields, 'a line that is not plain is read with all that follows');
  t.end();
});

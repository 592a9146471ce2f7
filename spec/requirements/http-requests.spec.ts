/** How requests are read, rule by rule [RFC 9112 §2 – §5], [RFC 9110 §4, §5]. */
import { Fields, listElements } from 'barewire/http';
import t from 'tap';
import { judge, request, response, verdict } from '../support/http-verdicts.ts';

/** The status that a request is refused with; 200 for one that is accepted. */
function status(text: string, limits = {}): number | undefined {
  const { failure, messages } = request(text, limits);
  if (failure === undefined) t.ok(messages.length > 0, `undecided: ${text}`);
  return failure === undefined ? 200 : failure.status;
}

const head = (line: string, ...fields: readonly string[]): string =>
  `${[line, ...fields].join('\r\n')}\r\n\r\n`;
const withFields = (...fields: readonly string[]): string =>
  head('GET / HTTP/1.1', 'Host: a', ...fields);

t.test(
  'start line, field lines, empty line, body [9112-2.1-1 9112-3-1 9112-5-1 9112-5.1-5 9110-5.5-2]',
  (t) => {
    const { messages } = request(
      `${head('POST /x HTTP/1.1', 'Host:a', 'X:\t y z \t', 'Content-Length: 2')}hi`,
    );
    const headers = [
      ['Host', 'a'],
      ['X', 'y z'],
      ['Content-Length', '2'],
    ];
    const expected = { method: 'POST', target: '/x', version: '1.1', headers };
    t.match(messages, [{ head: expected, body: 'hi', isComplete: true }]);
    t.equal(verdict(request('GET / HTTP/1.1\r\nHost: a\r\n')), 'headers', 'no empty line yet');
    for (const line of [
      'GET  / HTTP/1.1',
      'GET\t/ HTTP/1.1',
      'GET /  HTTP/1.1',
      'GET / HTTP/1.1 ',
      ' GET / HTTP/1.1',
      'GET /',
      'GET',
    ]) {
      t.equal(status(head(line, 'Host: a')), 400, line);
    }
    for (const line of ['X', 'X y', ': y']) t.equal(status(withFields(line)), 400, line);
    t.end();
  },
);

t.test('a request is no response, nor the other way round [9112-2.1-2]', (t) => {
  t.equal(status(head('HTTP/1.1 200 OK', 'Host: a')), 400);
  t.equal(verdict(response(head('GET / HTTP/1.1', 'Host: a'))), 'bad-status-line');
  t.end();
});

t.test('octets are octets, whatever they would be in an encoding [9112-2.2-1]', (t) => {
  // In UTF-8 and UTF-16 these would have a line end among them, or be no text at all.
  const odd = '\xc4\x8a \xe5\x8d\x8a \xff\xfe';
  const { messages } = request(`${withFields(`X: ${odd}`)}`);
  t.strictSame((messages[0]!.head['headers'] as unknown[])[1], ['X', odd]);
  t.end();
});

t.test('no bare CR, LF or NUL anywhere [9112-2.2-4 9110-5.5-5]', (t) => {
  const chunked = head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');
  for (const bad of ['\r', '\n', '\0']) {
    for (const text of [
      head(`G${bad}T / HTTP/1.1`, 'Host: a'),
      head(`GET /${bad}x HTTP/1.1`, 'Host: a'),
      head(`GET / HTTP/1.1${bad}x`, 'Host: a'),
      withFields(`X${bad}Y: z`),
      withFields(`X: y${bad}z`),
      withFields(`X: y${bad}`),
      `${chunked}1;a=b${bad}c\r\nx\r\n0\r\n\r\n`,
      `${chunked}1\r\nx\r\n0\r\nX: y${bad}z\r\n\r\n`,
    ]) {
      t.equal(status(text), 400, JSON.stringify(text));
    }
  }
  t.end();
});

t.test('no whitespace before the first field, and no folds [9112-2.2-9 9112-5.2-2]', (t) => {
  const chunked = head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');
  for (const space of [' ', '\t']) {
    t.equal(status(`GET / HTTP/1.1\r\n${space}X: y\r\nHost: a\r\n\r\n`), 400);
    t.equal(status(withFields('X: y', `${space}z`)), 400);
    t.equal(status(withFields('X:', `${space}z`)), 400);
    t.equal(status(`${chunked}0\r\nX: y\r\n${space}z\r\n\r\n`), 400, 'in trailers');
  }
  t.end();
});

t.test(
  'a version is HTTP/ and two digits, and 1 is the first of them [9112-2.3-1 9110-15.6.6-1]',
  (t) => {
    for (const bad of [
      'http/1.1',
      'Http/1.1',
      'HTTP/1.10',
      'HTTP/11',
      'HTTP/1.',
      'HTTP/.1',
      'HTTP/1,1',
      'HTTPS/1.1',
      'HTTP 1.1',
    ]) {
      t.equal(status(head(`GET / ${bad}`, 'Host: a')), 400, bad);
    }
    for (const version of ['2.0', '0.9', '3.0', '9.9']) {
      t.equal(status(head(`GET / HTTP/${version}`, 'Host: a')), 505, version);
    }
    t.end();
  },
);

t.test('a target that is too long is answered with 414 [9112-3-4 9110-15.5.15-1]', (t) => {
  for (const target of ['/23456789', 'http://a/']) {
    t.equal(status(head(`GET ${target} HTTP/1.1`, 'Host: a'), { maxTargetBytes: 9 }), 200);
    t.equal(status(head(`GET ${target}x HTTP/1.1`, 'Host: a'), { maxTargetBytes: 9 }), 414);
  }
  t.end();
});

t.test('a method is a token, and keeps its case [9112-3.1-1 9110-15.6.2-1]', (t) => {
  for (const method of ['GET', 'get', 'Get', "!#$%&'*+-.^_`|~", 'x']) {
    t.equal(request(head(`${method} / HTTP/1.1`, 'Host: a')).messages[0]!.head['method'], method);
  }
  for (const method of ['G(T', 'G/T', 'GÄT', '"GET"', '']) {
    t.equal(status(head(`${method} / HTTP/1.1`, 'Host: a')), 400, method);
  }
  t.equal(status(head(`${'X'.repeat(33)} / HTTP/1.1`, 'Host: a')), 501, 'longer than any there is');
  t.end();
});

t.test(
  'four forms of a target [9112-3.2-1 9112-3.2-2 9112-3.2.3-2 9112-3.2.4-2 9110-9.3.6-2]',
  (t) => {
    const good = [
      'GET /',
      'GET http://a/b',
      'GET http://a',
      'OPTIONS *',
      'OPTIONS /',
      'CONNECT a:443',
    ];
    for (const line of good) t.equal(status(head(`${line} HTTP/1.1`, 'Host: a')), 200, line);
    for (const line of [
      'GET a:80',
      'GET a',
      'POST *',
      'GET *',
      'CONNECT /',
      'CONNECT *',
      'CONNECT http://a:1/',
      'GET /a b',
      'GET /a\tb',
      'OPTIONS * ',
      'CONNECT a',
      'CONNECT a:',
      'CONNECT a:0',
      'CONNECT a:70000',
      'CONNECT a:x',
      'CONNECT :80',
    ]) {
      t.equal(status(head(`${line} HTTP/1.1`, 'Host: a')), 400, line);
    }
    t.end();
  },
);

t.test('an URI has a host [9110-4.2.1-2 9110-4.2.2-2]', (t) => {
  for (const target of [
    'http:///x',
    'https:///x',
    'http://',
    'https://',
    'http://:80/',
    'http://?x',
    'http://u@/',
  ]) {
    t.equal(status(head(`GET ${target} HTTP/1.1`, 'Host: a')), 400, target);
  }
  t.end();
});

t.test('one Host, and a good one [9112-3.2-8 9112-3.2-9 9112-3.2-10 9110-7.2-1]', (t) => {
  t.equal(status(head('GET / HTTP/1.1', 'X: y')), 400);
  for (const version of ['1.0', '1.1']) {
    const line = `GET / HTTP/${version}`;
    t.equal(status(head(line, 'Host: a', 'hOST: a')), 400, 'twice the same');
    t.equal(status(head(line, 'Host: a', 'X: y', 'Host: b')), 400);
    for (const host of [
      'a b',
      'a/b',
      'a:99999',
      'a:x',
      'user@a',
      '[::1',
      '::1',
      'a%zz',
      ':80',
      'ä',
    ]) {
      t.equal(status(head(line, `Host: ${host}`)), 400, host);
    }
    for (const host of [
      'a',
      'a:',
      'a:80',
      'A.example',
      '127.0.0.1:8',
      '[::1]',
      '[::1]:80',
      'a%20b',
      '',
    ]) {
      t.equal(status(head(line, `Host: ${host}`)), 200, host);
    }
  }
  t.end();
});

t.test(
  'a name is a token, a value has no control characters [9110-5.1-1 9110-5.6.2-1 9110-5.5-1]',
  (t) => {
    for (let octet = 0; octet < 256; octet += 1) {
      const character = String.fromCharCode(octet);
      const isToken = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(character);
      if (character !== ':') t.equal(status(withFields(`x${character}y: z`)), isToken ? 200 : 400);
      const isValue = octet === 9 || (octet >= 0x20 && octet !== 0x7f);
      t.equal(status(withFields(`x: y${character}z`)), isValue ? 200 : 400);
    }
    t.end();
  },
);

t.test('no whitespace before the colon [9112-5.1-3]', (t) => {
  for (const line of ['X : y', 'X\t: y', 'X\x0b: y', 'Host : a'])
    t.equal(status(withFields(line)), 400);
  t.end();
});

t.test('names in any case, combined in order [9112-5-2 9110-5.2-1]', (t) => {
  const [post, next] = request(
    `${head('POST / HTTP/1.1', 'hOsT: a', 'cOnTeNt-LeNgTh: 2')}hi${withFields()}`,
  ).messages;
  t.equal(post!.body, 'hi');
  t.equal(next!.isComplete, true);
  const fields = Fields.from([
    ['Accept', 'a'],
    ['x', 'y'],
    ['ACCEPT', 'b, c'],
  ]);
  t.equal(fields.get('accept'), 'a, b, c');
  t.equal(fields.get('AcCePt'), 'a, b, c');
  t.end();
});

t.test('lines are read the same whatever their names are [9112-5.1-1]', (t) => {
  for (const name of [
    'X-Unknown',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Cookie',
  ]) {
    t.equal(judge('GET / HTTP/1.1', [`${name}: 1\x01`]), 'bad-header-value', name);
    t.equal(judge('GET / HTTP/1.1', [`${name} : 1`]), 'ws-in-header-name', name);
    t.equal(judge('GET / HTTP/1.1', [`${name}: 1\n`]), 'bare-lf', name);
  }
  t.end();
});

t.test(
  'lists with empty elements and whitespace [9110-5.6.1.2-1 9110-5.6.1.2-2 9110-7.6.1-1]',
  (t) => {
    t.strictSame(listElements(', ,websocket,\t,x ,'), ['websocket', 'x']);
    for (const list of ['close', 'CLOSE', ', ,Close,', 'x-a ,\tclose', 'keep-alive, close']) {
      t.equal(
        request(withFields(`Connection: ${list}`)).messages[0]!.head['keepAlive'],
        false,
        list,
      );
    }
    for (const list of ['closed', 'x-close', ', ,', '"close"']) {
      t.equal(
        request(withFields(`Connection: ${list}`)).messages[0]!.head['keepAlive'],
        true,
        list,
      );
    }
    t.equal(status(withFields(`Connection: ${','.repeat(20_000)}`)), 431, 'and not for ever');
    t.end();
  },
);

t.test('what is too large is answered with 431 [9110-5.4-1]', (t) => {
  t.equal(status(withFields(`X: ${'y'.repeat(20_000)}`)), 431, 'a value');
  t.equal(status(withFields(`${'x'.repeat(20_000)}: y`)), 431, 'a name');
  t.equal(status(withFields(...Array<string>(200).fill('X: y'))), 431, 'lines');
  t.equal(
    status(withFields(...Array<string>(100).fill(`X: ${'y'.repeat(200)}`))),
    431,
    'all of them',
  );
  t.end();
});

import t from 'tap';
import { judge, response, verdict } from '../support/http-verdicts.ts';

const post = (fields: readonly string[], body = '', version = '1.1'): string =>
  judge(`POST / HTTP/${version}`, ['Host: a', ...fields], body);

const answer = (fields: readonly string[], body: string, version = '1.1', eof = false): string =>
  verdict(response([`HTTP/${version} 200 OK`, ...fields, '', body].join('\r\n'), 'GET', eof));

t.test('finds the end by content-length, by chunks, or at once', (t) => {
  t.equal(post([]), 'ok');
  t.equal(post(['Content-Length: 0']), 'ok');
  t.equal(post(['Content-Length: 3'], 'abc'), 'ok');
  t.equal(post(['Content-Length: 3'], 'ab'), 'body');
  t.equal(post(['Transfer-Encoding: chunked'], '0\r\n\r\n'), 'ok');
  t.equal(post(['Transfer-Encoding: CHUNKED'], '0\r\n\r\n'), 'ok');
  t.end();
});

t.test('refuses lengths that others might read differently', (t) => {
  for (const value of ['+1', '-1', '0x1', '1e0', '1 1', '', '1;', '1,2', '9'.repeat(20)]) {
    t.not(post([`Content-Length: ${value}`], 'a'), 'ok', value);
  }
  t.equal(post(['Content-Length: 1', 'Content-Length: 2'], 'ab'), 'multiple-content-length');
  t.end();
});

t.test('takes no length for a smaller one, however many digits it has', (t) => {
  // All of them are 1 once some of their bits are lost.
  for (const bits of [32n, 33n, 53n, 63n, 64n, 128n]) {
    const length = String(2n ** bits + 1n);
    t.equal(post([`Content-Length: ${length}`], 'a'), 'body-too-large', length);
  }
  t.end();
});

t.test(
  'refuses a message that is framed twice, or in a way that cannot be read to its end',
  (t) => {
    t.equal(post(['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), 'te-and-cl');
    t.equal(post(['Transfer-Encoding: chunked'], '0\r\n\r\n', '1.0'), 'te-http10');
    t.equal(post(['Transfer-Encoding: chunked, identity']), 'chunked-not-final');
    t.equal(post(['Transfer-Encoding: chunked, chunked']), 'bad-transfer-encoding');
    t.equal(post(['Transfer-Encoding: gzip, chunked']), 'unknown-transfer-coding');
    t.end();
  },
);

t.test('refuses codings that are no list of names, in either direction', (t) => {
  for (const value of [
    'chunked;q=1',
    ',chunked',
    'chunked,',
    'chunked,,chunked',
    '"chunked"',
    '',
  ]) {
    const field = `Transfer-Encoding: ${value}`;
    t.equal(post([field], '0\r\n\r\n'), 'bad-transfer-encoding', value);
    t.equal(answer([field], '0\r\n\r\n'), 'bad-transfer-encoding', value);
  }
  t.end();
});

t.test('finds the end of a response by what it says, or by the end of the connection', (t) => {
  const CHUNKED = 'Transfer-Encoding: chunked';
  for (const [title, fields, body, version, whole] of [
    ['nothing is said', [], 'abc', '1.1', 'until the end'],
    ['nothing is said', [], '', '1.0', 'until the end'],
    ['a length', ['Content-Length: 3'], 'abc', '1.1', 'ok'],
    ['a length, and less', ['Content-Length: 3'], 'ab', '1.1', 'cut off'],
    ['no length at all', ['Content-Length: 0'], '', '1.0', 'ok'],
    ['chunks', [CHUNKED], '1\r\na\r\n0\r\n\r\n', '1.1', 'ok'],
    ['chunks, and no last one', [CHUNKED], '1\r\na\r\n', '1.1', 'cut off'],
  ] as const) {
    const open = whole === 'ok' ? 'ok' : 'body';
    t.equal(answer(fields, body, version), open, title);
    const ended = whole === 'cut off' ? 'premature-eof' : 'ok';
    t.equal(answer(fields, body, version, true), ended, `${title}, and it ends`);
  }
  t.end();
});

t.test('refuses a response that two readers would end at different places', (t) => {
  const lengths = ['Content-Length: 1', 'Content-Length: 1'];
  t.equal(answer(lengths, 'a'), 'multiple-content-length');
  t.equal(answer(['Content-Length: 1', 'Transfer-Encoding: chunked'], 'a'), 'te-and-cl');
  t.equal(answer(['Transfer-Encoding: chunked'], '0\r\n\r\n', '1.0'), 'te-http10');
  t.equal(answer(['Transfer-Encoding: gzip'], 'a'), 'unknown-transfer-coding');
  t.equal(answer(['Transfer-Encoding: chunked, gzip'], 'a'), 'unknown-transfer-coding');
  t.equal(answer([`Content-Length: ${2n ** 64n}`], 'a'), 'body-too-large');
  t.end();
});

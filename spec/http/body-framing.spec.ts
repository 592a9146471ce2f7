import t from 'tap';
import { judge } from '../support/http-verdicts.ts';

const post = (fields: readonly string[], body = '', version = '1.1'): string =>
  judge(`POST / HTTP/${version}`, ['Host: a', ...fields], body);

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

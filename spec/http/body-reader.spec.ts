import t from 'tap';
import { request, verdict } from '../support/http-verdicts.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunked = (body: string, limit?: number) =>
  request(HEAD + body, limit === undefined ? {} : { maxBodyBytes: limit });

t.test('joins chunks of any size and any spelling of their size', (t) => {
  const recording = chunked('1\r\na\r\n00A\r\n0123456789\r\n0\r\n\r\n');
  t.equal(recording.messages[0]!.body, 'a0123456789');
  t.equal(verdict(recording), 'ok');
  t.end();
});

t.test('refuses sizes that are none, and data that does not end where the size says', (t) => {
  for (const size of ['', 'g', '-1', '+1', '0x1', ' 1', '1 ']) {
    t.equal(verdict(chunked(`${size}\r\na\r\n0\r\n\r\n`)), 'bad-chunk-size', JSON.stringify(size));
  }
  t.equal(verdict(chunked('1\r\nab\r\n0\r\n\r\n')), 'bad-chunk-end');
  t.not(verdict(chunked('1\r\na\n0\r\n\r\n')), 'ok');
  t.end();
});

t.test('stops at the limit, exactly', (t) => {
  t.equal(verdict(chunked('5\r\nabcde\r\n0\r\n\r\n', 5)), 'ok');
  t.equal(verdict(chunked('5\r\nabcde\r\n1\r\n', 5)), 'body-too-large');
  t.equal(verdict(chunked('6\r\n', 5)), 'body-too-large');
  t.equal(verdict(chunked('ffffffffffffff\r\n', 5)), 'body-too-large');
  t.end();
});

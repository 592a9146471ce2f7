import t from 'tap';
import { request, verdict } from '../support/http-verdicts.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n';
const trailing = (lines: string, limits = {}): string =>
  verdict(request(`${HEAD}${lines}\r\n`, limits));

t.test('hands on trailer fields, each as it came', (t) => {
  const { messages } = request(`${HEAD}A: 1\r\na:  2 \r\n\r\n`);
  t.strictSame(messages[0]!.trailers, [
    ['A', '1'],
    ['a', '2'],
  ]);
  t.end();
});

t.test('refuses fields that steer a message which has been read already', (t) => {
  const names = ['transfer-encoding', 'content-length', 'host', 'trailer', 'connection', 'upgrade'];
  for (const name of [...names, 'te', 'expect', 'content-encoding', 'authorization', 'cookie']) {
    t.equal(trailing(`${name}: x\r\n`), 'forbidden-trailer', name);
    t.equal(trailing(`${name.toUpperCase()}: x\r\n`), 'forbidden-trailer', name);
  }
  t.end();
});

t.test('holds trailers to limits of their own, exactly', (t) => {
  t.equal(trailing('a: b\r\n', { maxTrailerCount: 1 }), 'ok');
  t.equal(trailing('a: b\r\nc: d\r\n', { maxTrailerCount: 1 }), 'trailers-too-large');
  t.equal(trailing('a: b\r\n', { maxTrailerBytes: 8 }), 'ok');
  t.equal(trailing('a: b\r\n', { maxTrailerBytes: 7 }), 'trailers-too-large');
  t.end();
});

import t from 'tap';
import { request, verdict } from '../support/http-verdicts.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const extended = (extension: string, limit?: number): string =>
  verdict(
    request(
      `${HEAD}1${extension}\r\na\r\n0\r\n\r\n`,
      limit === undefined ? {} : { maxChunkExtBytes: limit },
    ),
  );

t.test('reads over extensions of every form', (t) => {
  for (const extension of [';a', ';a=b', ';a="b c"', ';a="\\""', ';a;b=1;c="x"']) {
    t.equal(extended(extension), 'ok', extension);
  }
  t.end();
});

t.test('refuses extensions that are none', (t) => {
  for (const extension of [';', ';=b', ';a=', ';a="b', ';a=b c', ';a b', ';a="\x01"', ';a=\x80']) {
    t.equal(extended(extension), 'bad-chunk-ext', JSON.stringify(extension));
  }
  t.end();
});

t.test('refuses white space around extensions, which is obsolete and a way to smuggle', (t) => {
  for (const extension of [' ;a', '; a', ';a =b', ';a= b', '\t;a']) {
    t.not(extended(extension), 'ok', JSON.stringify(extension));
  }
  t.end();
});

t.test('counts the extensions of all chunks of a message together', (t) => {
  t.equal(extended(`;${'a'.repeat(9)}`, 10), 'ok');
  t.equal(extended(`;${'a'.repeat(10)}`, 10), 'chunk-ext-too-large');
  const twice = `${HEAD}1;aaaa\r\na\r\n1;aaaaa\r\na\r\n0\r\n\r\n`;
  t.equal(verdict(request(twice, { maxChunkExtBytes: 10 })), 'chunk-ext-too-large');
  t.end();
});

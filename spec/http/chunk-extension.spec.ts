import t from 'tap';
import { ChunkExtension } from '../../lib/http/chunk-extension.ts';
import { feedings } from '../support/feeding.ts';
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

/** Reads what stands behind the ";" of a chunk line: where it ends, the rule it breaks, or neither. */
function scan(chunks: readonly Buffer[]): string {
  const extension = new ChunkExtension();
  extension.begin(100);
  extension.open();
  let read = 0;
  try {
    for (const chunk of chunks) {
      const used = extension.scan(chunk, 0, chunk.length);
      read += used;
      if (extension.isDone) return `ends at ${read}`;
      if (used < chunk.length) return 'left bytes unread';
    }
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
  return 'wants more';
}

t.test('ends at the CR, wherever the bytes are cut, and refuses each octet out of place', (t) => {
  for (const [text, expected] of [
    ['a\r', 'ends at 2'],
    ['a\r\nabc', 'ends at 2'],
    ['a=b\r', 'ends at 4'],
    ['a=bcd;e\r', 'ends at 8'],
    ['a=";\\"\\\\=\t\x80";b\r', 'ends at 15'],
    ['a=""\r', 'ends at 5'],
    ['', 'wants more'],
    ['a', 'wants more'],
    ['a=', 'wants more'],
    ['a="b', 'wants more'],
    ['a="\\', 'wants more'],
    ['a\n', 'bare-lf'],
    ['a=b\n', 'bare-lf'],
    ['a="\n', 'bare-lf'],
    ['\r', 'bad-chunk-ext'],
    [';', 'bad-chunk-ext'],
    ['a;\r', 'bad-chunk-ext'],
    ['a=\r', 'bad-chunk-ext'],
    ['a=b=c\r', 'bad-chunk-ext'],
    ['a="b\r', 'bad-chunk-ext'],
    ['a="\\\r', 'bad-chunk-ext'],
    ['a="\x7f"\r', 'bad-chunk-ext'],
    ['a="b"c\r', 'bad-chunk-ext'],
  ] as const) {
    for (const { name, chunks } of feedings(Buffer.from(text, 'latin1'))) {
      t.equal(scan(chunks), expected, `${JSON.stringify(text)} ${name}`);
    }
  }
  t.end();
});

t.test('counts the ";" of each extension, and begins anew with each message', (t) => {
  const extension = new ChunkExtension();
  const read = (text: string): number => {
    extension.open();
    return extension.scan(Buffer.from(text), 0, text.length);
  };
  for (let message = 0; message < 3; message += 1) {
    // What one message has left over is nothing to the next.
    extension.begin(4);
    t.equal(read('a\r'), 2);
    extension.begin(4);
    t.equal(read('a\r'), 2);
    t.equal(read('b\r'), 2);
    t.throws(() => extension.open(), { code: 'chunk-ext-too-large' });
  }
  extension.begin(0);
  t.throws(() => extension.open(), { code: 'chunk-ext-too-large' });
  t.end();
});

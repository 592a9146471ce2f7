import type { BodyFraming } from 'barewire/http';
import t from 'tap';
import { BodyReader } from '../../lib/http/body-reader.ts';
import { resolveHttpLimits } from '../../lib/http/http-limits.ts';
import { feedings } from '../support/feeding.ts';
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

/** Where a body ends, what it holds, and how: what a reader makes of bytes of any length. */
function read(framing: BodyFraming, chunks: readonly Buffer[], maxBodyBytes = 1000) {
  const body = new BodyReader(resolveHttpLimits({ maxBodyBytes, maxChunkExtBytes: 8 }));
  body.begin(framing);
  let data = '';
  let used = 0;
  try {
    for (const chunk of chunks) {
      let at = 0;
      while (at < chunk.length && !body.isDone) {
        at = body.scan(chunk, at, chunk.length);
        data += chunk.toString('latin1', at - body.dataLength, at);
      }
      used += at;
    }
  } catch (error) {
    return { data, end: (error as { readonly code: string }).code };
  }
  if (body.hasTrailers) return { data, end: `trailers at ${used}` };
  return { data, end: body.isDone ? `done at ${used}` : body.endsAtClose ? 'close' : 'more' };
}

const CHUNKED: BodyFraming = { kind: 'chunked' };
const UNTIL_CLOSE: BodyFraming = { kind: 'until-close' };
const length = (bytes: number): BodyFraming => ({ kind: 'length', length: bytes });

/** Framing, bytes, the data in them, and what comes then; at most 1000 bytes of data. */
const BODIES: readonly (readonly [BodyFraming, text: string, data: string, end: string])[] = [
  [{ kind: 'none' }, 'GET', '', 'done at 0'],
  [length(0), 'GET', '', 'done at 0'],
  [length(3), 'ab', 'ab', 'more'],
  [length(3), 'abc', 'abc', 'done at 3'],
  [length(3), 'abcGET', 'abc', 'done at 3'],
  [UNTIL_CLOSE, '', '', 'close'],
  [UNTIL_CLOSE, 'abc', 'abc', 'close'],
  [UNTIL_CLOSE, 'x'.repeat(1000), 'x'.repeat(1000), 'close'],
  [UNTIL_CLOSE, 'x'.repeat(1001), 'x'.repeat(1000), 'body-too-large'],
  [CHUNKED, '', '', 'more'],
  [CHUNKED, '0\r\n', '', 'trailers at 3'],
  [CHUNKED, '0\r\n\r\nGET', '', 'trailers at 3'],
  [CHUNKED, '000\r\n', '', 'trailers at 5'],
  [CHUNKED, '2\r\nab\r\n0001\r\nc\r\n0\r\n', 'abc', 'trailers at 19'],
  [CHUNKED, '2;a=b\r\nab\r\n0;c\r\n', 'ab', 'trailers at 16'],
  [CHUNKED, '2;a="\r\nab', '', 'bad-chunk-ext'],
  [CHUNKED, '1;abcd\r\na\r\n1;abc\r\nb', 'a', 'chunk-ext-too-large'],
  [CHUNKED, 'A\r\n0123456789', '0123456789', 'more'],
  [CHUNKED, '00000000000000aF\r\n', '', 'more'],
  [CHUNKED, '000000000000000af\r\n', '', 'bad-chunk-size'],
  [CHUNKED, 'fffffffffffffffff\r\n', '', 'body-too-large'],
  [CHUNKED, '3e9\r\n', '', 'body-too-large'],
  [CHUNKED, '3e9;a\r\n', '', 'body-too-large'],
  [CHUNKED, '1\n', '', 'bare-lf'],
  [CHUNKED, '\n', '', 'bare-lf'],
  [CHUNKED, '\r\n', '', 'bad-chunk-size'],
  [CHUNKED, ';a\r\n', '', 'bad-chunk-size'],
  [CHUNKED, '1\t\r\n', '', 'bad-chunk-size'],
  [CHUNKED, '1\rx', '', 'bare-cr'],
  [CHUNKED, '1;a\rx', '', 'bare-cr'],
  [CHUNKED, '1\r\nab', 'a', 'bad-chunk-end'],
  [CHUNKED, '1\r\na\n', 'a', 'bad-chunk-end'],
  [CHUNKED, '1\r\na\rb', 'a', 'bad-chunk-end'],
];

t.test('reads the same body wherever the bytes are cut', (t) => {
  for (const [framing, text, data, end] of BODIES) {
    for (const { name, chunks } of feedings(Buffer.from(text, 'latin1'), 100)) {
      const found = read(framing, chunks);
      const title = `${framing.kind} ${JSON.stringify(text.slice(0, 40))} ${name}`;
      if (found.data !== data || found.end !== end) t.same(found, { data, end }, title);
    }
  }
  t.pass('every body in every cut');
  t.end();
});

t.test('reads one body after the other, each with a budget of its own', (t) => {
  const body = new BodyReader(resolveHttpLimits({ maxBodyBytes: 4, maxChunkExtBytes: 2 }));
  for (let message = 0; message < 3; message += 1) {
    body.begin(CHUNKED);
    const bytes = Buffer.from('4;a\r\nabcd\r\n0\r\n');
    let at = 0;
    while (at < bytes.length) at = body.scan(bytes, at, bytes.length);
    t.equal(body.hasTrailers, true);
    body.begin(UNTIL_CLOSE);
    t.equal(body.endsAtClose, true);
    t.equal(body.isDone, false);
    t.equal(body.scan(bytes, 0, 4), 4);
    t.throws(() => body.scan(bytes, 4, 5), { code: 'body-too-large' });
  }
  t.end();
});

/** Laws of bodies: what is in them, where they end, and how much they may be, however they are cut. */
import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import type { BodyFraming } from 'barewire/http';
import t from 'tap';
import { BodyReader } from '../../lib/http/body-reader.ts';
import { type HttpLimits, resolveHttpLimits } from '../../lib/http/http-limits.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

interface Read {
  readonly data: string;
  /** Bytes that belonged to the body. */
  readonly consumed: number;
  readonly isDone: boolean;
  readonly code: string | undefined;
}

/** Reads what comes in pieces, up to the end of the body. */
function read(
  framing: BodyFraming,
  chunks: readonly Buffer[],
  limits: Partial<HttpLimits> = {},
): Read {
  const body = new BodyReader(resolveHttpLimits({ maxBodyBytes: 1e6, ...limits }));
  body.begin(framing);
  let [data, consumed] = ['', 0];
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length && !body.isDone; ) {
        const next = body.scan(chunk, at, chunk.length);
        data += chunk.toString('latin1', next - body.dataLength, next);
        consumed += next - at;
        at = next;
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    // Where the reading has failed within a chunk is nobody's business.
    return { data, consumed: 0, isDone: false, code: error.code };
  }
  return { data, consumed, isDone: body.isDone, code: undefined };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const cuts = fc.array(fc.nat(200), { maxLength: 8 });
const data = fc.string({ unit: fc.constantFrom(...'a0;\r\n\0ÿ'), minLength: 1, maxLength: 20 });
const extension = fc.constantFrom('', '', ';a', ';a=b', ';a="\\"; "', ';a;b=c');
const size = fc.constantFrom('', '0', '000');
const chunk = fc.tuple(data, extension, size).map(([text, more, zeros]) => {
  const wire = `${zeros}${text.length.toString(16)}${more}\r\n${text}\r\n`;
  return { text, wire, extBytes: more.length };
});
const body = fc.array(chunk, { maxLength: 5 }).map((chunks) => ({
  content: chunks.map(({ text }) => text).join(''),
  extBytes: chunks.reduce((sum, { extBytes }) => sum + extBytes, 0),
  wire: `${chunks.map(({ wire }) => wire).join('')}0\r\n`,
}));
const rest = fc.string({ unit: 'binary-ascii', maxLength: 20 });

t.test('law: a chunked body is what its chunks hold, and ends where it says', (t) => {
  fc.assert(
    fc.property(body, rest, cuts, ({ content, wire }, behind, places) => {
      const found = read({ kind: 'chunked' }, cutAt(bytes(wire + behind), places));
      const wanted = { data: content, consumed: wire.length, isDone: true, code: undefined };
      assert.deepEqual(found, wanted);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: a body of a length ends there; one that lasts takes everything', (t) => {
  fc.assert(
    fc.property(fc.nat(40), rest, cuts, (length, text, places) => {
      const chunks = cutAt(bytes(text), places);
      const found = read({ kind: 'length', length }, chunks);
      const own = text.slice(0, length);
      const isDone = text.length >= length;
      assert.deepEqual(found, { data: own, consumed: own.length, isDone, code: undefined });
      const all = { data: text, consumed: text.length, isDone: false, code: undefined };
      assert.deepEqual(read({ kind: 'until-close' }, chunks), all);
      assert.deepEqual(read({ kind: 'none' }, chunks).consumed, 0);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: so many bytes fit, and one more is too many, however they are cut', (t) => {
  const kinds = fc.constantFrom('chunked' as const, 'until-close' as const);
  fc.assert(
    fc.property(
      body.filter(({ content }) => content !== ''),
      kinds,
      cuts,
      ({ content, wire }, kind, places) => {
        const chunks = cutAt(bytes(kind === 'chunked' ? wire : content), places);
        const fits = read({ kind }, chunks, { maxBodyBytes: content.length });
        assert.deepEqual([fits.data, fits.code], [content, undefined]);
        const over = read({ kind }, chunks, { maxBodyBytes: content.length - 1 });
        assert.equal(over.code, 'body-too-large');
        assert.ok(content.startsWith(over.data) && over.data.length < content.length);
      },
    ),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: the extensions of all chunks together may have so many bytes, and no more', (t) => {
  fc.assert(
    fc.property(
      body.filter(({ extBytes }) => extBytes > 0),
      cuts,
      ({ wire, extBytes }, places) => {
        const chunks = cutAt(bytes(wire), places);
        const codes = [extBytes, extBytes - 1].map(
          (maxChunkExtBytes) => read({ kind: 'chunked' }, chunks, { maxChunkExtBytes }).code,
        );
        assert.deepEqual(codes, [undefined, 'chunk-ext-too-large']);
      },
    ),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: what is almost a chunked body is read the same however it is cut', (t) => {
  const seen = { read: 0, failed: 0 };
  const edit = fc.record({
    at: fc.nat(100),
    put: fc.constantFrom('\r', '\n', ' ', '', 'g', ';', '-'),
  });
  fc.assert(
    fc.property(body, edit, cuts, ({ wire }, { at, put }, places) => {
      const place = at % wire.length;
      const text = wire.slice(0, place) + put + wire.slice(place + 1);
      const whole = read({ kind: 'chunked' }, [bytes(text)]);
      assert.deepEqual(read({ kind: 'chunked' }, cutAt(bytes(text), places)), whole);
      seen[whole.code === undefined ? 'read' : 'failed'] += 1;
    }),
    runs(500),
  );
  t.ok(Math.min(seen.read, seen.failed) > 20, JSON.stringify(seen));
  t.end();
});

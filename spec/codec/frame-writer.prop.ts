import assert from 'node:assert/strict';
import {
  createFrameHeader,
  encodeFrame,
  encodeFrameInto,
  encodeSoleFrame,
  type MaskingStrategy,
  maskInto,
  maxEncodedFrameLength,
  OPCODE,
  readFrameHeader,
  setMaskingStrategy,
} from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { payloads } from '../support/frame-arbitraries.ts';
import { runs } from '../support/laws.ts';

t.teardown(() => setMaskingStrategy('auto'));

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 150, size: 'max' }),
  fc.string({ maxLength: 60, size: 'max' }),
  // As many as are written one by one, among them the first that are no ASCII.
  fc
    .tuple(fc.constantFrom('\x7f', '\x80', '\xff', '\u0100'), fc.nat(42))
    .map(([text, count]) => text.repeat(count)),
  fc
    .tuple(fc.constantFrom('a', 'é', '語', '😀', '\udfff'), fc.nat(2000))
    .map(([text, count]) => text.repeat(count)),
);
const keys = fc.option(fc.nat(0xffff_ffff), { nil: undefined });
const strategies = fc.constantFrom<MaskingStrategy>('auto', 'bytes', 'words', 'simd');

/** Takes a frame apart again with the plainest means. */
function payloadOf(frame: Buffer): Buffer {
  const header = createFrameHeader();
  readFrameHeader(frame, 0, frame.length, header);
  const { headerLength, payloadLength, maskingKey, masked } = header;
  const payload = Buffer.from(frame.subarray(headerLength));
  if (payload.length !== payloadLength) throw new Error('announces another length');
  if (masked) maskInto(payload, 0, payloadLength, payload, 0, maskingKey, 0);
  return payload;
}

t.test('writes the payload it is given, text as UTF-8, and nothing before it', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(texts, payloads),
      keys,
      fc.nat(40),
      strategies,
      (payload, key, offset, strategy) => {
        setMaskingStrategy(strategy);
        const before = typeof payload === 'string' ? payload : Buffer.from(payload);
        const room = maxEncodedFrameLength(payload, key !== undefined);
        const target = Buffer.alloc(offset + room, 0xaa);
        const size = encodeFrameInto(target, offset, OPCODE.binary, true, 0, payload, key);
        const frame = target.subarray(offset, offset + size);
        return (
          size <= room &&
          target.subarray(0, offset).every((byte) => byte === 0xaa) &&
          payloadOf(frame).equals(Buffer.from(before as Buffer)) &&
          (typeof payload === 'string' || payload.equals(before as Buffer))
        );
      },
    ),
    runs(1500),
  );
  t.pass('no counterexample');
  t.end();
});

const tightTexts = fc
  .tuple(fc.nat(70), fc.array(fc.constantFrom('a', 'é', '語', '😀', '\udfff'), { maxLength: 30 }))
  .map(([count, characters]) => 'a'.repeat(count) + characters.join(''));

t.test('gives the same frame in all three ways of writing one', (t) => {
  fc.assert(
    fc.property(fc.oneof(texts, payloads), keys, strategies, (payload, maskingKey, strategy) => {
      setMaskingStrategy(strategy);
      const built = encodeFrame({ opcode: OPCODE.binary, payload, maskingKey });
      const literal = encodeFrame(
        { opcode: OPCODE.binary, payload, maskingKey },
        { allowIllegal: true },
      );
      const sole = encodeSoleFrame(OPCODE.binary, true, 0, payload, maskingKey);
      return built.equals(literal) && built.equals(sole);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: writes any bit and opcode where it is told to, or refuses for want of room', (t) => {
  const seen = { written: 0, refused: 0 };
  const header = fc.record({ opcode: fc.nat(15), fin: fc.boolean(), rsv: fc.nat(7) });
  const rooms = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -50, max: 60 }));
  fc.assert(
    fc.property(
      header,
      fc.oneof(texts, tightTexts, payloads),
      keys,
      fc.nat(9),
      rooms,
      ({ opcode, fin, rsv }, payload, maskingKey, offset, spare) => {
        const bytes = Buffer.from(payload as Buffer);
        const frame = { opcode, fin, rsv, payload: bytes, maskingKey };
        const wanted = encodeFrame(frame, { allowIllegal: true });
        const target = Buffer.alloc(Math.max(0, offset + wanted.length + spare), 0xaa);
        const write = (): number =>
          encodeFrameInto(target, offset, opcode, fin, rsv, payload, maskingKey);
        if (spare < 0) {
          assert.throws(write, { code: 'invalid-argument' });
          seen.refused += 1;
        } else {
          assert.equal(write(), wanted.length);
          assert.ok(target.subarray(offset, offset + wanted.length).equals(wanted));
          seen.written += 1;
        }
        assert.ok(target.subarray(0, offset).every((byte) => byte === 0xaa));
      },
    ),
    runs(1500),
  );
  t.ok(Math.min(seen.written, seen.refused) > 300, JSON.stringify(seen));
  t.end();
});

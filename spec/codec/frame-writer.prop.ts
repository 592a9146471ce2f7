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
import fc from 'fast-check';
import t from 'tap';
import { payloads } from '../support/frame-arbitraries.ts';
import { runs } from '../support/laws.ts';

t.teardown(() => setMaskingStrategy('auto'));

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 150 }),
  fc.string({ maxLength: 60 }),
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

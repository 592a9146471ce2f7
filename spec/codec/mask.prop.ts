import { maskInto, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const STRATEGIES = ['auto', 'bytes', 'words', 'simd'] as const;
t.teardown(() => setMaskingStrategy('auto'));

/** What masking means, word for word [RFC 6455 §5.3]. */
function plainly(source: Uint8Array, maskingKey: number, keyOffset: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(maskingKey);
  return Buffer.from(source.map((byte, index) => byte ^ key[(index + keyOffset) % 4]!));
}

const lengths = fc.oneof(
  { weight: 24, arbitrary: fc.nat(80) },
  { weight: 12, arbitrary: fc.integer({ min: 80, max: 700 }) },
  { weight: 1, arbitrary: fc.integer({ min: 65_500, max: 65_600 }) },
  { weight: 1, arbitrary: fc.constantFrom(131_071, 131_072, 131_073, 200_000) },
  // Around what passes through the module at a time.
  { weight: 2, arbitrary: fc.integer({ min: 12_200, max: 40_000 }) },
);

const cases = fc.record({
  length: lengths,
  maskingKey: fc.nat(0xffff_ffff),
  keyOffset: fc.oneof(fc.nat(7), fc.integer({ min: 0, max: 2 ** 50 })),
  sourceStart: fc.nat(20),
  targetStart: fc.nat(20),
  seed: fc.nat(255),
  ascii: fc.boolean(),
  /** Where the text has its only octet that is no ASCII, if it has one. */
  strays: fc.option(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
});

const memory = (size: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed) ^ (index >> 5)));

for (const strategy of STRATEGIES) {
  t.test(`masks by ${strategy} as the RFC says, and writes nothing else [6455-5.3-5]`, (t) => {
    setMaskingStrategy(strategy);
    fc.assert(
      fc.property(cases, (given) => {
        const { length, maskingKey, keyOffset, sourceStart, targetStart, seed, ascii, strays } =
          given;
        const source = memory(sourceStart + length + 9, seed);
        const sourceEnd = sourceStart + length;
        if (ascii) {
          const text = Buffer.alloc(length, 0x41);
          if (strays !== null && length > 0) text[Math.floor(strays * length)] = 0xc1;
          source.set(plainly(text, maskingKey, keyOffset), sourceStart);
        }
        const before = Buffer.from(source);
        const target = Buffer.alloc(targetStart + length + 9, 0xaa);
        const union = maskInto(
          source,
          sourceStart,
          sourceEnd,
          target,
          targetStart,
          maskingKey,
          keyOffset,
        );
        const expected = plainly(before.subarray(sourceStart, sourceEnd), maskingKey, keyOffset);
        const frame = [target.subarray(0, targetStart), target.subarray(targetStart + length)];
        return (
          target.subarray(targetStart, targetStart + length).equals(expected) &&
          frame.every((part) => part.every((byte) => byte === 0xaa)) &&
          source.equals(before) &&
          ((union & 0x80) !== 0) === expected.some((byte) => byte > 0x7f)
        );
      }),
      runs(400),
    );
    t.pass('no counterexample');
    t.end();
  });

  t.test(`masks by ${strategy} in place, and to an earlier place in the same memory`, (t) => {
    setMaskingStrategy(strategy);
    fc.assert(
      fc.property(cases, ({ length, maskingKey, keyOffset, targetStart, sourceStart, seed }) => {
        const shift = Math.min(targetStart, sourceStart);
        const start = Math.max(targetStart, sourceStart);
        const buffer = memory(start + length + 9, seed);
        const before = Buffer.from(buffer);
        const end = start + length;
        maskInto(buffer, start, end, buffer, start - shift, maskingKey, keyOffset);
        const expected = Buffer.from(before);
        expected.set(plainly(before.subarray(start, end), maskingKey, keyOffset), start - shift);
        return buffer.equals(expected);
      }),
      runs(400),
    );
    t.pass('no counterexample');
    t.end();
  });
}

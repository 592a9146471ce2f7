import { decodeUtf8, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { payloadSimd, READ_AT, SLAB_BYTES } from '../../lib/codec/payload-simd.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { anyText, decodeOrRefuse } from '../support/utf8-arbitraries.ts';

t.teardown(() => setMaskingStrategy('auto'));

for (const strategy of ['auto', 'bytes', 'words', 'simd'] as const) {
  t.test(`law: decodes and refuses by ${strategy} what TextDecoder does`, (t) => {
    setMaskingStrategy(strategy);
    fc.assert(
      fc.property(anyText, fc.nat(9), fc.nat(9), (text, before, after) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0x80), text, Buffer.alloc(after, 0xbf)]);
        const end = before + text.length;
        return decodeUtf8(bytes, before, end) === decodeOrRefuse(text);
      }),
      runs(2000),
    );
    t.pass('no counterexample');
    t.end();
  });
}

t.test('law: decodes and refuses what lies at the end of where sockets read to', (t) => {
  const simd = payloadSimd()!;
  fc.assert(
    fc.property(anyText, fc.nat(3), fc.nat(255), (text, after, filler) => {
      const end = READ_AT + SLAB_BYTES - after;
      simd.memory.fill(filler, end, end + 16);
      simd.memory.set(text, end - text.length);
      return decodeUtf8(simd.memory, end - text.length, end) === decodeOrRefuse(text);
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

/** Text of several slabs, in which a character stands across each place where they meet. */
const longTexts = fc
  .record({
    character: fc.constantFrom('é', '語', '😀'),
    before: fc.nat(4),
    length: fc.integer({ min: 65_530, max: 200_000 }),
    /** Where an octet is none of a text, if one is. */
    flaw: fc.option(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { freq: 1 }),
  })
  .map(({ character, before, length, flaw }) => {
    const times = Math.ceil(length / Buffer.byteLength(character));
    const text = Buffer.from('a'.repeat(before) + character.repeat(times));
    if (flaw !== null) text[Math.floor(flaw * text.length)] = 0xff;
    return text;
  });

t.test('law: decodes and refuses text that is longer than a slab, wherever it is cut', (t) => {
  setMaskingStrategy('auto');
  fc.assert(
    fc.property(longTexts, (text) => decodeUtf8(text, 0, text.length) === decodeOrRefuse(text)),
    runs(150),
  );
  t.pass('no counterexample');
  t.end();
});

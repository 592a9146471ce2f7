import { decodeUtf8, setMaskingStrategy } from 'barewire/codec';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';

t.teardown(() => setMaskingStrategy('auto'));

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decodeOrRefuse = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Text with up to two bytes changed, and now and then a piece of noise: good, nearly good, bad. */
const almostText = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({ maxLength: 30 }),
        fc.constantFrom('語', '語語語語', 'é', 'ééééé', '😀😀', 'abcdefgh', '\u{10ffff}'),
      ),
      { maxLength: 8 },
    ),
    fc.array(
      fc.tuple(fc.nat(300), fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xf0, 0xf4)),
      { maxLength: 2 },
    ),
  )
  .map(([pieces, patches]) => {
    const bytes = Buffer.from(pieces.join(''));
    for (const [at, byte] of patches) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });

const bytesOfText = fc.oneof(
  { weight: 5, arbitrary: almostText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
);

for (const strategy of ['auto', 'bytes'] as const) {
  t.test(`decodes and refuses by ${strategy} what TextDecoder does`, (t) => {
    setMaskingStrategy(strategy);
    fc.assert(
      fc.property(bytesOfText, fc.nat(9), fc.nat(9), (text, before, after) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0x80), text, Buffer.alloc(after, 0xbf)]);
        const end = before + text.length;
        return decodeUtf8(bytes, before, end) === decodeOrRefuse(text);
      }),
      runs(4000),
    );
    t.pass('no counterexample');
    t.end();
  });
}

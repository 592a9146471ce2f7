/** Bytes that are text in UTF-8, almost are, or never were. */
import { fc } from './fast-check.ts';

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 30 }),
  // Whole words of one kind of character, as the fast paths look at them.
  fc.constantFrom('語', '語語語語', 'é', 'ééééé', '😀😀', 'abcdefgh', '\ufeff', '\u{10ffff}'),
);

/** Well-formed text. */
export const textBytes: fc.Arbitrary<Buffer> = fc
  .array(words, { maxLength: 8 })
  .map((pieces) => Buffer.from(pieces.join('')));

/** What no text has in it [RFC 3629 §3, §4]; the last three are the beginning of a character. */
const ILL_FORMED = [
  ...['80', 'bf', 'c0', 'c080', 'c1bf', 'e09fbf', 'f08fbfbf', 'f888808080', 'fe', 'ff'],
  ...['eda080', 'edbfbf', 'f4908080', 'f5808080', 'e28228', 'c3', 'e282', 'f09f98'],
].map((hex) => Buffer.from(hex, 'hex'));

/** Text with something at some place that is none; not ill-formed where it is a beginning. */
export const spoiledText: fc.Arbitrary<Buffer> = fc
  .tuple(textBytes, fc.constantFrom(...ILL_FORMED), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([text, flaw, share]) => {
    // At the end of the text as often as anywhere.
    const at = Math.floor(Math.min(1, share * 2) * text.length);
    return Buffer.concat([text.subarray(0, at), flaw, text.subarray(at)]);
  });

/**
 * Pieces between which a character is cut, with ASCII in a piece of its own behind the half: all is
 * well-formed, piece by piece or put together without it. The other half may follow.
 */
export const brokenCharacters: fc.Arbitrary<Buffer[]> = fc
  .record({
    before: fc.constantFrom('', 'abc', 'é'),
    character: fc.constantFrom('é', '語', '😀'),
    cut: fc.integer({ min: 1, max: 3 }),
    inside: fc.constantFrom('a', 'abcdefghijklmnop', '\0'.repeat(40)),
    hasRest: fc.boolean(),
  })
  .map(({ before, character, cut, inside, hasRest }) => {
    const bytes = Buffer.from(character);
    const at = Math.min(cut, bytes.length - 1);
    const rest = hasRest ? [bytes.subarray(at)] : [];
    const half = Buffer.concat([Buffer.from(before), bytes.subarray(0, at)]);
    return [half, Buffer.from(inside), ...rest];
  });

/** A byte that decides about the bytes behind it, or any other. */
const anyByte = fc.oneof(
  fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xf0, 0xf4),
  fc.nat(255),
);

/** Text with up to two bytes changed: most of it is ill-formed then. */
export const almostText: fc.Arbitrary<Buffer> = fc
  .tuple(textBytes, fc.array(fc.tuple(fc.nat(300), anyByte), { maxLength: 2 }))
  .map(([text, patches]) => {
    for (const [at, byte] of patches) if (at < text.length) text[at] = byte;
    return text;
  });

/** Valid, almost valid, hostile. */
export const anyText: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 5, arbitrary: almostText },
  { weight: 2, arbitrary: spoiledText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
);

/** What `TextDecoder` reads; `undefined` for what is no text. A byte order mark is a character. */
export function decodeOrRefuse(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

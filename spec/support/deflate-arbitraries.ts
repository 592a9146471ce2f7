/** Messages to compress, what may be agreed about them, and compressed ones, sound and spoiled. */
import { constants, deflateRawSync } from 'node:zlib';
import type { DeflateParameters } from 'barewire/deflate';
import { WAYS } from './deflate-jobs.ts';
import { fc } from './fast-check.ts';
import { cutAt } from './feeding.ts';
import { packed } from './inflate-cases.ts';
import { printedAs } from './laws.ts';

const bits = fc.integer({ min: 8, max: 15 });
/** What client and server may have agreed upon. */
export const agreements: fc.Arbitrary<DeflateParameters> = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
});

/** One of both ways to drive zlib. */
export const way: fc.Arbitrary<(typeof WAYS)[number]> = fc.constantFrom(...WAYS);

/** Noise, with pieces of what was there before: deflate finds matches, near and far. */
export function halfRandom(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed + 1) & 0x7fffffff;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let at = 0; at < length; ) {
    const count = 8 + draw(40);
    const distance = 1 + draw(2 ** (3 + draw(14)));
    const isCopy = distance <= at && draw(3) > 0;
    for (let index = 0; index < count && at < length; index += 1, at += 1) {
      bytes[at] = isCopy ? bytes[at - distance]! : draw(256);
    }
  }
  return bytes;
}

/** Few texts, so that messages find them in the ones before; together they do not compress. */
const TEXTS = ['abcdefghijklmnopqrstuvwxyz0123456789', 'The quick brown fox, ', '#'];

/** Bytes that are a text over and over again: short, or long and very well compressed. */
export const repeated = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.constantFrom(...TEXTS), fc.oneof(fc.nat(80), fc.nat(3000), fc.nat(maxLength)))
    .map(([text, length]) =>
      printedAs(Buffer.alloc(length, text), () => `${length} bytes of ${JSON.stringify(text)}`),
    );

/** Messages of any kind: text, noise, and what compresses well or hardly. */
export const messages: fc.Arbitrary<Buffer> = fc.oneof(
  fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat({ max: 40_000 }), fc.nat()).map(([length, seed]) => halfRandom(length, seed)),
  repeated(200_000),
);

/** Where something is cut, in thousandths of its length. */
export const shares: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 1000 }), { maxLength: 4 });

/** Cuts at such shares; there is one piece at least. */
export function cutAtShares(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const offsets = cuts.map((share) => Math.floor((bytes.length * share) / 1000));
  const pieces = cutAt(bytes, offsets);
  return pieces.length === 0 ? [Buffer.alloc(0)] : pieces;
}

/** Messages one behind the other, and where each is cut. */
export const conversations: fc.Arbitrary<{ message: Buffer; cuts: number[] }[]> = fc.array(
  fc.record({ message: messages, cuts: shares }),
  { minLength: 1, maxLength: 6 },
);

/** A compressed message: stored, literal and copied. */
export const SAMPLE: Buffer = packed(
  Buffer.concat([halfRandom(700, 1), Buffer.alloc(1000, 'x'), halfRandom(300, 2)]),
);

/** What is no compressed message: noise, and one that is spoiled somewhere, which goes further. */
export const spoiledMessages: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat({ max: SAMPLE.length - 1 }), fc.nat({ max: 255 })).map(([at, value]) => {
    const bytes = Buffer.from(SAMPLE);
    bytes[at] = value;
    return bytes;
  }),
);

/** A message as a peer may send it that is not ours. */
export interface ForeignMessage {
  readonly parts: readonly Buffer[];
  readonly level: number;
  /** Its last block is a final one. */
  readonly isFinal: boolean;
  /** A byte that is changed on its way. */
  readonly flaw: { readonly at: number; readonly value: number } | undefined;
  readonly cuts: readonly number[];
}

/** Messages of a peer that is not ours, now and then with a flaw. */
export const foreignMessages: fc.Arbitrary<ForeignMessage[]> = fc.array(
  fc.record({
    parts: fc.array(repeated(200_000), { minLength: 1, maxLength: 3 }),
    level: fc.integer({ min: 0, max: 9 }),
    isFinal: fc.boolean(),
    flaw: fc.option(fc.record({ at: fc.nat(1000), value: fc.nat(255) }), {
      freq: 4,
      nil: undefined,
    }),
    cuts: shares,
  }),
  { minLength: 1, maxLength: 4 },
);

/**
 * Its bytes on the wire. Each part ends in a final block of its own, but for the last one of an
 * ordinary message.
 *
 * @param before what its compressor remembers of earlier messages.
 */
export function packForeign(
  { parts, level, isFinal, flaw }: ForeignMessage,
  before: Buffer,
): Buffer {
  const blocks: Buffer[] = [];
  let window = before;
  for (const [index, bytes] of parts.entries()) {
    const isEnd = index === parts.length - 1 && !isFinal;
    const finishFlush = isEnd ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
    const dictionary = window.length === 0 ? {} : { dictionary: window };
    const block = deflateRawSync(bytes, { level, finishFlush, ...dictionary });
    // Behind a final block stands an empty one, of which the tail is cut off [RFC 7692 §7.2.3.4].
    if (!isEnd) blocks.push(block);
    else if (bytes.length > 0) blocks.push(block.subarray(0, block.length - 4));
    window = Buffer.concat([window, bytes]).subarray(-32_768);
  }
  const isOpen = isFinal || parts.at(-1)!.length === 0;
  const wire = Buffer.concat([...blocks, ...(isOpen ? [Buffer.of(0)] : [])]);
  if (flaw !== undefined) wire[flaw.at % wire.length] = flaw.value;
  return wire;
}

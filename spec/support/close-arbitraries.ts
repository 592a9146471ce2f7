/** Codes and reasons of close frames, and what a close frame carries: valid, almost, and hostile. */
import { fc } from './fast-check.ts';
import { almostText } from './utf8-arbitraries.ts';

/** The codes that may be sent, as [RFC 6455 §7.4] and the registry of IANA list them. */
const RANGES = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const;

/** Whether a code may stand in a close frame, looked up in the list. */
export function mayBeSent(code: unknown): boolean {
  return RANGES.some(([first, last]) => {
    for (let each: number = first; each <= last; each += 1) if (each === code) return true;
    return false;
  });
}

/** Codes that may be sent. */
export const closeCodes: fc.Arbitrary<number> = fc.oneof(
  ...RANGES.map(([min, max]) => fc.integer({ min, max })),
);

/** Next to a range, inside of another, or no code at all. */
const badCodes = fc.oneof(
  fc.constantFrom(0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535),
  fc.nat(65_535),
);

/** Codes as a frame may have them. */
export const wireCodes: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: closeCodes },
  badCodes,
);

/** Codes as a caller may give them. */
export const givenCodes: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: wireCodes },
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[1000.5, -1000, Number.NaN, Infinity, 66_536, 2 ** 32 + 1000, '1000', null, [1000]],
    ),
  },
);

/** Reasons, many of them about as long as fit; a half of a surrogate pair may be in them. */
export const reasons: fc.Arbitrary<string> = fc.oneof(
  fc.constant(''),
  fc.string({ unit: 'binary', maxLength: 140 }),
  fc
    .tuple(
      fc.constantFrom('x', 'é', '語', '😀', '\ud800'),
      fc.nat(3),
      fc.integer({ min: -4, max: 4 }),
    )
    .map(([character, before, more]) => {
      const size = Buffer.byteLength(character);
      return 'x'.repeat(before) + character.repeat(Math.floor((123 + more - before) / size));
    }),
);

/** What a close frame may carry: nothing, half a code, or a code and bytes that are almost text. */
export const closePayloads: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 6,
    arbitrary: fc.tuple(wireCodes, almostText).map(([code, reason]) => {
      return Buffer.concat([Buffer.of(code >> 8, code & 0xff), reason.subarray(0, 123)]);
    }),
  },
);

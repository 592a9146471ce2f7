/** The law of limits, and those of them that requests and responses share. */
import assert from 'node:assert/strict';
import type { HttpLimitOptions } from 'barewire/http';
import fc from 'fast-check';
import { cutAt } from './feeding.ts';
import type { Recording } from './http-driver.ts';
import { cuts } from './http-mutations.ts';
import { runs } from './laws.ts';

/** A limit, its error, and a message that is `size` large in what the limit counts. */
export type LimitCase = readonly [keyof HttpLimitOptions, string, (size: number) => string];

/** What limits chunked bodies and trailers, behind a head that announces them. */
export const chunkedLimits = (head: string): readonly LimitCase[] => [
  ['maxBodyBytes', 'body-too-large', (size) => `${head}${'1\r\na\r\n'.repeat(size)}`],
  ['maxBodyBytes', 'body-too-large', (size) => `${head}${size.toString(16)}\r\n`],
  ['maxChunkExtBytes', 'chunk-ext-too-large', (size) => `${head}0;${'a'.repeat(size - 1)}\r\n\r\n`],
  [
    'maxTrailerBytes',
    'trailers-too-large',
    (size) => `${head}0\r\nx:${'a'.repeat(size - 6)}\r\n\r\n`,
  ],
  ['maxTrailerCount', 'trailers-too-large', (size) => `${head}0\r\n${'x:\r\n'.repeat(size)}\r\n`],
];

/** Each limit is drawn at the byte, however the bytes are cut. */
export function assertLimits(
  limits: readonly LimitCase[],
  record: (chunks: readonly Buffer[], options: { limits: HttpLimitOptions }) => Recording,
  quickly: number,
): void {
  const size = fc.integer({ min: 50, max: 600 });
  fc.assert(
    fc.property(fc.constantFrom(...limits), size, cuts, ([name, code, make], most, places) => {
      for (const [extra, expected] of [
        [0, undefined],
        [1, code],
      ] as const) {
        const input = Buffer.from(make(most + extra), 'latin1');
        const offsets = places.map((place) => Math.floor(place * input.length));
        const { failure } = record(cutAt(input, offsets), { limits: { [name]: most } });
        assert.equal(failure?.code, expected, `${name} ${most} + ${extra}`);
      }
    }),
    runs(quickly),
  );
}

/** The laws of limits and of memory, and the limits that requests and responses share. */
import assert from 'node:assert/strict';
import type { HttpLimitOptions, RequestReader, ResponseReader } from 'barewire/http';
import { fc } from './fast-check.ts';
import { cutAt } from './feeding.ts';
import type { Recording } from './http-driver.ts';
import { cuts } from './http-mutations.ts';
import { runs } from './laws.ts';
import { mostHeld, watchQueues } from './watched-queues.ts';

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

const PARTS = [
  ...(['maxMethodBytes', 'maxTargetBytes', 'maxReasonBytes', 'maxHeaderBytes'] as const),
  ...(['maxTrailerBytes', 'maxChunkExtBytes'] as const),
];

/** What a scan that was used before, by any reader, may still have of its memory. */
const SPARE_BYTES = 4096;

/** So many bytes for each part of a head or of trailers. */
const part = fc.oneof(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 200, max: 1500 }));

/** A piece of a message over and over again: what has no end by itself. */
const again = fc.record({
  unit: fc.constantFrom('x', 'x: y\r\n', '\r\n', 'a', '1;x=', ' ', '1\r\na\r\n', '0\r\n', '\0'),
  times: fc.oneof(fc.nat(50), fc.nat(800), fc.nat(800), fc.nat(20_000)),
});

/** Whatever comes, no more is kept than the limits say, and nothing waits but behind a pause. */
export function assertMemory(
  inputs: fc.Arbitrary<string>,
  heads: readonly string[],
  makeReader: (limits: HttpLimitOptions, pauses: boolean) => RequestReader | ResponseReader,
  quickly: number,
): { failed: number; paused: number; full: number } {
  const seen = { failed: 0, paused: 0, full: 0 };
  const begun = fc.oneof(inputs, { weight: 2, arbitrary: fc.constantFrom('', ...heads) });
  const input = fc
    .tuple(begun, again)
    .map(([text, { unit, times }]) => Buffer.from(text + unit.repeat(times), 'latin1'));
  const law = fc.property(input, part, cuts, fc.boolean(), (input, size, at, pauses) => {
    const limits = Object.fromEntries(PARTS.map((name) => [name, size]));
    const reader = makeReader(limits, pauses);
    // Method, target and fields, or reason and fields; " HTTP/1.1 200" and the ends of lines.
    const most = 3 * size + 30;
    watchQueues((heldBytes) => {
      let waiting = 0;
      for (const chunk of cutAt(
        input,
        at.map((place) => Math.floor(place * input.length)),
      )) {
        const wasPaused = reader.isPaused;
        reader.receive(chunk);
        if (wasPaused) waiting += chunk.length;
        else waiting = reader.isPaused ? reader.waitingBytes : 0;
        assert.equal(reader.waitingBytes, reader.isStopped ? 0 : waiting);
        const bound = mostHeld(waiting, 2) + 2 * most + SPARE_BYTES;
        assert.ok(heldBytes() <= bound, `${heldBytes()} bytes are held, ${bound} may be`);
        if (heldBytes() > size) seen.full += 1;
      }
    });
    if (reader.isPaused) {
      seen.paused += 1;
      // What waits is what is given back, but for a head that has begun.
      const { waitingBytes } = reader;
      assert.equal(reader.handOver().length, waitingBytes);
    }
    assert.equal(reader.isStopped ? reader.waitingBytes : 0, 0);
    if (reader.isStopped && !reader.isPaused) seen.failed += 1;
  });
  fc.assert(law, runs(quickly));
  return seen;
}

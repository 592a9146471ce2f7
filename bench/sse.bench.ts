/**
 * How long one event takes to write, against better-sse, in the same process and interleaved.
 *
 *   node dist/bench/sse.bench.js
 *
 * Both get the same type, id and data and must give a whole event as text. The rounds alternate,
 * and the figure is the median of the rounds' ratios: absolute times drift from round to round.
 */
import { encodeEvent } from 'barewire/sse';
import { createEventBuffer } from 'better-sse';

const ROUNDS = 15;
const ROUND_MS = 60;

const line = (length: number): string => JSON.stringify({ value: 'x'.repeat(length) });
const WORKLOADS: readonly (readonly [name: string, data: string])[] = [
  ['20 B, one line', line(8)],
  ['200 B, one line', line(188)],
  ['4 KiB, one line', line(4084)],
  ['4 KiB, 100 lines', Array.from({ length: 100 }, () => 'y'.repeat(40)).join('\n')],
];

/** Results end here, so that no run can be optimised away. */
let sink = 0;

function nanosecondsEach(write: (n: number) => string): number {
  const start = process.hrtime.bigint();
  const deadline = start + BigInt(ROUND_MS * 1e6);
  let count = 0;
  let now = start;
  for (; now < deadline; now = process.hrtime.bigint()) {
    for (let n = 0; n < 200; n += 1) sink += write(count + n).charCodeAt(5);
    count += 200;
  }
  return Number(now - start) / count;
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[values.length >> 1]!;

for (const [name, data] of WORKLOADS) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(nanosecondsEach((n) => encodeEvent({ event: 'price', id: String(n), data })));
    theirs.push(
      nanosecondsEach((n) => {
        // Its data would be serialised as JSON once more; an identity serialiser makes both equal.
        const buffer = createEventBuffer({ serializer: (text) => text as string });
        return buffer.push(data, 'price', String(n)).read();
      }),
    );
  }
  const ratio = median(ours.map((value, round) => value / theirs[round]!));
  console.log(
    `${name.padEnd(18)} barewire ${median(ours).toFixed(0).padStart(6)} ns   better-sse ${median(
      theirs,
    )
      .toFixed(0)
      .padStart(6)} ns   ratio ${ratio.toFixed(2)}`,
  );
}
if (sink === 0) throw new Error('nothing was written');

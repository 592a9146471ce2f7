/**
 * Masking by length: each of our ways alone, the choice between them, `bufferutil` (the native
 * addon of `ws`) and the loop that `ws` falls back to, in turns in one process.
 *
 *   node dist/bench/masking.bench.js [--quick]
 *
 * From one Buffer into another, as an encoder does it, the target being the same each time (a slab)
 * or a new view each time. Readers have it better: what they read lies in the memory of the SIMD
 * module already, where a call costs 5 – 15 ns up to 500 bytes (bench/framing, decode masked).
 */
import { createRequire } from 'node:module';
import { type MaskingStrategy, maskInto, setMaskingStrategy } from 'barewire/codec';
import { figuresOf, takeTurns } from './support/turns.ts';
import { formatBytes, formatTime } from './support/units.ts';

const isQuick = process.argv.includes('--quick');
const ROUNDS = isQuick ? 7 : 15;
const ROUND_MICROSECONDS = isQuick ? 4_000 : 10_000;
const LENGTHS = [8, 20, 40, 64, 126, 200, 256, 320, 512, 1_024, 4_096, 16_384, 65_536, 1_048_576];
const MAX_LENGTH = LENGTHS.at(-1)!;
const OFFSET = 6;
const KEY = 0x37fa213d;

const addon = createRequire(import.meta.url)('bufferutil') as {
  mask(source: Buffer, mask: Buffer, output: Buffer, offset: number, length: number): void;
};
const keyBytes = Buffer.alloc(4);
keyBytes.writeUInt32BE(KEY);

let payload: Buffer;
let slab: Buffer;
const source = Buffer.alloc(MAX_LENGTH, 0x41);
const target = Buffer.alloc(MAX_LENGTH + OFFSET);

/** Masks `length` bytes once and returns something that depends on the result. */
type Way = (length: number) => number;

/** Our ways are one function; which of them it takes is set before a sample begins. */
const ours = (length: number): number => maskInto(payload, 0, length, slab, OFFSET, KEY, 0);
const oursNew = (length: number): number =>
  maskInto(payload, 0, length, slab.subarray(0), OFFSET, KEY, 0);

/** The loop of `ws`, rewritten here because its module takes the addon by itself. */
function plainLoop(length: number): number {
  for (let index = 0; index < length; index += 1) {
    target[OFFSET + index] = source[index]! ^ keyBytes[index & 3]!;
  }
  return target[OFFSET]!;
}

const WAYS: readonly (readonly [name: string, way: Way, strategy?: MaskingStrategy])[] = [
  ['auto', ours],
  ['auto, new', oursNew],
  ['bytes', ours, 'bytes'],
  ['words', ours, 'words'],
  ['simd', ours, 'simd'],
  [
    'addon',
    (length) => {
      addon.mask(source, keyBytes, target, OFFSET, length);
      return target[OFFSET]!;
    },
  ],
  ['plain loop', plainLoop],
];

/** Results end here, so that no run can be optimised away. */
let sink = 0;

function sample(way: Way, length: number): number {
  const batch = Math.max(1, Math.floor(200_000 / (length + 200)));
  const start = process.cpuUsage();
  let spent = 0;
  let count = 0;
  while (spent < ROUND_MICROSECONDS) {
    for (let turn = 0; turn < batch; turn += 1) sink ^= way(length);
    count += batch;
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
  return (spent * 1e3) / count;
}

console.log(`node ${process.version}, ${ROUNDS} rounds in turns, CPU time of one call`);
console.log(`${'bytes'.padEnd(9)}${WAYS.map(([name]) => name.padStart(14)).join('')}`);
for (const length of LENGTHS) {
  payload = source.subarray(0, length);
  slab = length > 65_000 ? target : Buffer.alloc(length + OFFSET + 100);
  const rounds = await takeTurns(
    ROUNDS,
    WAYS.map(([, way, strategy = 'auto']) => () => {
      setMaskingStrategy(strategy);
      return sample(way, length);
    }),
  );
  const cells = WAYS.map((_, index) => formatTime(figuresOf(rounds, index, 0).median).padStart(14));
  console.log(`${formatBytes(length).padEnd(9)}${cells.join('')}`);
}
if (sink === 1e9) throw new Error('nothing was masked');

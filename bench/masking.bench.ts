/**
 * Masking by length: each of our ways alone, the choice between them, `bufferutil` (the native
 * addon of `ws`) and the loop that `ws` falls back to, in turns in one process.
 *
 *   npm run bench -- masking [lengths …] [--quick]
 *
 * From one Buffer into another, as an encoder does it, the target being the same each time (a slab)
 * or a new view each time. Readers have it better: what they read lies in the memory of the SIMD
 * module already, where a call costs 5 – 15 ns up to 500 bytes (bench/framing, decode masked).
 */
import { createRequire } from 'node:module';
import { type MaskingStrategy, maskInto, setMaskingStrategy } from 'barewire/codec';
import type { Case } from './support/suite.ts';
import { runSuites } from './support/suite-command.ts';
import { formatBytes } from './support/units.ts';

const LENGTHS = [8, 20, 40, 64, 126, 200, 256, 320, 512, 1_024, 4_096, 16_384, 65_536, 1_048_576];
const MAX_LENGTH = LENGTHS.at(-1)!;
const OFFSET = 6;
const KEY = 0x37fa213d;

const addon = createRequire(import.meta.url)('bufferutil') as {
  mask(source: Buffer, mask: Buffer, output: Buffer, offset: number, length: number): void;
};
const keyBytes = Buffer.alloc(4);
keyBytes.writeUInt32BE(KEY);
const source = Buffer.alloc(MAX_LENGTH, 0x41);
const target = Buffer.alloc(MAX_LENGTH + OFFSET);

/** The loop of `ws`, rewritten here because its module takes the addon by itself. */
function plainLoop(length: number): number {
  for (let index = 0; index < length; index += 1) {
    target[OFFSET + index] = source[index]! ^ keyBytes[index & 3]!;
  }
  return target[OFFSET]!;
}

/** Our ways are one function; which of them it takes is set before a pass begins. */
function cases(length: number): Case[] {
  const payload = source.subarray(0, length);
  const slab = length > 65_000 ? target : Buffer.alloc(length + OFFSET + 100);
  const way = (name: string, strategy: MaskingStrategy, into: () => Buffer): Case => ({
    name,
    prepare: () => setMaskingStrategy(strategy),
    run: () => maskInto(payload, 0, length, into(), OFFSET, KEY, 0),
  });
  return [
    way('barewire', 'auto', () => slab),
    way('new target', 'auto', () => slab.subarray(0)),
    way('bytes', 'bytes', () => slab),
    way('words', 'words', () => slab),
    way('simd', 'simd', () => slab),
    {
      name: 'bufferutil',
      run() {
        addon.mask(source, keyBytes, target, OFFSET, length);
        return target[OFFSET]!;
      },
    },
    { name: 'plain loop', run: () => plainLoop(length) },
  ];
}

await runSuites(
  'masking',
  LENGTHS.map((length) => ({
    id: `mask ${length}`,
    title: `masking ${formatBytes(length)}`,
    cases: () => cases(length),
  })),
);

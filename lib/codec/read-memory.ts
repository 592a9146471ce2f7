/**
 * Memory for sockets to read into, from which a reader need not copy.
 *
 * What is received must lie in the memory of the SIMD module before the module can take a mask off.
 * A program that chooses where its sockets read to, as `net.Socket` allows with `onread`, lets them
 * read there at once: one copy less of everything received, by as much as bench/results.md says
 * (PATHS 2 and 3, "without read-memory").
 *
 * ```
 *  socket ──► readMemory()[0 … n) ──► reader.receive(readMemory().subarray(0, n))     ownsInput
 * ```
 */
import { hasFastPath } from '../base/index.ts';
import type { ParserInput } from './frame-parser.ts';
import { chosenSimd } from './mask.ts';
import { payloadSimd, READ_AT, SLAB_BYTES } from './payload-simd.ts';

let lent: Buffer | undefined;
/** The module's, once it is lent. */
let memory: ArrayBufferLike | undefined;
let whole: ParserInput | undefined;

/**
 * Returns memory of 64 KiB, the same for the whole process: what lies there belongs to the last who
 * has read into it, until the call that takes it in returns. A {@link FrameReader} with `ownsInput`
 * takes masks off where they lie, in whatever part of it is given to `receive`. Not for
 * `givesInput`: others read into it, too. Where there is no SIMD, it is ordinary memory.
 */
export function readMemory(): Buffer {
  lent ??= lend() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  return lent;
}

function lend(): Buffer | undefined {
  const simd = hasFastPath('read-memory') ? payloadSimd() : undefined;
  if (simd === undefined) return undefined;
  memory = simd.memory.buffer;
  whole = { bytes: simd.memory, mask: simd.mask, givenAway: undefined, base: 0 };
  return simd.memory.subarray(READ_AT, READ_AT + SLAB_BYTES);
}

/**
 * Returns the memory around a chunk, for a parser, when the SIMD module can work where the chunk
 * lies: from index `chunk.byteOffset` on. Else `undefined`.
 */
export function memoryAround(chunk: Buffer): ParserInput | undefined {
  return chunk.buffer === memory && chosenSimd() !== undefined ? whole : undefined;
}

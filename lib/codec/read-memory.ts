/**
 * Memory for sockets to read into, from which a reader need not copy.
 *
 * What is received must lie in the memory of the SIMD module before the module can take a mask off.
 * A program that chooses where its sockets read to, as `net.Socket` allows with `onread`, lets them
 * read there at once: one copy less of everything received, by as much as bench/results.md says
 * (PATHS 2 and 3, "without read-memory").
 *
 * ```
 *  socket ──► lendReadMemory()[0 … n) ──► reader.receive(viewRead(n))     ownsInput
 * ```
 */
import { hasFastPath } from '../base/index.ts';
import type { ParserInput } from './frame-parser.ts';
import { chosenSimd } from './mask.ts';
import { payloadSimd, READ_AT, SLAB_BYTES } from './payload-simd.ts';
import { ShortViews } from './short-views.ts';

const views = new ShortViews();

let lent: Buffer | undefined;
/** The module's, once it is lent. */
let memory: ArrayBufferLike | undefined;
let whole: ParserInput | undefined;

/**
 * Returns memory of 64 KiB, one for all sockets of a thread. A `FrameReader` with `ownsInput` takes
 * masks off where they lie, in whatever part of it is given to `receive`. Until that returns,
 * nothing may be read into it, not even by what a sink calls: frames are parsed where they lie. Not
 * for `givesInput`, since others read into it, too. Where there is no SIMD, it is ordinary memory.
 *
 * ```ts
 * const callback = (length: number) => (reader.receive(viewRead(length)), true);
 * connect({ port, onread: { buffer: lendReadMemory(), callback } });
 * ```
 */
export function lendReadMemory(): Buffer {
  lent ??= lend() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  return lent;
}

/** Returns what a read of so many bytes has brought there: the first `length` of them. */
export function viewRead(length: number): Buffer {
  return views.view(lendReadMemory(), 0, length);
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
  // Asking for the memory behind a view is a call into V8.
  const isThere = views.has(chunk) || chunk.buffer === memory;
  return isThere && chosenSimd() !== undefined ? whole : undefined;
}

/**
 * The memory in which every reader takes masks off.
 *
 * It is one slab for the whole process, inside the SIMD module where there is one, and it is lent for
 * as long as a reader delivers from it. A sink may feed another reader meanwhile, perhaps with the
 * very bytes it was just given; that reader finds the slab lent and gets memory of its own.
 */
import { chosenSimd } from './mask.ts';
import { type MaskSimd, SLAB_BYTES } from './mask-simd.ts';

/** Memory to take masks off in, from index 0 to `length`. */
export interface Scratch {
  readonly bytes: Buffer;
  /** Usable bytes, at least 1. */
  readonly length: number;
  /** Takes masks off at the same indices as in `bytes`; `undefined`: only maskInto does. */
  readonly mask: MaskSimd['mask'] | undefined;
}

let slab: Scratch | undefined;
let isLent = false;

/** Lends memory for `wanted` bytes, of which it may hold only the first; to be given back. */
export function borrowScratch(wanted: number): Scratch {
  if (isLent) return makeScratch(Math.min(wanted, SLAB_BYTES));
  isLent = true;
  const simd = chosenSimd();
  if (slab === undefined || slab.mask !== simd?.mask) {
    slab =
      simd === undefined
        ? makeScratch(SLAB_BYTES)
        : { bytes: simd.memory, length: SLAB_BYTES, mask: simd.mask };
  }
  return slab;
}

/** Takes the memory back. */
export function returnScratch(scratch: Scratch): void {
  if (scratch === slab) isLent = false;
}

function makeScratch(length: number): Scratch {
  return { bytes: Buffer.allocUnsafeSlow(length), length, mask: undefined };
}

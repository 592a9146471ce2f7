/**
 * One piece of memory into which every reader takes masks off.
 *
 * It is lent for the length of one delivery. A sink may feed another reader from inside a delivery,
 * with the very bytes it was just given; that reader finds the memory lent and gets its own.
 */

/** Bytes delivered at most in one piece when the input may not be written to. */
export const SCRATCH_BYTES = 65_536;

let shared: Buffer | undefined;
let isLent = false;

/**
 * Lends memory for taking the mask off `wanted` bytes.
 *
 * @returns at least 1 and at most {@link SCRATCH_BYTES} bytes, to be given back.
 */
export function borrowScratch(wanted: number): Buffer {
  if (isLent) return Buffer.allocUnsafeSlow(Math.min(wanted, SCRATCH_BYTES));
  isLent = true;
  shared ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  return shared;
}

/** Takes the memory back. */
export function returnScratch(memory: Buffer): void {
  if (memory === shared) isLent = false;
}

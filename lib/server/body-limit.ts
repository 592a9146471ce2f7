/** How much of a body an application wants to have at most. */
import { constants } from 'node:buffer';
import {
  type ByteQueue,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  UsageError,
} from '../base/index.ts';

/** Options of the methods that read a whole body. */
export interface ReadBodyOptions {
  /**
   * The largest body accepted, in bytes; default: the server's `maxBodyBytes`. With `Infinity`, a
   * whole body is refused with 413 when it is larger than what can be held.
   */
  readonly maxBytes?: number | undefined;
}

const OPTIONS: OptionTable<ReadBodyOptions> = { maxBytes: CHECKED_LATER };

/** The most that one buffer can hold; what a program can hold is less. */
export const MOST_BYTES = constants.MAX_LENGTH;

/**
 * Returns the limit that the options name, or the default.
 *
 * @throws UsageError `invalid-option` for anything but a number of bytes, and for other options.
 */
export function maxBytesOf(options: ReadBodyOptions | undefined, otherwise: number): number {
  if (options === undefined) return otherwise;
  // A name with a slip in it would be a limit that nobody enforces.
  checkOptions(options, OPTIONS);
  const { maxBytes = otherwise } = options;
  if (maxBytes === Number.POSITIVE_INFINITY) return maxBytes;
  if (Number.isSafeInteger(maxBytes) && maxBytes >= 0) return maxBytes;
  throw new UsageError('invalid-option', 'maxBytes must be a whole number from 0, or Infinity');
}

/**
 * Keeps bytes in a queue.
 *
 * @returns false when there is no memory for them, which is no reason to end the process.
 */
export function keepBytes(queue: ByteQueue, bytes: Buffer): boolean {
  try {
    queue.push(bytes);
    return true;
  } catch {
    return false;
  }
}

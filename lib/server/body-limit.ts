/** How much of a body an application wants to have at most. */
import { UsageError } from '../base/index.ts';

/** Options of the methods that read a whole body. */
export interface ReadBodyOptions {
  /** The largest body accepted, in bytes; default: the server's `maxBodyBytes`. */
  readonly maxBytes?: number | undefined;
}

/**
 * Returns the limit that the options name, or the default.
 *
 * @throws UsageError `invalid-option` for anything but a number of bytes.
 */
export function maxBytesOf(options: ReadBodyOptions | undefined, otherwise: number): number {
  const maxBytes = options?.maxBytes ?? otherwise;
  if (maxBytes === Number.POSITIVE_INFINITY) return maxBytes;
  if (Number.isSafeInteger(maxBytes) && maxBytes >= 0) return maxBytes;
  throw new UsageError('invalid-option', 'maxBytes must be a whole number from 0, or Infinity');
}

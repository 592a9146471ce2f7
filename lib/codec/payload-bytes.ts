/**
 * Bytes from whatever holds bytes: exactly those, no more and no fewer.
 *
 * A view's `length` counts elements and its `byteLength` bytes; taking one for the other sends
 * memory that was never meant to be seen. So every function that takes bytes from a user asks here.
 */
import { types } from 'node:util';
import { UsageError } from '../base/index.ts';

/** Everything that holds bytes. */
export type BytesLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/**
 * Returns the bytes that `value` covers, as a view on the same memory: nothing is copied.
 *
 * @throws UsageError `invalid-argument` when `value` holds no bytes (a number, an array, a string
 *   …) or no longer holds any because its memory was detached or shrunk away.
 */
export function viewBytes(value: unknown): Uint8Array {
  if (types.isUint8Array(value) && value.length > 0) return value;
  if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) {
    throw new UsageError(
      'invalid-argument',
      `bytes must be a Buffer, a typed array, a DataView or an ArrayBuffer, not ${describe(value)}`,
    );
  }
  try {
    return viewMemory(value);
  } catch {
    throw new UsageError('invalid-argument', 'the memory of this view is gone');
  }
}

/** Tells quickly whether a value is an array of bytes, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value);
}

/**
 * Views what is a view or memory already. It throws a TypeError for memory that is gone: a typed
 * array without memory has length 0, like an empty one, and only its methods tell them apart.
 */
function viewMemory(value: BytesLike): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
  if (types.isTypedArray(value)) value.at(0);
  if (types.isUint8Array(value)) return value;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : typeof value;
}

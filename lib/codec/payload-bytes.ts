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
  if (types.isUint8Array(value)) return value.length === 0 ? requireAttached(value) : value;
  try {
    if (ArrayBuffer.isView(value)) {
      return requireAttached(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (types.isAnyArrayBuffer(value)) return requireAttached(new Uint8Array(value));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError('invalid-argument', 'the memory of this view is gone');
  }
  throw new UsageError(
    'invalid-argument',
    `bytes must be a Buffer, a typed array, a DataView or an ArrayBuffer, not ${describe(value)}`,
  );
}

/** Tells quickly whether a value is an array of bytes, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value);
}

/** A view without memory has length 0, like an empty one; only its methods tell them apart. */
function requireAttached(view: Uint8Array): Uint8Array {
  try {
    view.at(0);
  } catch {
    throw new UsageError('invalid-argument', 'the memory of this view is gone');
  }
  return view;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : typeof value;
}

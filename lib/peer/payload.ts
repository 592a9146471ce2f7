/**
 * What `send` accepts, made into a string or exactly the bytes meant.
 *
 * `byteLength` is not `length`: a `Float64Array` of three has 24 bytes, and a number is no length
 * at all. Getting that wrong has sent uninitialised memory to peers more than once; so every kind
 * is named here, and everything else is refused.
 */
import { viewBytes } from '../codec/index.ts';

/** One message to send at once: text, or bytes of any kind. */
export type MessageData = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** A message that comes in pieces; all text or all bytes. */
export type PieceSource = Blob | AsyncIterable<MessageData> | Iterable<MessageData>;

/**
 * Returns text as it is, and bytes as a view of exactly the bytes meant. Memory that other threads
 * may change, or that may be resized, is copied; other memory is not.
 *
 * @throws UsageError `invalid-argument` for anything that is not a message, detached buffers
 *   included.
 */
export function toPayload(data: MessageData): string | Uint8Array {
  if (typeof data === 'string') return data;
  const bytes = viewBytes(data);
  return isStable(bytes.buffer) ? bytes : Uint8Array.from(bytes);
}

/** True for a message that must be sent piece by piece. */
export function isPieceSource(data: unknown): data is PieceSource {
  if (typeof data !== 'object' || data === null) return false;
  if (data instanceof Blob) return true;
  if (ArrayBuffer.isView(data)) return false;
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}

/**
 * Refuses a list in which one is neither a message nor the promise of one. What other sources give
 * shows only when it comes.
 *
 * @throws UsageError `invalid-argument`.
 */
export function checkList(source: PieceSource): void {
  if (!Array.isArray(source)) return;
  for (const piece of source) {
    const isPromise = typeof piece?.then === 'function';
    if (typeof piece !== 'string' && !isPromise) viewBytes(piece);
  }
}

function isStable(memory: ArrayBufferLike): boolean {
  return memory instanceof ArrayBuffer && !('resizable' in memory && memory.resizable === true);
}

/** What a message has in bytes, text as UTF-8. */
export function payloadLength(payload: string | { readonly byteLength: number }): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
}

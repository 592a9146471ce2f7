/**
 * One compressed payload for many connections [RFC 7692 §7.2.1].
 *
 * A message compressed without looking back at earlier ones can be read by every inflater whose
 * window is at least as large, whatever it has seen before. So a broadcast is compressed once; each
 * codec is told by `breakContext` that the peer's window has moved on without it.
 */
import { constants, deflateRawSync } from 'node:zlib';
import { UsageError } from '../base/index.ts';
import { MessageDeflater } from './message-deflater.ts';
import { type DeflateJobDone, TAIL_BYTES } from './message-format.ts';
import { OneShotDeflater } from './one-shot.ts';
import { sharedDeflatePool } from './pool.ts';
import { hasZlibHandles } from './zlib-engine.ts';

/** As the codec's own; see bench/deflate. */
const LEVEL = 3;
/** Of zlib's own choice: the work is shared, and so is its memory. */
const MEMORY_LEVEL = 8;

/**
 * Compresses one whole message by itself. O(length), on the calling thread: for messages up to
 * {@link DEFLATE_HERE_BYTES}.
 *
 * @param windowBits the receiver's window, 8 – 15.
 * @returns the payload of a frame with RSV1 set, yours.
 * @throws UsageError `invalid-argument` for other windows.
 */
export function compressOnce(payload: Uint8Array, windowBits: number): Buffer {
  checkWindow(windowBits);
  const finishFlush = constants.Z_SYNC_FLUSH;
  // Node makes 9 bits of 8; what zlib writes then can be read with 8 (see zlib-engine.ts).
  const bytes = deflateRawSync(payload, { windowBits, level: LEVEL, finishFlush });
  // The receiver puts the tail back; an empty message keeps one byte of it [RFC 7692 §7.2.3.6].
  return payload.length === 0 ? Buffer.from([0]) : bytes.subarray(0, bytes.length - TAIL_BYTES);
}

/**
 * As {@link compressOnce}, for what is larger than {@link DEFLATE_HERE_BYTES}: in the thread pool,
 * in turn with the large messages of all connections.
 *
 * @param payload the caller's again when the call has returned.
 * @param done called once, later. The only error is `deflate-failed`, when memory has run out.
 * @throws UsageError `invalid-argument` for other windows.
 */
export function compressOnceLater(
  payload: Uint8Array,
  windowBits: number,
  done: DeflateJobDone,
): void {
  checkWindow(windowBits);
  const Way = hasZlibHandles() ? MessageDeflater : OneShotDeflater;
  const options = { windowBits, keepsContext: false, level: LEVEL, memoryLevel: MEMORY_LEVEL };
  new Way(options, sharedDeflatePool()).compress(payload, true, done);
}

function checkWindow(windowBits: number): void {
  if (Number.isInteger(windowBits) && windowBits >= 8 && windowBits <= 15) return;
  throw new UsageError('invalid-argument', `windowBits must be 8 – 15, not ${windowBits}`);
}

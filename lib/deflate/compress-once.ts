/**
 * One compressed payload for many connections [RFC 7692 §7.2.1].
 *
 * A message compressed without looking back at earlier ones can be read by every inflater whose
 * window is at least as large, whatever it has seen before. So a broadcast is compressed once; each
 * codec is told by `breakContext` that the peer's window has moved on without it.
 */
import { constants, deflateRawSync } from 'node:zlib';
import { UsageError } from '../base/index.ts';
import { TAIL_BYTES } from './message-format.ts';

/** As the codec's own; see bench/deflate. */
const LEVEL = 3;

/**
 * Compresses one whole message by itself. O(length), on the calling thread.
 *
 * @param windowBits the receiver's window, 8 – 15.
 * @returns the payload of a frame with RSV1 set, yours.
 * @throws UsageError `invalid-argument` for other windows.
 */
export function compressOnce(payload: Uint8Array, windowBits: number): Buffer {
  if (!Number.isInteger(windowBits) || windowBits < 8 || windowBits > 15) {
    throw new UsageError('invalid-argument', `windowBits must be 8 – 15, not ${windowBits}`);
  }
  const finishFlush = constants.Z_SYNC_FLUSH;
  // Node makes 9 bits of 8; what zlib writes then can be read with 8 (see zlib-engine.ts).
  const bytes = deflateRawSync(payload, { windowBits, level: LEVEL, finishFlush });
  // The receiver puts the tail back; an empty message keeps one byte of it [RFC 7692 §7.2.3.6].
  return payload.length === 0 ? Buffer.from([0]) : bytes.subarray(0, bytes.length - TAIL_BYTES);
}

/**
 * Frames in memory of their own, for payloads that are too long to share a slab [RFC 6455 §5.2].
 *
 * The length of a string in bytes is known only when it has been written. Measuring it first takes
 * longer than writing it, and setting three bytes aside for each character holds memory for
 * nothing; so it is written to a common buffer, and copied, or masked, to where it stays.
 *
 * Memory that was written before lies in the caches and costs no page fault: a frame of 64 KiB is
 * made there in two thirds of the time, which is what `memory` is for.
 */
import { hasFastPath } from '../base/index.ts';
import { encodeFrameInto, maxEncodedFrameLength } from './frame-writer.ts';
import { viewBytes } from './payload-bytes.ts';

/** Strings up to this length are written to the common buffer, longer ones are measured. */
const MAX_COMMON_UNITS = hasFastPath('sole-frame') ? 1_048_576 : -1;
const FIRST_COMMON_BYTES = 196_608;

let common: Buffer | undefined;

/**
 * Encodes one frame like {@link encodeFrameInto}.
 *
 * @param memory where the frame may lie, if it is long enough for it and no more than four times as
 *   long, so that a short frame that waits does not hold much.
 * @returns the frame, yours: exactly its bytes.
 * @throws UsageError `invalid-argument` when `payload` is neither a string nor holds bytes.
 */
export function encodeSoleFrame(
  opcode: number,
  fin: boolean,
  rsv: number,
  payload: string | Uint8Array,
  maskingKey: number | undefined,
  memory?: Buffer,
): Buffer {
  const bytes = typeof payload === 'string' ? textBytes(payload) : viewBytes(payload);
  const length = maxEncodedFrameLength(bytes, maskingKey !== undefined);
  const hasRoom = memory !== undefined && length <= memory.length && memory.length <= 4 * length;
  const frame = hasRoom ? memory.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  encodeFrameInto(frame, 0, opcode, fin, rsv, bytes, maskingKey);
  return frame;
}

/** The bytes of a text, valid until the next call. */
function textBytes(text: string): Buffer {
  if (text.length > MAX_COMMON_UNITS) return Buffer.from(text);
  const bytes = commonBuffer(text.length * 3);
  return bytes.subarray(0, bytes.write(text, 0, 'utf8'));
}

/** Of what is set aside here, only as much becomes real memory as has ever been written. */
function commonBuffer(wanted: number): Buffer {
  if (common === undefined || common.length < wanted) {
    common = Buffer.allocUnsafeSlow(Math.max(wanted, FIRST_COMMON_BYTES));
  }
  return common;
}

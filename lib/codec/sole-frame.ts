/**
 * Frames in memory of their own, for payloads that are too long to share a slab [RFC 6455 §5.2].
 *
 * The length of a string in bytes is known only when it has been written. Measuring it first takes
 * longer than writing it, and setting three bytes aside for each character holds memory for
 * nothing; so it is written to a common buffer, and copied, or masked, to where it stays.
 */
import { HAS_FAST_PATHS } from '../base/index.ts';
import { frameHeaderLength, writeFrameHeader } from './frame-header.ts';
import { encodeFrameInto, maxEncodedFrameLength } from './frame-writer.ts';
import { maskInto } from './mask.ts';
import { viewBytes } from './payload-bytes.ts';

/** Strings up to this length are written to the common buffer, longer ones are measured. */
const MAX_COMMON_UNITS = HAS_FAST_PATHS ? 1_048_576 : -1;
const FIRST_COMMON_BYTES = 196_608;

let common: Buffer | undefined;

/**
 * Encodes one frame like {@link encodeFrameInto}.
 *
 * @returns the frame, yours: exactly its bytes.
 * @throws UsageError `invalid-argument` when `payload` is neither a string nor holds bytes.
 */
export function encodeSoleFrame(
  opcode: number,
  fin: boolean,
  rsv: number,
  payload: string | Uint8Array,
  maskingKey: number | undefined,
): Buffer {
  if (typeof payload === 'string' && payload.length <= MAX_COMMON_UNITS) {
    const bytes = commonBuffer(payload.length * 3);
    const length = bytes.write(payload, 0, 'utf8');
    return frameOf(opcode, fin, rsv, bytes, length, maskingKey);
  }
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : viewBytes(payload);
  const frame = Buffer.allocUnsafeSlow(maxEncodedFrameLength(bytes, maskingKey !== undefined));
  encodeFrameInto(frame, 0, opcode, fin, rsv, bytes, maskingKey);
  return frame;
}

function frameOf(
  opcode: number,
  fin: boolean,
  rsv: number,
  bytes: Buffer,
  length: number,
  maskingKey: number | undefined,
): Buffer {
  const headerLength = frameHeaderLength(length, maskingKey !== undefined);
  const frame = Buffer.allocUnsafeSlow(headerLength + length);
  writeFrameHeader(frame, 0, opcode, fin, rsv, length, maskingKey);
  if (maskingKey === undefined) frame.set(bytes.subarray(0, length), headerLength);
  else maskInto(bytes, 0, length, frame, headerLength, maskingKey, 0);
  return frame;
}

/** Of what is set aside here, only as much becomes real memory as has ever been written. */
function commonBuffer(wanted: number): Buffer {
  if (common === undefined || common.length < wanted) {
    common = Buffer.allocUnsafeSlow(Math.max(wanted, FIRST_COMMON_BYTES));
  }
  return common;
}

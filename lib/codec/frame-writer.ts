/**
 * Writing frames on the hot path: straight into memory of the caller's, in one pass where possible
 * [RFC 6455 §5.2, §6.1].
 *
 * ```
 * offset                                               offset + bytes written
 * +--------+-----------------+-------------+-----------+
 * | 2 bytes| 0, 2 or 8 bytes | masking key | payload   |     room: maxEncodedFrameLength
 * +--------+-----------------+-------------+-----------+
 * ```
 * A string's length in bytes is known only when it has been written, but its length in UTF-16 units
 * tells nearly always how long the header will be. So the text is written first, where it will
 * probably stand, and the header after it. What is checked and what is not is said by each
 * function; frame-builder.ts checks everything.
 */
import { hasFastPath, UsageError } from '../base/index.ts';
import { frameHeaderLength, writeFrameHeader } from './frame-header.ts';
import { maskInto } from './mask.ts';
import { isBytes, viewBytes } from './payload-bytes.ts';

/** Payloads up to this length are written one by one: no call into the runtime. */
const SHORT = hasFastPath('frame-writer') ? 40 : -1;
const MAX_SHORT_FRAME = SHORT + 6;

/**
 * Bytes that {@link encodeFrameInto} may need: exact for bytes; for a string an upper bound, three
 * bytes for each UTF-16 unit, because measuring a string takes longer than writing it.
 *
 * @throws UsageError `invalid-argument` when `payload` is neither a string nor bytes.
 */
export function maxEncodedFrameLength(payload: string | Uint8Array, masked: boolean): number {
  const isText = typeof payload === 'string';
  if (!isText && !isBytes(payload)) requireBytes(payload);
  const length = isText ? payload.length * 3 : payload.length;
  return length + frameHeaderLength(length, masked);
}

/**
 * Writes one frame into `target` at `offset`, for the hot path: beyond the room it checks nothing,
 * so the caller answers for `opcode` 0 – 15, `rsv` 0 – 7, and for what the rules say. The payload
 * is not modified.
 *
 * @param maskingKey big-endian unsigned integer; `undefined` for a frame that is not masked.
 * @returns bytes written. Beyond them, up to {@link maxEncodedFrameLength}, the content of `target`
 *   may have changed too.
 * @throws UsageError `invalid-argument` when `target` has no room for the frame (give it
 *   {@link maxEncodedFrameLength} bytes), or when `payload` is neither a string nor bytes.
 */
export function encodeFrameInto(
  target: Buffer,
  offset: number,
  opcode: number,
  fin: boolean,
  rsv: number,
  payload: string | Uint8Array,
  maskingKey: number | undefined,
): number {
  const isText = typeof payload === 'string';
  // Elements of other sizes would be counted, and cut, as if they were bytes; and memory that is
  // gone looks empty.
  if (!isText && (!isBytes(payload) || isGone(payload))) requireBytes(payload);
  const { length } = payload;
  if (length <= SHORT && offset + MAX_SHORT_FRAME <= target.length) {
    const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    const start = writeShortHeader(target, offset, first, length, maskingKey);
    if (!isText) writeShortBytes(target, start, payload, maskingKey);
    if (!isText || writeShortAscii(target, start, payload, maskingKey)) {
      return start + length - offset;
    }
  }
  return isText
    ? encodeText(target, offset, opcode, fin, rsv, payload, maskingKey)
    : encodeBytes(target, offset, opcode, fin, rsv, payload, maskingKey);
}

/** A Buffer with the method behind `write`, which Node's type declarations leave out. */
interface TextTarget extends Buffer {
  utf8Write(text: string, offset: number): number;
}

function writeShortHeader(
  target: Buffer,
  offset: number,
  first: number,
  length: number,
  maskingKey: number | undefined,
): number {
  target[offset] = first;
  if (maskingKey === undefined) {
    target[offset + 1] = length;
    return offset + 2;
  }
  target[offset + 1] = 0x80 | length;
  target[offset + 2] = maskingKey >>> 24;
  target[offset + 3] = (maskingKey >>> 16) & 0xff;
  target[offset + 4] = (maskingKey >>> 8) & 0xff;
  target[offset + 5] = maskingKey & 0xff;
  return offset + 6;
}

function writeShortBytes(
  target: Buffer,
  start: number,
  payload: Uint8Array,
  maskingKey: number | undefined,
): void {
  const { length } = payload;
  if (maskingKey === undefined) {
    for (let index = 0; index < length; index += 1) target[start + index] = payload[index]!;
    return;
  }
  const key0 = maskingKey >>> 24;
  const key1 = (maskingKey >>> 16) & 0xff;
  const key2 = (maskingKey >>> 8) & 0xff;
  const key3 = maskingKey & 0xff;
  let index = 0;
  for (; index <= length - 4; index += 4) {
    const to = start + index;
    target[to] = payload[index]! ^ key0;
    target[to + 1] = payload[index + 1]! ^ key1;
    target[to + 2] = payload[index + 2]! ^ key2;
    target[to + 3] = payload[index + 3]! ^ key3;
  }
  for (let bits = 24; index < length; index += 1, bits -= 8) {
    target[start + index] = payload[index]! ^ ((maskingKey >>> bits) & 0xff);
  }
}

/** Writes and masks characters as they are read. Returns false when one of them is not ASCII. */
function writeShortAscii(
  target: Buffer,
  start: number,
  text: string,
  maskingKey: number | undefined,
): boolean {
  const { length } = text;
  let union = 0;
  if (maskingKey === undefined) {
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      union |= code;
      target[start + index] = code;
    }
    return union < 0x80;
  }
  const key0 = maskingKey >>> 24;
  const key1 = (maskingKey >>> 16) & 0xff;
  const key2 = (maskingKey >>> 8) & 0xff;
  const key3 = maskingKey & 0xff;
  let index = 0;
  for (; index <= length - 4; index += 4) {
    const to = start + index;
    const code0 = text.charCodeAt(index);
    const code1 = text.charCodeAt(index + 1);
    const code2 = text.charCodeAt(index + 2);
    const code3 = text.charCodeAt(index + 3);
    target[to] = code0 ^ key0;
    target[to + 1] = code1 ^ key1;
    target[to + 2] = code2 ^ key2;
    target[to + 3] = code3 ^ key3;
    union |= code0 | code1 | code2 | code3;
  }
  for (let bits = 24; index < length; index += 1, bits -= 8) {
    const code = text.charCodeAt(index);
    union |= code;
    target[start + index] = code ^ ((maskingKey >>> bits) & 0xff);
  }
  return union < 0x80;
}

function encodeBytes(
  target: Buffer,
  offset: number,
  opcode: number,
  fin: boolean,
  rsv: number,
  payload: Uint8Array,
  maskingKey: number | undefined,
): number {
  const { length } = payload;
  if (offset + length + frameHeaderLength(length, maskingKey !== undefined) > target.length) {
    refuse('the target has no room for the frame');
  }
  const start = offset + writeFrameHeader(target, offset, opcode, fin, rsv, length, maskingKey);
  if (maskingKey === undefined) target.set(payload, start);
  else maskInto(payload, 0, length, target, start, maskingKey, 0);
  return start + length - offset;
}

/** Writes the text where it will probably stand, and the header when its length is known. */
function encodeText(
  target: Buffer,
  offset: number,
  opcode: number,
  fin: boolean,
  rsv: number,
  text: string,
  maskingKey: number | undefined,
): number {
  const masked = maskingKey !== undefined;
  const likely = offset + frameHeaderLength(text.length, masked);
  if (likely + text.length > target.length) refuse('the target has no room for the frame');
  const length = (target as TextTarget).utf8Write(text, likely);
  const start = offset + frameHeaderLength(length, masked);
  // Near the end of the target, what was written may be a part only: a character of four bytes that
  // found no place leaves three of them free.
  if (start + length + 4 > target.length && !isWhole(target, start, text, length)) {
    refuse('the target has no room for the frame');
  }
  if (start !== likely) target.copyWithin(start, likely, likely + length);
  writeFrameHeader(target, offset, opcode, fin, rsv, length, maskingKey);
  if (masked) maskInto(target, start, start + length, target, start, maskingKey, 0);
  return start + length - offset;
}

function isWhole(target: Buffer, start: number, text: string, length: number): boolean {
  return start + length <= target.length && Buffer.byteLength(text) === length;
}

/** A typed array without memory has length 0, as an empty one: only its methods tell them apart. */
function isGone(bytes: Uint8Array): boolean {
  if (bytes.length > 0) return false;
  try {
    bytes.at(0);
    return false;
  } catch {
    return true;
  }
}

function requireBytes(payload: unknown): void {
  if (viewBytes(payload) !== payload) refuse('the payload must be a string or a Uint8Array');
}

function refuse(message: string): never {
  throw new UsageError('invalid-argument', message);
}

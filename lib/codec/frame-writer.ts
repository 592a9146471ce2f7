/**
 * Writing frames [RFC 6455 §5.2, §6.1].
 *
 * {@link encodeFrame} builds any one frame, checked; {@link encodeFrameInto} is the same for the hot
 * path, straight into memory of the caller's, unchecked. Only what the rules allow is written, unless
 * `allowIllegal` says that breaking them is the point: test suites must.
 */
import { ProtocolError, UsageError } from '../base/index.ts';
import { parseClosePayload } from './close-payload.ts';
import { frameHeaderLength, RSV1, writeFrameHeader } from './frame-header.ts';
import { MAX_CONTROL_PAYLOAD } from './frame-rules.ts';
import { maskInto } from './mask.ts';
import { isControlOpcode, isDefinedOpcode, OPCODE } from './opcode.ts';
import { viewBytes } from './payload-bytes.ts';

/** A frame to write. What is left out gets the value of an ordinary unmasked frame. */
export interface FrameToEncode {
  /** 0 – 15, see OPCODE. */
  readonly opcode: number;
  /** Strings become UTF-8, lone surrogates U+FFFD. Default: empty. */
  readonly payload?: string | Uint8Array | undefined;
  /** Default true. */
  readonly fin?: boolean | undefined;
  /** RSV1 = 4, RSV2 = 2, RSV3 = 1. Default 0; legal is RSV1 on text and binary frames. */
  readonly rsv?: number | undefined;
  /** Four bytes, or the same as a big-endian unsigned integer. Left out: not masked. */
  readonly maskingKey?: number | Uint8Array | undefined;
  /** Bits of the length field, for a form longer or shorter than needed. Needs `allowIllegal`. */
  readonly lengthForm?: 7 | 16 | 64 | undefined;
  /** Length to announce when it is not the payload's: 0 … 2⁶⁴ − 1. Needs `allowIllegal`. */
  readonly announcedLength?: number | bigint | undefined;
}

/**
 * Builds one frame.
 *
 * @param options.allowIllegal writes what the rules forbid, too: any opcode and reserved bits,
 *   fragmented or oversized control frames, any form of length, an announced length that is not the
 *   payload's.
 * @returns the frame's bytes, yours. The payload is copied, never modified.
 * @throws UsageError `invalid-argument` when a value is out of the range the field can hold, when
 *   `payload` holds no bytes, or, without `allowIllegal`, when a rule forbids the frame.
 */
export function encodeFrame(
  frame: FrameToEncode,
  options: { readonly allowIllegal?: boolean | undefined } = {},
): Buffer {
  const { opcode, fin = true, rsv = 0 } = frame;
  requireRange('opcode', opcode, 15);
  requireRange('rsv', rsv, 7);
  if (typeof fin !== 'boolean') refuse('fin must be true or false');
  const maskingKey = readMaskingKey(frame.maskingKey);
  const payload = payloadBytes(frame.payload);
  if (options.allowIllegal === true) return encodeLiterally(frame, payload, maskingKey);
  if (frame.lengthForm !== undefined || frame.announcedLength !== undefined) {
    refuse('lengthForm and announcedLength need allowIllegal');
  }
  requireLegal(opcode, fin, rsv, payload);
  const target = Buffer.allocUnsafe(maxEncodedFrameLength(payload, maskingKey !== undefined));
  encodeFrameInto(target, 0, opcode, fin, rsv, payload, maskingKey);
  return target;
}

/**
 * Bytes that {@link encodeFrameInto} may need: exact for bytes and long strings; for other strings an
 * upper bound, three bytes for each UTF-16 unit, which is cheaper than measuring them.
 */
export function maxEncodedFrameLength(payload: string | Uint8Array, masked: boolean): number {
  let { length } = payload;
  if (typeof payload === 'string') {
    length = length > MEASURE_FROM ? Buffer.byteLength(payload) : length * 3;
  }
  return length + frameHeaderLength(length, masked);
}

/**
 * Writes one frame into `target` at `offset`, for the hot path: beyond the room it checks nothing, so
 * the caller answers for `opcode` 0 – 15, `rsv` 0 – 7, and for what the rules say. The payload is not
 * modified.
 *
 * @param maskingKey big-endian unsigned integer; `undefined` for a frame that is not masked.
 * @returns bytes written. Beyond them, up to {@link maxEncodedFrameLength}, the content of `target`
 *   may have changed too.
 * @throws UsageError `invalid-argument` when `target` has no room for the frame: give
 *   {@link maxEncodedFrameLength} bytes.
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
  if (typeof payload === 'string') {
    if (payload.length <= SHORT_TEXT && offset + SHORT_TEXT + 6 <= target.length) {
      const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
      const written = encodeShortAscii(target, offset, first, payload, maskingKey);
      if (written > 0) return written;
    }
    return encodeText(target, offset, opcode, fin, rsv, payload, maskingKey);
  }
  const { length } = payload;
  if (offset + length + frameHeaderLength(length, maskingKey !== undefined) > target.length) {
    refuse('the target has no room for the frame');
  }
  const start = offset + writeFrameHeader(target, offset, opcode, fin, rsv, length, maskingKey);
  if (maskingKey === undefined) copyInto(payload, target, start);
  else maskInto(payload, 0, length, target, start, maskingKey, 0);
  return start + length - offset;
}

/** Strings up to this length are written character by character: no call into the runtime. */
const SHORT_TEXT = 40;

/** Strings longer than this are measured, so that no memory is set aside for nothing. */
const MEASURE_FROM = 8_192;

/** A Buffer with the method behind `write`, which Node's type declarations leave out. */
interface Utf8Target extends Buffer {
  utf8Write(text: string, offset: number): number;
}

/** Writes header and text in one go. Returns 0 when the text turns out not to be ASCII. */
function encodeShortAscii(
  target: Buffer,
  offset: number,
  first: number,
  text: string,
  maskingKey: number | undefined,
): number {
  const { length } = text;
  target[offset] = first;
  let union = 0;
  if (maskingKey === undefined) {
    target[offset + 1] = length;
    for (let index = 0, at = offset + 2; index < length; index += 1, at += 1) {
      const code = text.charCodeAt(index);
      union |= code;
      target[at] = code;
    }
    return union < 0x80 ? length + 2 : 0;
  }
  target[offset + 1] = 0x80 | length;
  target[offset + 2] = maskingKey >>> 24;
  target[offset + 3] = (maskingKey >>> 16) & 0xff;
  target[offset + 4] = (maskingKey >>> 8) & 0xff;
  target[offset + 5] = maskingKey & 0xff;
  let key = maskingKey;
  for (let index = 0, at = offset + 6; index < length; index += 1, at += 1) {
    const code = text.charCodeAt(index);
    union |= code;
    key = (key << 8) | (key >>> 24);
    target[at] = (code ^ key) & 0xff;
  }
  return union < 0x80 ? length + 6 : 0;
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
  const length = (target as Utf8Target).utf8Write(text, likely);
  const start = offset + frameHeaderLength(length, masked);
  // Near the end of the target, what was written may be a part only.
  if (start + length + 3 > target.length && !isWhole(target, start, text, length)) {
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

/** From here on, one call that copies all is faster than a loop. */
const SET_FROM = 48;

function copyInto(source: Uint8Array, target: Buffer, start: number): void {
  const { length } = source;
  if (length >= SET_FROM) target.set(source, start);
  else for (let index = 0; index < length; index += 1) target[start + index] = source[index]!;
}

function requireLegal(opcode: number, fin: boolean, rsv: number, payload: Uint8Array): void {
  if (!isDefinedOpcode(opcode)) refuse(`opcode ${opcode} is reserved`); // [RFC 6455 §5.2]
  const beginsMessage = opcode === OPCODE.text || opcode === OPCODE.binary;
  if (rsv !== 0 && !(rsv === RSV1 && beginsMessage)) {
    refuse(`rsv ${rsv} has no meaning on opcode ${opcode}`); // [RFC 6455 §5.2] [RFC 7692 §6]
  }
  if (!isControlOpcode(opcode)) return;
  if (!fin) refuse('control frames are not fragmented'); // [RFC 6455 §5.5]
  if (payload.length > MAX_CONTROL_PAYLOAD) {
    refuse(`a control frame holds ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`);
  }
  if (opcode === OPCODE.close) requireClosePayload(payload);
}

function requireClosePayload(payload: Uint8Array): void {
  try {
    parseClosePayload(payload);
  } catch (error) {
    if (error instanceof ProtocolError) refuse(`close payload: ${error.message}`);
    throw error;
  }
}

/** Writes what it is told, legal or not. */
function encodeLiterally(
  frame: FrameToEncode,
  payload: Uint8Array,
  maskingKey: number | undefined,
): Buffer {
  const announced = readAnnouncedLength(frame.announcedLength ?? payload.length);
  const form = frame.lengthForm ?? (announced < 126n ? 7 : announced < 65_536n ? 16 : 64);
  const lengthBytes = LENGTH_BYTES[form];
  if (lengthBytes === undefined) refuse('lengthForm must be 7, 16 or 64');
  // The 7-bit field can hold 126 and 127 as well, which then announce bytes that do not follow.
  if (announced >> BigInt(form) !== 0n) refuse(`${announced} does not fit in ${form} bits`);
  const payloadStart = 2 + lengthBytes + (maskingKey === undefined ? 0 : 4);
  const target = Buffer.allocUnsafe(payloadStart + payload.length);
  const code = form === 7 ? Number(announced) : form === 16 ? 126 : 127;
  target[0] = (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode;
  target[1] = (maskingKey === undefined ? 0 : 0x80) | code;
  if (form === 16) target.writeUInt16BE(Number(announced), 2);
  if (form === 64) target.writeBigUInt64BE(announced, 2);
  if (maskingKey === undefined) {
    target.set(payload, payloadStart);
  } else {
    target.writeUInt32BE(maskingKey, payloadStart - 4);
    maskInto(payload, 0, payload.length, target, payloadStart, maskingKey, 0);
  }
  return target;
}

const LENGTH_BYTES: Readonly<Record<number, number>> = { 7: 0, 16: 2, 64: 8 };

function readAnnouncedLength(length: number | bigint): bigint {
  const isCount = typeof length === 'bigint' || Number.isSafeInteger(length);
  if (!isCount || length < 0 || length > 0xffff_ffff_ffff_ffffn) {
    refuse(`announcedLength must be 0 … 2^64 - 1, not ${String(length)}`);
  }
  return BigInt(length);
}

function payloadBytes(payload: unknown): Uint8Array {
  if (payload === undefined) return Buffer.alloc(0);
  return typeof payload === 'string' ? Buffer.from(payload) : viewBytes(payload);
}

function readMaskingKey(key: number | Uint8Array | undefined): number | undefined {
  if (key === undefined) return undefined;
  if (typeof key === 'number') {
    requireRange('maskingKey', key, 0xffff_ffff);
    return key;
  }
  const bytes = viewBytes(key);
  if (bytes.length !== 4) refuse(`maskingKey must have 4 bytes, not ${bytes.length}`);
  return Buffer.from(bytes).readUInt32BE(0);
}

function requireRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    refuse(`${name} must be 0 … ${max}, not ${String(value)}`);
  }
}

function refuse(message: string): never {
  throw new UsageError('invalid-argument', message);
}

/**
 * Building one frame from what it shall say, with everything checked [RFC 6455 §5.2, §6.1].
 *
 * Only what the rules allow is built, unless `allowIllegal` says that breaking them is the point:
 * test suites must.
 */
import { ProtocolError, UsageError } from '../base/index.ts';
import { parseClosePayload } from './close-payload.ts';
import { RSV1 } from './frame-header.ts';
import { MAX_CONTROL_PAYLOAD } from './frame-rules.ts';
import { encodeFrameInto, maxEncodedFrameLength } from './frame-writer.ts';
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
  if (form !== 7 && form !== 16 && form !== 64) refuse('lengthForm must be 7, 16 or 64');
  // The 7-bit field can hold 126 and 127 as well, which then announce bytes that do not follow.
  if (announced >> BigInt(form) !== 0n) refuse(`${announced} does not fit in ${form} bits`);
  const payloadStart = 2 + LENGTH_BYTES[form] + (maskingKey === undefined ? 0 : 4);
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

const LENGTH_BYTES = { 7: 0, 16: 2, 64: 8 } as const;

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

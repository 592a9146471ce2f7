/**
 * The layout of a frame header: twin functions that read and write it [RFC 6455 §5.2].
 *
 * ```
 *  byte 0                    byte 1                    then, where announced
 * +---+-------------+------+ +------+----------------+ +-----------------+---------------+
 * |FIN| RSV1 2 3    |opcode| | MASK | length code    | | extended length | masking key   |
 * | 1 |  1  1 1     |  4   | |  1   |     7 bits     | |  0, 16, 64 bits | 0 or 32 bits  |
 * +---+-------------+------+ +------+----------------+ +-----------------+---------------+
 *                              code 0 – 125: the length · 126: 16 bits follow · 127: 64 bits follow
 *                              shortest header 2 bytes, longest 2 + 8 + 4 = 14
 * ```
 * Numbers are in network byte order. This file says what the bits mean and nothing about whether
 * they are allowed: that is the law's part (frame-rules.ts).
 */

/** What a frame header says. Readers reuse one object: copy what must outlive the call. */
export interface FrameHeader {
  /** Whether this frame ends its message. */
  fin: boolean;
  /** The reserved bits as one number, 0 – 7: RSV1 = 4, RSV2 = 2, RSV3 = 1. */
  rsv: number;
  /** 0 – 15, see OPCODE. */
  opcode: number;
  /** Whether a masking key is present and the payload is masked. */
  masked: boolean;
  /** The masking key's four bytes as a big-endian unsigned integer; 0 when not masked. */
  maskingKey: number;
  /**
   * Announced payload length in bytes. Exact up to 2⁵³ − 1. More than that no number can count, so
   * it reads as {@link UNCOUNTABLE_LENGTH}, and as `Infinity` when the top bit of the 64 is set.
   */
  payloadLength: number;
  /** Bytes of the header itself, 2 – 14, masking key included. */
  headerLength: number;
}

/** The bit of `rsv` that permessage-deflate gives a meaning [RFC 7692 §6]. */
export const RSV1 = 4;
export const RSV2 = 2;
export const RSV3 = 1;

/** Bytes of the longest header. */
export const MAX_HEADER_LENGTH = 14;

/** What `payloadLength` says of a length from 2⁵³ to 2⁶³ − 1. */
export const UNCOUNTABLE_LENGTH = 2 ** 53;

const TWO_32 = 2 ** 32;

/** Returns a header with nothing in it, for {@link readFrameHeader} to fill. */
export function createFrameHeader(): FrameHeader {
  return {
    fin: false,
    rsv: 0,
    opcode: 0,
    masked: false,
    maskingKey: 0,
    payloadLength: 0,
    headerLength: 0,
  };
}

/**
 * Reads the header that begins at `start` into `header`.
 *
 * @returns true when the whole header lies before `end`. Otherwise `header` holds what the first
 *   two bytes say (with `payloadLength` and `maskingKey` 0), or, of a single byte, nothing.
 */
export function readFrameHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: FrameHeader,
): boolean {
  if (end - start < 2) return false;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  const code = second & 0x7f;
  const masked = second > 0x7f;
  const lengthEnd = start + (code < 126 ? 2 : code === 126 ? 4 : 10);
  const headerEnd = masked ? lengthEnd + 4 : lengthEnd;
  header.fin = first > 0x7f;
  header.rsv = (first >> 4) & 0b111;
  header.opcode = first & 0x0f;
  header.masked = masked;
  header.maskingKey = 0;
  header.payloadLength = 0;
  header.headerLength = headerEnd - start;
  if (headerEnd > end) return false;
  if (code < 126) header.payloadLength = code;
  else if (code === 126) header.payloadLength = (bytes[start + 2]! << 8) | bytes[start + 3]!;
  else header.payloadLength = readLength64(bytes, start + 2);
  if (masked) header.maskingKey = readUint32(bytes, lengthEnd);
  return true;
}

/** Bytes that the header of such a frame takes in its minimal form: 2 – 14. */
export function frameHeaderLength(payloadLength: number, masked: boolean): number {
  const unmasked = payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
  return masked ? unmasked + 4 : unmasked;
}

/**
 * Writes a frame header with the length in its minimal form [RFC 6455 §5.2]. Checks nothing: the
 * caller answers for `opcode` 0 – 15, `rsv` 0 – 7, a `payloadLength` of 0 … 2⁵³ − 1, and room for
 * {@link frameHeaderLength} bytes from `offset`.
 *
 * @param maskingKey big-endian unsigned integer; `undefined` for a frame that is not masked.
 * @returns bytes written.
 */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  opcode: number,
  fin: boolean,
  rsv: number,
  payloadLength: number,
  maskingKey: number | undefined,
): number {
  const maskBit = maskingKey === undefined ? 0 : 0x80;
  let at = offset + 2;
  target[offset] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  if (payloadLength < 126) {
    target[offset + 1] = maskBit | payloadLength;
  } else if (payloadLength < 65_536) {
    target[offset + 1] = maskBit | 126;
    target[at] = payloadLength >>> 8;
    target[at + 1] = payloadLength & 0xff;
    at += 2;
  } else {
    target[offset + 1] = maskBit | 127;
    writeUint32(target, at, Math.floor(payloadLength / TWO_32));
    writeUint32(target, at + 4, payloadLength % TWO_32);
    at += 8;
  }
  if (maskingKey !== undefined) {
    writeUint32(target, at, maskingKey);
    at += 4;
  }
  return at - offset;
}

function readLength64(bytes: Uint8Array, at: number): number {
  const high = readUint32(bytes, at);
  if (high > 0x7fff_ffff) return Number.POSITIVE_INFINITY;
  if (high > 0x001f_ffff) return UNCOUNTABLE_LENGTH;
  return high * TWO_32 + readUint32(bytes, at + 4);
}

function readUint32(bytes: Uint8Array, at: number): number {
  const signed =
    (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return signed >>> 0;
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = (value >>> 16) & 0xff;
  target[at + 2] = (value >>> 8) & 0xff;
  target[at + 3] = value & 0xff;
}

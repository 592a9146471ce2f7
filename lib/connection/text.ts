/**
 * Bytes to strings, three ways, by what is known about the bytes [RFC 6455 §8.1].
 *
 * Node's `toString(encoding, start, end)` checks its arguments and looks the encoding up each time;
 * the slices it ends in are methods of every Buffer, and calling them saves a tenth of the time of a
 * small message (bench/framing).
 */
import { isUtf8 } from 'node:buffer';

interface SlicingBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Decodes bytes that are known to be ASCII. */
export function decodeAscii(bytes: Buffer, start: number, end: number): string {
  return (bytes as SlicingBuffer).latin1Slice(start, end);
}

/** Decodes bytes that must be well-formed UTF-8; `undefined` when they are not. */
export function decodeText(bytes: Buffer, start: number, end: number): string | undefined {
  if (!isUtf8(bytes.subarray(start, end))) return undefined;
  return (bytes as SlicingBuffer).utf8Slice(start, end);
}

/** Decodes bytes that are known to be well-formed UTF-8. */
export function decodeWellFormed(bytes: Buffer): string {
  return (bytes as SlicingBuffer).utf8Slice(0, bytes.length);
}

/** Decodes a text that arrives in pieces, cut anywhere; its bytes have been checked before. */
export class TextPieces {
  /** The beginning of a code point that the last piece cut off: 0 – 3 bytes. */
  #carried: Buffer = Buffer.alloc(0);

  /** Forgets a carried code point. */
  reset(): void {
    this.#carried = Buffer.alloc(0);
  }

  /** Returns the text of all code points complete by now; may be empty. */
  decode(bytes: Buffer, start: number, end: number): string {
    const piece = bytes.subarray(start, end);
    const all = this.#carried.length === 0 ? piece : Buffer.concat([this.#carried, piece]);
    const boundary = completeLength(all);
    this.#carried = boundary === all.length ? Buffer.alloc(0) : Buffer.from(all.subarray(boundary));
    return decodeWellFormed(all.subarray(0, boundary));
  }
}

/** How many leading bytes of well-formed UTF-8 form whole code points. */
function completeLength(bytes: Buffer): number {
  const oldest = Math.max(0, bytes.length - 3);
  for (let index = bytes.length - 1; index >= oldest; index -= 1) {
    const byte = bytes[index]!;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return index + length <= bytes.length ? bytes.length : index;
    }
  }
  return bytes.length;
}

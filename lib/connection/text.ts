/**
 * Bytes to strings, by what is known about the bytes [RFC 6455 §8.1].
 */
import { UsageError, Utf8Validator } from '../base/index.ts';
import { decodeUtf8 } from '../codec/index.ts';

const NOT_UTF8 = 'what is sent as text must be UTF-8, whole code points at its end';

/**
 * Refuses to send as text what is none: the peer would have to fail the connection
 * [RFC 6455 §5.6, §8.1].
 *
 * @param type what the bytes are to be sent as: `text`, `binary`, or `undefined`.
 * @throws UsageError `invalid-argument`, also for any other type.
 */
export function requireText(payload: string | Uint8Array, type: string | undefined): void {
  if (type === undefined) return;
  requireType(type);
  if (type === 'text' && typeof payload !== 'string') new OutgoingText().take(payload, true);
}

/**
 * Refuses a kind of message that there is none of: `OPCODE` knows more names than these two.
 *
 * @throws UsageError `invalid-argument`.
 */
export function requireType(type: unknown): void {
  if (type === undefined || type === 'text' || type === 'binary') return;
  throw new UsageError('invalid-argument', `a message is text or binary, not ${String(type)}`);
}

/** Watches a text that leaves in pieces. */
export class OutgoingText {
  readonly #utf8 = new Utf8Validator();
  #isSpoilt = false;

  /**
   * Takes note of the next piece.
   *
   * @throws UsageError `invalid-argument` for bytes that no text holds here, for a string inside a
   *   code point, and for an end there. Of a text with bad bytes nothing can be made any more.
   */
  take(piece: string | Uint8Array, fin: boolean): void {
    if (typeof piece !== 'string' && !this.#isSpoilt) {
      this.#isSpoilt = this.#utf8.push(piece) !== -1;
    }
    const mustBeComplete = fin || (typeof piece === 'string' && piece !== '');
    if (this.#isSpoilt || (mustBeComplete && !this.#utf8.isComplete)) {
      throw new UsageError('invalid-argument', NOT_UTF8);
    }
  }
}

/** Decodes bytes that are known to be well-formed UTF-8. */
export function decodeWellFormed(bytes: Buffer): string {
  return decodeUtf8(bytes, 0, bytes.length)!;
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
    if (byte >= 0xc0) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return index + length <= bytes.length ? bytes.length : index;
    }
  }
  return bytes.length;
}

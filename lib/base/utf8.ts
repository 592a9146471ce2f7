/**
 * UTF-8 checked as it arrives [RFC 3629 §4], so that a bad byte is known when it comes and not at
 * the end of the message [RFC 6455 §8.1].
 *
 * ```
 * UTF8-1 = 00-7F
 * UTF8-2 = C2-DF tail
 * UTF8-3 = E0 A0-BF tail / E1-EC 2tail / ED 80-9F tail / EE-EF 2tail
 * UTF8-4 = F0 90-BF 2tail / F1-F3 3tail / F4 80-8F 2tail        tail = 80-BF
 * ```
 * The whole state between two bytes is: how many tail bytes are still due, and in which range the
 * next one must lie. Overlong forms, surrogates and code points above U+10FFFF are refused by those
 * ranges alone.
 */
import { isUtf8 } from 'node:buffer';
import { hasFastPath } from './fast-paths.ts';

/** From this length on, Node's vectorised check beats the byte loop (bench/utf8). */
const BULK_BYTES = hasFastPath('utf8') ? 48 : Number.POSITIVE_INFINITY;

/** Checks a text that arrives in pieces. One object a message; {@link reset} makes it new. */
export class Utf8Validator {
  /** Tail bytes still due before the current code point is complete: 0 – 3. */
  #due = 0;
  /** Smallest and largest value allowed for the next tail byte. */
  #low = 0x80;
  #high = 0xbf;

  /** True when no code point is half read: the only places where a text may end. */
  get isComplete(): boolean {
    return this.#due === 0;
  }

  /** Forgets everything, ready for the next text. */
  reset(): void {
    this.#due = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
  }

  /**
   * Checks `bytes[start … end)` as the continuation of what came before. Reads only.
   *
   * @returns -1 when everything so far can be the beginning of well-formed UTF-8, else the index in
   *   `bytes` of the first byte that cannot. After a failure the state is meaningless until
   *   `reset`.
   */
  push(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (end - start < BULK_BYTES) return this.#pushEach(bytes, start, end);
    // A code point that the last piece has cut must be finished first, or one cut would keep the
    // whole piece on the slow path.
    const resumed = start + this.#due;
    const bad = this.#pushEach(bytes, start, resumed);
    if (bad !== -1) return bad;
    const boundary = lastBoundary(bytes, resumed, end);
    const isGood = isUtf8(bytes.subarray(resumed, boundary));
    return this.#pushEach(bytes, isGood ? boundary : resumed, end);
  }

  /** The byte loop: also names the byte that the bulk check refused. */
  #pushEach(bytes: Uint8Array, start: number, end: number): number {
    let due = this.#due;
    let low = this.#low;
    let high = this.#high;
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index]!;
      if (due > 0) {
        if (byte < low || byte > high) return index;
        due -= 1;
        low = 0x80;
        high = 0xbf;
      } else if (byte > 0x7f) {
        if (byte < 0xc2 || byte > 0xf4) return index;
        due = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        // The four lead bytes that narrow their first tail byte: no overlong forms (E0, F0), no
        // surrogates (ED), nothing above U+10FFFF (F4).
        if (byte === 0xe0) low = 0xa0;
        else if (byte === 0xed) high = 0x9f;
        else if (byte === 0xf0) low = 0x90;
        else if (byte === 0xf4) high = 0x8f;
      }
    }
    this.#due = due;
    this.#low = low;
    this.#high = high;
    return -1;
  }
}

/** Where the last code point that may be cut off begins; `end` when the last byte is ASCII. */
function lastBoundary(bytes: Uint8Array, start: number, end: number): number {
  const oldest = Math.max(start, end - 3);
  for (let index = end - 1; index >= oldest; index -= 1) {
    const byte = bytes[index]!;
    if (byte < 0x80) return index + 1;
    if (byte >= 0xc0) return index;
  }
  // Three tail bytes at the end: either the code point before them is complete, or the bytes are
  // bad.
  return end;
}

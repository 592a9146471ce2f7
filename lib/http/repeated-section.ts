/**
 * A fast path for clients that send the same fields again with every request of a connection, as
 * most do that poll, stream events or call an API.
 *
 * ```
 *   GET /a HTTP/1.1 CRLF | Host: x CRLF … CRLF CRLF      read, judged, and its octets kept
 *   GET /b HTTP/1.1 CRLF | Host: x CRLF … CRLF CRLF      equal, octet by octet: judged already
 * ```
 * Equal octets mean equal fields, and what fields mean depends on nothing of the request line but
 * what {@link StartLine.isPlain} rules out. Each connection has a memory of its own: one that many
 * shared would tell one client, by the time it takes, what another one sent.
 *
 * In bench/paths the row "heads again" tells what it saves; in bench/http the row "P5" is read this
 * way and "P5 varied" is not. A property of the request reader holds the two equal.
 */
import type { RequestHead } from './request-head.ts';

/** Octets of the longest section that is kept, until the connection is idle or over. */
const MAX_BYTES = 2048;
/** How many sections are kept one after the other that none equalled: then it is not worth it. */
const MAX_VAIN = 4;

const EMPTY: Buffer = Buffer.alloc(0);

/** Remembers the section of one head of a connection. */
export class RepeatedSection {
  #bytes = EMPTY;
  #head: RequestHead | undefined;
  #vain = 0;

  /** The head that the section belongs to; `undefined` when none is remembered. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  /**
   * Returns the length of the section at `at` when it equals the remembered one, else 0. O(length);
   * most that differ are told apart by two octets.
   */
  match(bytes: Buffer, at: number, end: number): number {
    const known = this.#bytes;
    const length = known.length;
    if (length === 0 || end - at < length) return 0;
    const lineEnd = length - 4;
    const middle = length >> 1;
    if (bytes[at + lineEnd]! !== known[lineEnd]!) return 0;
    if (bytes[at + middle]! !== known[middle]!) return 0;
    if (known.compare(bytes, at, at + length) !== 0) return 0;
    this.#vain = 0;
    return length;
  }

  /** Forgets it, for a connection that is idle: that nothing equalled it says nothing. */
  forget(): void {
    this.#bytes = EMPTY;
    this.#head = undefined;
    this.#vain = 0;
  }

  /**
   * Remembers a section in place of the one before.
   *
   * @param text the whole head as latin1.
   * @param start where the section begins in it.
   */
  remember(text: string, start: number, head: RequestHead): void {
    const length = text.length - start;
    this.#vain += 1;
    if (this.#vain > MAX_VAIN || length > MAX_BYTES) {
      this.#bytes = EMPTY;
      this.#head = undefined;
      return;
    }
    // Unpooled, so that a long connection does not keep a slab of other buffers alive.
    const bytes = Buffer.allocUnsafeSlow(length);
    bytes.write(text.substring(start), 'latin1');
    this.#bytes = bytes;
    // A copy that nobody else has, and a framing that nobody can change: the head is its receiver's
    // to keep, and what it does with it must not decide where later requests end.
    this.#head = { ...head, framing: Object.freeze(head.framing) };
  }
}

/**
 * The bytes of an unfinished message, in one buffer that grows by doubling.
 *
 * An announced length is believed for 64 KiB at a time: a header that promises sixteen megabytes and
 * brings none costs almost nothing.
 */

/** Memory reserved for announced bytes before they come is at most this. */
const MAX_TRUSTED_BYTES = 64 * 1024;
const FIRST_BYTES = 64;
const EMPTY: Buffer = Buffer.alloc(0);

/** Keeps bytes until they are a message. */
export class MessageStore {
  #bytes: Buffer = EMPTY;
  #length = 0;

  /** Bytes kept. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory held, used or not. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /**
   * Appends a copy of `bytes[start … end)`.
   *
   * @param finalLength how many bytes there will be in the end; `undefined` while nobody knows.
   */
  push(bytes: Buffer, start: number, end: number, finalLength: number | undefined): void {
    const needed = this.#length + (end - start);
    if (needed > this.#bytes.length) this.#grow(needed, finalLength);
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }

  #grow(needed: number, finalLength: number | undefined): void {
    const doubled = Math.max(needed, this.#length * 2, FIRST_BYTES);
    const trusted = Math.min(finalLength ?? 0, needed + MAX_TRUSTED_BYTES);
    const room = Math.min(Math.max(doubled, trusted), finalLength ?? doubled);
    const grown = Buffer.allocUnsafeSlow(Math.max(room, needed));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** Removes and returns everything; it is yours. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.clear();
    return taken;
  }

  /** Forgets everything and lets go of the memory. */
  clear(): void {
    this.#bytes = EMPTY;
    this.#length = 0;
  }
}

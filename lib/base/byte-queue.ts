/**
 * Bytes that wait: one contiguous buffer that grows by doubling.
 *
 * A list of chunks would cost far more than the bytes in it when a peer sends one byte at a time
 * (an object, an entry and a 64 KiB backing store each); here a byte costs at most two.
 */

/** How much room the first byte makes. */
const FIRST_BYTES = 256;

/** A first-in, first-out queue of bytes. It copies what it is given, and hands out what is yours. */
export class ByteQueue {
  #store: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Bytes of memory held, used or not. */
  get capacity(): number {
    return this.#store.length;
  }

  /** Appends a copy of `bytes[start … end)`. Amortised O(length). */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const added = end - start;
    if (added <= 0) return;
    if (this.#end + added > this.#store.length) this.#makeRoom(added);
    this.#store.set(
      start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
      this.#end,
    );
    this.#end += added;
  }

  /** Removes and returns all bytes as one buffer, which is yours; the queue lets go of its memory. */
  takeAll(): Buffer {
    const taken = this.#store.subarray(this.#start, this.#end);
    this.clear();
    return taken;
  }

  /** Removes and returns the first `count` bytes (fewer when there are fewer), as a copy. */
  take(count: number): Buffer {
    const end = Math.min(this.#end, this.#start + Math.max(0, count));
    const taken = Buffer.from(this.#store.subarray(this.#start, end));
    this.#start = end;
    if (this.#start === this.#end) this.clear();
    return taken;
  }

  /** Forgets all bytes and lets go of the memory. */
  clear(): void {
    this.#store = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(added: number): void {
    const waiting = this.length;
    const needed = waiting + added;
    if (needed * 2 <= this.#store.length) {
      this.#store.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, needed, waiting * 2));
      grown.set(this.#store.subarray(this.#start, this.#end));
      this.#store = grown;
    }
    this.#start = 0;
    this.#end = waiting;
  }
}

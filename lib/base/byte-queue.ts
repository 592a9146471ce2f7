/**
 * Bytes that wait: one contiguous buffer that grows by doubling and shrinks by halves.
 *
 * ```
 *   0          #start            #end          capacity
 *   +------------+-----------------+---------------+
 *   | taken away |  bytes waiting  |     room      |     capacity ≤ 4 × waiting, or FIRST_BYTES
 *   +------------+-----------------+---------------+
 * ```
 * A list of chunks would cost far more than the bytes in it when a peer sends one byte at a time
 * (an object, an entry and perhaps a 64 KiB backing store each); here a byte costs at most two
 * while the queue fills, and four while it empties.
 */
import { constants } from 'node:buffer';
import { UsageError } from './errors.ts';
import { hasFastPath } from './fast-paths.ts';

/** How much room the first byte makes, and what an almost empty queue may keep. */
const FIRST_BYTES = 256;

/** Up to here a loop is faster than to make a view and copy that. */
const FEW_BYTES = hasFastPath('byte-queue') ? 24 : 0;

/** The most that one buffer can hold. */
const MOST_BYTES = constants.MAX_LENGTH;

const EMPTY = Buffer.alloc(0);

/**
 * A first-in, first-out queue of bytes. It copies what it is given, and hands out what is yours.
 */
export class ByteQueue {
  #store: Buffer = EMPTY;
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

  /**
   * Appends a copy of `bytes[start … end)`; a range beyond the end of `bytes` is cut off there.
   * Amortised O(length of the range).
   */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const last = Math.min(end, bytes.length);
    const added = last - start;
    if (added <= 0) return;
    if (this.#end + added > this.#store.length) this.#makeRoom(this.length + added);
    if (added <= FEW_BYTES) {
      const store = this.#store;
      for (let from = start, to = this.#end; from < last; from += 1, to += 1) {
        store[to] = bytes[from]!;
      }
    } else {
      const isWhole = start === 0 && last === bytes.length;
      this.#store.set(isWhole ? bytes : bytes.subarray(start, last), this.#end);
    }
    this.#end += added;
  }

  /**
   * Returns all bytes waiting without removing them: valid until the next call that changes them.
   */
  peek(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  /**
   * Removes and returns all bytes as one buffer, which is yours; the queue lets go of its memory.
   */
  takeAll(): Buffer {
    const taken = this.#store.subarray(this.#start, this.#end);
    this.clear();
    return taken;
  }

  /**
   * Removes and returns the first bytes, as a copy, which is yours. Amortised O(count).
   *
   * @param count how many bytes: a whole number; fewer are returned when fewer are waiting.
   * @throws UsageError `invalid-argument` for any other `count`.
   */
  take(count: number): Buffer {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new UsageError('invalid-argument', `count must be a whole number, not ${count}`);
    }
    const end = Math.min(this.#end, this.#start + count);
    const taken = Buffer.from(this.#store.subarray(this.#start, end));
    this.#start = end;
    if (this.#start === this.#end) {
      this.clear();
    } else if (this.capacity > FIRST_BYTES && this.capacity > this.length * 4) {
      // Taking small bites stays cheap: what is left is copied once per three times its length.
      this.#moveTo(storeFor(this.length * 2));
    }
    return taken;
  }

  /**
   * Forgets all bytes and lets go of the memory, unless it is small enough to keep.
   *
   * @param keptBytes how much memory may be kept for what comes next: for a queue that is filled
   *   and cleared again and again, as memory of one's own costs more than to copy a head into it.
   */
  clear(keptBytes = 0): void {
    if (this.#store.length > keptBytes) this.#store = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(needed: number): void {
    // Moving within the store is worth it only when half of it comes free: else every push moves.
    const isRoomy = needed * 2 <= this.capacity;
    this.#moveTo(
      isRoomy ? this.#store : storeFor(Math.max(needed, Math.min(this.length * 2, MOST_BYTES))),
    );
  }

  #moveTo(store: Buffer): void {
    const waiting = this.length;
    store.set(this.#store.subarray(this.#start, this.#end));
    this.#store = store;
    this.#start = 0;
    this.#end = waiting;
  }
}

/** Unpooled, so that a long-lived queue does not keep a slab of small buffers alive. */
function storeFor(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, bytes));
}

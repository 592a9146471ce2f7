/**
 * The last bytes of what has been said: what a deflate stream may point back to [RFC 1951 §2].
 *
 * ```
 * store   | … newest | oldest … |     a ring once it has reached its capacity of 2^bits bytes
 *                    ^ at
 * ```
 * With context takeover the window outlives the message [RFC 7692 §7.2.2]. zlib would keep it
 * inside 40 KiB of state per connection; here it is kept outside, grows only as far as there was
 * traffic, and can be packed while the connection is idle.
 */
import type { DeflatePool } from './pool.ts';
import {
  type EngineOptions,
  NO_FLUSH,
  SYNC_FLUSH,
  scratchBlock,
  type ZlibEngine,
} from './zlib-engine.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** What the first byte makes room for; from then on, four times as much at a time. */
const FIRST_BYTES = 512;
const GROWTH = 4;

/** Below this size packing saves less than it costs. */
const PACK_BYTES = 2048;

const PACKER: EngineOptions = { mode: 'deflate', windowBits: 15, level: 1, memoryLevel: 8 };
const UNPACKER: EngineOptions = { mode: 'inflate', windowBits: 15, level: 6, memoryLevel: 8 };

/** A sliding window over the bytes pushed into it. */
export class SlidingWindow {
  readonly #capacity: number;
  readonly #pool: DeflatePool | undefined;
  #store: Buffer = EMPTY;
  /** Where the next byte goes, and, once the ring is closed, where the oldest one is. */
  #at = 0;
  #length = 0;
  /** The bytes in deflated form, while the connection is idle. */
  #packed: Buffer | undefined;

  /**
   * Opens an empty window.
   *
   * @param bits 8 – 15: it has 2^bits bytes.
   * @param pool lends what `pack` needs; without it nothing is packed.
   */
  constructor(bits: number, pool?: DeflatePool) {
    this.#capacity = 2 ** bits;
    this.#pool = pool;
  }

  /** Bytes that can be pointed back to. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory held. */
  get memoryBytes(): number {
    return this.#packed?.length ?? this.#store.length;
  }

  /** Slides on over `bytes[0 … end)`, of which a copy is kept. */
  push(bytes: Uint8Array, end: number): void {
    if (end === 0) return;
    this.#unpack();
    const start = Math.max(0, end - this.#capacity);
    this.#makeRoom(end - start);
    const fits = Math.min(end - start, this.#store.length - this.#at);
    copy(bytes, start, start + fits, this.#store, this.#at);
    copy(bytes, start + fits, end, this.#store, 0);
    this.#at = (this.#at + (end - start)) % this.#store.length;
    this.#length = Math.min(this.#store.length, this.#length + (end - start));
  }

  /** The bytes in order, oldest first, in two parts; valid until the next call. */
  parts(): readonly [older: Buffer, newer: Buffer] {
    this.#unpack();
    if (this.#length < this.#store.length) return [this.#store.subarray(0, this.#length), EMPTY];
    return [this.#store.subarray(this.#at), this.#store.subarray(0, this.#at)];
  }

  /** Lets an inflate engine that is new read it, as a stored block [RFC 1951 §3.2.4]. */
  restoreInto(engine: ZlibEngine): void {
    const length = this.#length;
    if (length === 0) return;
    const scratch = scratchBlock();
    const header = Buffer.of(0, length, length >> 8, ~length, ~length >> 8);
    engine.run(SYNC_FLUSH, header, 0, header.length, scratch);
    for (const part of this.parts()) {
      if (part.length > 0) engine.run(SYNC_FLUSH, part, 0, part.length, scratch);
    }
  }

  /** Forgets everything and lets go of the memory. */
  clear(): void {
    this.#store = EMPTY;
    this.#packed = undefined;
    this.#at = 0;
    this.#length = 0;
  }

  /** Deflates the window itself until it is needed again: text takes a third to a tenth. */
  pack(): void {
    if (this.#pool === undefined || this.#store.length < PACK_BYTES) return;
    const lent = this.#pool.take(PACKER);
    const scratch = scratchBlock();
    let packedBytes = 0;
    for (const [at, part] of this.parts().entries()) {
      // At worst deflate adds some bytes to 32 KiB: there is room.
      const flush = at === 0 ? NO_FLUSH : SYNC_FLUSH;
      lent.engine.run(flush, part, 0, part.length, scratch.subarray(packedBytes));
      packedBytes += lent.engine.produced;
    }
    const isGood = lent.engine.fault === undefined && packedBytes <= this.#length / 2;
    this.#pool.give(lent);
    if (!isGood) return;
    // The pool of small buffers would keep a neighbour alive, or be kept by it.
    this.#packed = Buffer.allocUnsafeSlow(packedBytes);
    this.#packed.set(scratch.subarray(0, packedBytes));
    this.#store = EMPTY;
  }

  #unpack(): void {
    const packed = this.#packed;
    if (packed === undefined) return;
    this.#packed = undefined;
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    const lent = this.#pool!.take(UNPACKER);
    lent.engine.run(SYNC_FLUSH, packed, 0, packed.length, bytes);
    this.#pool!.give(lent);
    this.#store = bytes;
    this.#at = this.#length % this.#capacity;
  }

  #makeRoom(added: number): void {
    const needed = Math.min(this.#capacity, this.#length + added);
    if (needed <= this.#store.length) return;
    const wanted = Math.max(FIRST_BYTES, this.#store.length * GROWTH, needed);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#capacity, wanted));
    const [older, newer] = this.parts();
    grown.set(older);
    grown.set(newer, older.length);
    this.#store = grown;
    this.#at = this.#length;
  }
}

function copy(from: Uint8Array, start: number, end: number, to: Buffer, at: number): void {
  if (start < end)
    to.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
}

/**
 * What one connection has to write, gathered so that it leaves in as few writes as possible.
 *
 * ```
 *   pieces (given by the caller, never copied)      slab (shared by all connections, copied into)
 *   ┌──────────────┬───────────────┐                ┌────────┬──────┬───────┬──────────────┐
 *   │ 200 KiB body │ broadcast     │  then          │ head   │ body │ frame │ free         │
 *   └──────────────┴───────────────┘                └────────┴──────┴───────┴──────────────┘
 * ```
 * A write is a system call and an object that waits for it; the bytes are cheap beside that. So
 * small output is encoded straight into one slab, head, body and frames behind each other, and
 * leaves in a single write. Only one connection at a time owns the slab: when another one wants it,
 * the owner's part is copied out and becomes a piece. No sockets here.
 */

import { Fifo, hasFastPath, ProtocolError, Spares, settleShape } from '../base/index.ts';

const IS_LENT = hasFastPath('lent-output');
const SLAB_BYTES = 64 * 1024;
/** Larger bytes are kept as they are given: copying them would cost more than another write. */
const COPY_BYTES = 4 * 1024;
/** What a piece costs beside its bytes: the object, and its place in the queue. Measured: 110. */
const PIECE_BYTES = 128;

/** Stands for an empty list, and is never written to. */
const NONE: Uint8Array[] = [];

interface Slab {
  bytes: Buffer;
  used: number;
  owner: OutputQueue | undefined;
}

const slab: Slab = { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0, owner: undefined };

/** One connection's output that has not been handed to its socket. */
export class OutputQueue {
  /** None most of the time. */
  #first: Uint8Array | undefined;
  /** The payload behind its header. */
  #second: Uint8Array | undefined;
  /** Those behind the second: most connections never have three. */
  #later: Fifo<Uint8Array> | undefined;
  #pieceBytes = 0;
  /** Bytes of the first piece that have been taken. */
  #taken = 0;

  /** Nothing waits; so anybody may have it next. */
  get isEmpty(): boolean {
    return this.#first === undefined && this.#pieceBytes === 0 && slab.owner !== this;
  }

  /** Bytes waiting. */
  get length(): number {
    return slab.owner === this ? this.#pieceBytes + slab.used : this.#pieceBytes;
  }

  /** Memory in bytes that waiting costs beside {@link length}: what has one byte is no byte. */
  get overheadBytes(): number {
    if (this.#first === undefined) return 0;
    const behind = this.#second === undefined ? 0 : 1 + (this.#later?.length ?? 0);
    return (1 + behind) * PIECE_BYTES;
  }

  /** Appends bytes, which must not change from now on: small ones are copied, large ones kept. */
  push(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    if (slab.owner === this && length <= COPY_BYTES) {
      const start = this.#reserve(length);
      slab.bytes.set(bytes, start);
      slab.used += length;
      return;
    }
    this.#spill();
    this.#append(bytes);
  }

  /** Appends text. O(length). */
  pushText(text: string, encoding: 'latin1' | 'utf8'): void {
    if (text.length === 0) return;
    // At most three UTF-8 bytes stand for one UTF-16 unit.
    const bound = encoding === 'latin1' ? text.length : text.length * 3;
    if (bound > SLAB_BYTES / 2) {
      this.push(Buffer.from(text, encoding));
      return;
    }
    const start = this.#reserve(bound);
    slab.used += slab.bytes.write(text, start, encoding);
  }

  /**
   * Takes what the next write gets, oldest bytes first: small pieces joined, long ones as they are.
   *
   * @param maxBytes the most the blocks may have together.
   * @returns blocks that are yours; an empty list, which is not, when nothing waits.
   * @throws ProtocolError `payload-gone` when the memory of the first piece was transferred
   *   meanwhile; what stands before such a piece is taken first.
   */
  take(maxBytes: number): Uint8Array[] {
    this.#spill();
    const first = maxBytes > 0 ? this.#takeBlock(maxBytes) : undefined;
    if (first === undefined) return NONE;
    // Not by `push` alone, which makes room for sixteen more: nearly always there are one or two.
    let block = this.#takeLater(maxBytes - first.length);
    if (block === undefined) return [first];
    const blocks = [first, block];
    let room = maxBytes - first.length - block.length;
    for (block = this.#takeLater(room); block !== undefined; block = this.#takeLater(room)) {
      blocks.push(block);
      room -= block.length;
    }
    return blocks;
  }

  /**
   * When everything that waits lies in the slab: writes it from there, without a copy.
   *
   * @param write whether the bytes are needed no longer when it returns. If they are, the slab is
   *   given away and a fresh one begins.
   * @param to what `write` gets beside them, so that it need not be a closure.
   * @returns false when something else waits, or nothing; then nothing was written.
   */
  writeSlab<To>(write: (block: Uint8Array, to: To) => boolean, to: To): boolean {
    if (slab.owner !== this || slab.used === 0 || this.#pieceBytes > 0) return false;
    const { bytes, used } = slab;
    releaseSlab();
    if (!write(bytes.subarray(0, used), to)) slab.bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    if (slab.owner === this) releaseSlab();
    this.#first = undefined;
    this.#second = undefined;
    this.#later = undefined;
    this.#pieceBytes = 0;
    this.#taken = 0;
  }

  /** Makes this queue the owner of the slab, with room for `byteLength`; returns where it goes. */
  #reserve(byteLength: number): number {
    if (slab.owner !== this) {
      if (slab.owner !== undefined) slab.owner.#spill();
      slab.owner = this;
    } else if (slab.used + byteLength > SLAB_BYTES) {
      this.#spill();
      slab.owner = this;
    }
    return slab.used;
  }

  /** Moves this queue's part of the slab to the pieces, which come before it. */
  #spill(): void {
    if (slab.owner !== this) return;
    const { bytes, used } = slab;
    releaseSlab();
    if (used > 0) this.#append(Buffer.from(bytes.subarray(0, used)));
  }

  #append(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    if (this.#first === undefined) this.#first = piece;
    else if (this.#second === undefined) this.#second = piece;
    else {
      this.#later ??= new Fifo();
      this.#later.push(piece);
    }
  }

  /** The first piece is done. */
  #shift(): void {
    this.#first = this.#second;
    this.#second = this.#later?.shift();
    if (this.#second === undefined) this.#later = undefined;
  }

  /** @returns `undefined` when nothing more waits, fits, or can be taken. */
  #takeLater(room: number): Uint8Array | undefined {
    return room > 0 ? this.#takeBlock(room, true) : undefined;
  }

  /**
   * @param isLater what cannot be taken is left for the next time, and is no error yet.
   * @returns `undefined` when nothing waits.
   */
  #takeBlock(maxBytes: number, isLater = false): Uint8Array | undefined {
    const piece = this.#first;
    if (piece === undefined) return undefined;
    // None is empty when it comes.
    if (piece.length === 0) {
      if (isLater) return undefined;
      throw new ProtocolError('payload-gone', 'it waited to be written');
    }
    const first = this.#taken === 0 ? piece : piece.subarray(this.#taken);
    if (first.length > maxBytes) {
      this.#taken += maxBytes;
      this.#pieceBytes -= maxBytes;
      return first.subarray(0, maxBytes);
    }
    this.#shift();
    this.#taken = 0;
    this.#pieceBytes -= first.length;
    const joined = this.#takeFitting(Math.min(maxBytes, COPY_BYTES) - first.length);
    return joined.length === 0 ? first : Buffer.concat([first, ...joined]);
  }

  /** Takes the pieces that come next and have no more than `room` bytes together. */
  #takeFitting(room: number): readonly Uint8Array[] {
    let fitting = NONE;
    for (let next = this.#first; next !== undefined; next = this.#first) {
      if (next.length === 0 || next.length > room) break;
      if (fitting === NONE) fitting = [];
      fitting.push(next);
      room -= next.length;
      this.#pieceBytes -= next.length;
      this.#shift();
    }
    return fitting;
  }
}

function releaseSlab(): void {
  slab.owner = undefined;
  slab.used = 0;
}

settleShape(() => new OutputQueue());

/** As many as connections that write in one turn keep busy: a fan-out's, with 64 bytes for each. */
const spares = new Spares(() => new OutputQueue(), 1024);

/** Lends a queue, which is empty. */
export function borrowQueue(): OutputQueue {
  return spares.take();
}

/** Takes a queue back. @returns false when that cannot be: something waits in it. */
export function takeBackQueue(queue: OutputQueue): boolean {
  if (!IS_LENT || !queue.isEmpty) return false;
  spares.keep(queue);
  return true;
}

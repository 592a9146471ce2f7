/**
 * The outbox: all frames of one turn leave in one write.
 *
 * ```
 * slab   ░░░░░░░░[hd|payload][hd|payload][hd|payload]··············   one for all connections
 *                └──────── region of this outbox ────┘└ cursor
 * ```
 * A write costs a system call, ten times as much as a small frame (bench, P1 and P2); so these are
 * encoded one behind the other into a shared slab, and the used region is written once. When the
 * transport says that it needs the bytes no longer, the cursor goes back and the slab is used
 * again: nothing is allocated. When it still holds them, the next regions are copied out instead,
 * so that a slow reader never pins a slab. Payloads above {@link COPY_BYTES} are not copied at all;
 * where they must be, as text or masked, the memory of the last long frame is used again.
 *
 * It does not know what the frames mean, or whether they may be sent.
 *
 * Longer than the house allows: what leaves in which order is decided by one set of fields.
 */
import { hasFastPath, settleShape } from '../base/index.ts';
import {
  encodeFrameInto,
  encodeSoleFrame,
  maxEncodedFrameLength,
  ShortViews,
  writeFrameHeader,
} from '../codec/index.ts';
import { joinOnce } from './shared-frames.ts';

const IS_FAST = hasFastPath('outbox');
/** Holds two of the longest texts that share it, three bytes set aside for each character. */
const SLAB_BYTES = 128 * 1024;
/** Bytes above this are written by reference: copying them costs more than a second buffer. */
export const COPY_BYTES = 4 * 1024;
/** What must be encoded shares the slab up to this length in bytes or UTF-16 units. */
const SHARE_BYTES = IS_FAST ? 16 * 1024 : -1;
const MAX_HEADER_BYTES = 14;
/** Memory of long frames up to this length is kept for the next one: one of them a process. */
const MAX_SPARE_BYTES = IS_FAST ? 1024 * 1024 + MAX_HEADER_BYTES : 0;
/** Shared buffers are joined into one write up to this length. */
const JOIN_BYTES = 32 * 1024;

/** Where an outbox is emptied to. */
export interface BytesTaker {
  /**
   * Takes the bytes away. `hasMore`: another buffer of the same turn follows at once.
   *
   * @returns true when the bytes are needed no longer and their memory may be used again.
   */
  take(bytes: Buffer, hasMore: boolean): boolean;
}

const NO_SLAB: Buffer = Buffer.alloc(0);
/** Stands for an empty list, and is never written to: idle connections share it. */
const NONE: Buffer[] = [];

/** One slab serves all connections: regions are opened and written in the same turn. */
const shared = { slab: NO_SLAB, cursor: 0, views: new ShortViews() };

/** Where the last long frame lay, if nobody needs it any more. */
let spare: Buffer | undefined;

/** Collects the frames of a turn for one connection. */
export class Outbox {
  readonly #takeMaskingKey: (() => number) | undefined;
  /** Buffers that must leave before the open region. */
  #sealed: Buffer[] = NONE;
  /** How many of them have left: none but while it is flushed, or when a taker has thrown. */
  #leftCount = 0;
  #sealedBytes = 0;
  /** What many connections send, when it is all that stands before the open region: no list. */
  #alone: Buffer | undefined;
  /** How many of them many connections send. */
  #sharedCount = 0;
  /** The last of them whose memory is nobody else's. */
  #ownFrame: Buffer | undefined;
  #slab: Buffer = NO_SLAB;
  #start = 0;
  #end = 0;
  /** Whether the transport let go of the last write at once. */
  #isPromptlyFreed = true;
  /** Flushes that are under way, one within the other; more when one has thrown. */
  #flushes = 0;

  /** @param takeMaskingKey gives a fresh unpredictable uint32 a frame; `undefined` for a server. */
  constructor(takeMaskingKey: (() => number) | undefined) {
    this.#takeMaskingKey = takeMaskingKey;
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#sealedBytes + (this.#end - this.#start);
  }

  /** Whether anybody may have it next: it holds nothing, and nothing of its past matters. */
  get isAtRest(): boolean {
    const isFree = this.length === 0 && this.#flushes === 0;
    return isFree && this.#isPromptlyFreed && this.#takeMaskingKey === undefined;
  }

  /**
   * Encodes a frame. A `Uint8Array` payload above 4 KiB sent unmasked is kept by reference until
   * it is taken: it must not be changed before that.
   */
  append(opcode: number, fin: boolean, rsv: number, payload: string | Uint8Array): void {
    if (this.keepsReference(payload)) return this.#appendReference(opcode, fin, rsv, payload);
    const maskingKey = this.#takeMaskingKey === undefined ? undefined : this.#takeMaskingKey();
    if (payload.length > SHARE_BYTES) {
      const frame = encodeSoleFrame(opcode, fin, rsv, payload, maskingKey, spare);
      if (frame.buffer === spare?.buffer) spare = undefined;
      this.#ownFrame = frame;
      return this.appendEncoded(frame);
    }
    this.#open(maxEncodedFrameLength(payload, maskingKey !== undefined));
    const written = encodeFrameInto(this.#slab, this.#end, opcode, fin, rsv, payload, maskingKey);
    this.#end += written;
    shared.cursor = this.#end;
  }

  /** Whether {@link append} keeps a payload by reference; others it copies. */
  keepsReference(payload: string | Uint8Array): payload is Uint8Array {
    if (this.#takeMaskingKey !== undefined || typeof payload === 'string') return false;
    return IS_FAST && payload.length > COPY_BYTES;
  }

  /** Appends bytes that are frames already, by reference. */
  appendEncoded(bytes: Buffer): void {
    const region = this.#takeRegion();
    this.#addSealed(region ?? bytes, region && bytes);
  }

  /** Appends frames that many connections send, by reference. They must never change. */
  appendShared(frames: Buffer): void {
    if (IS_FAST && this.#sealed === NONE && this.length === 0) {
      this.#alone = frames;
      this.#sealedBytes = frames.length;
      return;
    }
    this.appendEncoded(frames);
    this.#sharedCount += 1;
  }

  /**
   * Gives everything to `taker`, oldest first. Whoever takes may append and flush: what waited goes
   * before what it adds, which waits for the next flush unless more was announced.
   */
  flush(taker: BytesTaker): void {
    this.#flushes += 1;
    const isOpen = this.#end > this.#start;
    const alone = this.#alone;
    if (alone !== undefined) {
      this.#forgetSealed();
      taker.take(alone, isOpen);
    } else if (this.#sealed.length > 0) this.#flushSealed(taker);
    // Something long was appended meanwhile, which has sealed the open region.
    if (isOpen && this.#sealed.length > 0) this.#flushSealed(taker);
    const isFirst = this.#sealed.length === 0 && this.#alone === undefined;
    if (isFirst && this.#end > this.#start) this.#flushRegion(taker);
    this.#flushes -= 1;
  }

  #flushRegion(taker: BytesTaker): void {
    const slab = this.#slab;
    const start = this.#start;
    const end = this.#end;
    // An idle outbox must not keep an old slab alive.
    this.#slab = NO_SLAB;
    this.#start = 0;
    this.#end = 0;
    const region = shared.views.view(slab, start, end);
    if (this.#isPromptlyFreed) {
      this.#isPromptlyFreed = taker.take(region, false);
      if (this.#isPromptlyFreed) moveBack(slab, start, end);
    } else {
      const copy = Buffer.from(region);
      moveBack(slab, start, end);
      this.#isPromptlyFreed = taker.take(copy, false);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.flush({ take: () => true });
  }

  /** Adds one or two. Not by `push` alone, which makes room for sixteen more: mostly it is one. */
  #addSealed(first: Buffer, second?: Buffer): void {
    this.#sealedBytes += first.length + (second?.length ?? 0);
    if (this.#alone !== undefined) {
      this.#sealed = [this.#alone, first];
      this.#alone = undefined;
      this.#sharedCount = 1;
    } else if (this.#sealed === NONE) {
      this.#sealed = second === undefined ? [first] : [first, second];
      return;
    } else this.#sealed.push(first);
    if (second !== undefined) this.#sealed.push(second);
  }

  #flushSealed(taker: BytesTaker): void {
    const sealed = this.#sealed;
    const until = sealed.length;
    const isAll = this.#end === this.#start;
    const isShared = this.#leftCount === 0 && this.#sharedCount === until;
    const bytes = this.#sealedBytes;
    if (IS_FAST && isAll && isShared && until > 1 && bytes <= JOIN_BYTES) {
      this.#forgetSealed();
      taker.take(joinOnce(sealed, bytes), false);
      return;
    }
    const last = isAll ? until - 1 : until;
    // A taker that flushes takes the rest itself.
    while (this.#sealed === sealed && this.#leftCount < until) {
      const index = this.#leftCount;
      const frame = sealed[index]!;
      this.#leftCount += 1;
      this.#sealedBytes -= frame.length;
      const isFree = taker.take(frame, index < last);
      const isSpare = isFree && frame === this.#ownFrame;
      if (isSpare && frame.buffer.byteLength <= MAX_SPARE_BYTES) spare = Buffer.from(frame.buffer);
    }
    if (this.#sealed === sealed && this.#leftCount === sealed.length) this.#forgetSealed();
  }

  #forgetSealed(): void {
    this.#alone = undefined;
    this.#sealed = NONE;
    this.#leftCount = 0;
    this.#sealedBytes = 0;
    this.#sharedCount = 0;
    this.#ownFrame = undefined;
    // The header of what is long lies in a slab, too.
    if (this.#end === this.#start) this.#slab = NO_SLAB;
  }

  /** Makes sure that the open region is the newest of the slab and has `room` bytes left. */
  #open(room: number): void {
    const isNewest = this.#slab === shared.slab && this.#end === shared.cursor;
    if (isNewest && this.#end + room <= this.#slab.length) return;
    this.#seal();
    if (shared.cursor + room > shared.slab.length) {
      shared.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, room));
      shared.cursor = 0;
    }
    this.#slab = shared.slab;
    this.#start = shared.cursor;
    this.#end = shared.cursor;
  }

  #seal(): void {
    const region = this.#takeRegion();
    if (region !== undefined) this.#addSealed(region);
  }

  /** What the open region holds, which begins anew behind it. */
  #takeRegion(): Buffer | undefined {
    const start = this.#start;
    if (this.#end === start) return undefined;
    this.#start = this.#end;
    return this.#slab.subarray(start, this.#end);
  }

  #appendReference(opcode: number, fin: boolean, rsv: number, payload: Uint8Array): void {
    this.#open(MAX_HEADER_BYTES);
    const { buffer, byteOffset: at, length } = payload;
    this.#end += writeFrameHeader(this.#slab, this.#end, opcode, fin, rsv, length, undefined);
    shared.cursor = this.#end;
    this.appendEncoded(Buffer.isBuffer(payload) ? payload : Buffer.from(buffer, at, length));
  }
}

/** Gives a region of the slab back, unless its taker has sent something that lies behind it. */
function moveBack(slab: Buffer, start: number, end: number): void {
  if (shared.slab === slab && shared.cursor === end) shared.cursor = start;
}

settleShape(() => new Outbox(undefined));

/**
 * Messages that wait for their turn to be sent, and what they weigh.
 *
 * A queue exists only while something in front is not finished. It counts twice: the bytes that are
 * to be sent, and the memory that waits, in which each entry counts {@link ENTRY_OVERHEAD_BYTES}
 * more than its bytes: a million empty messages are no bytes and a hundred megabytes.
 */
import { ENTRY_OVERHEAD_BYTES, Fifo, ProtocolError } from '../base/index.ts';
import { OPCODE } from '../codec/index.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** How one message is to be sent. */
export interface SendOptions {
  /** Send as this kind; by default strings are text and bytes are binary. */
  readonly type?: 'text' | 'binary' | undefined;
  /** Compress or not; by default what permessage-deflate's threshold says. */
  readonly compress?: boolean | undefined;
  /**
   * Bytes that cannot leave at once are copied, so that they may be changed when `send` returns; by
   * default they must stay as they are until they have left.
   */
  readonly copy?: boolean | undefined;
}

/** A message that nobody else changes. */
export function ownPayload(payload: string | Uint8Array): string | Uint8Array {
  return typeof payload === 'string' ? payload : Buffer.from(payload);
}

/** Frames that many connections send and that are still in the making. */
export interface FramesToCome {
  /** What they weigh: the bytes of the message until they are made. */
  readonly byteLength: number;
  /** There when they are made; bytes that never change. */
  readonly frames: Buffer | undefined;
  /** Calls back once, later, when they are made. */
  whenMade(told: () => void): void;
}

/** What waits: a message, frames that are encoded already, a message in pieces, the close frame. */
export type Job =
  | {
      readonly kind: 'message';
      readonly opcode: number;
      readonly payload: string | Uint8Array;
      readonly compress: boolean;
      readonly bytes: number;
    }
  | {
      readonly kind: 'encoded';
      readonly encoded: Buffer | FramesToCome;
      readonly onSent: (() => void) | undefined;
      readonly bytes: number;
    }
  | { readonly kind: 'stream'; readonly stream: OutgoingMessage; readonly bytes: 0 }
  | { readonly kind: 'close'; readonly write: () => void; readonly bytes: 0 };

/** The frames, once there are any. */
export function madeFrames(encoded: Buffer | FramesToCome): Buffer | undefined {
  return Buffer.isBuffer(encoded) ? encoded : encoded.frames;
}

/** The opcode of a message: as it was asked for, or as the payload is. */
export function opcodeOf(
  payload: string | Uint8Array,
  type: 'text' | 'binary' | undefined,
): number {
  if (type !== undefined) return OPCODE[type];
  return typeof payload === 'string' ? OPCODE.text : OPCODE.binary;
}

/**
 * Whether bytes that waited have been transferred elsewhere, by `postMessage` for instance. Frames
 * that are still to come change their length and are never gone.
 */
export function isGone(payload: string | object, bytes: number): boolean {
  return payload instanceof Uint8Array && payload.length !== bytes;
}

/** How that ends: an empty message in its place would be a lie, and leaving it out as well. */
export function payloadGone(): ProtocolError {
  return new ProtocolError('payload-gone', 'the memory of a message that waited was transferred');
}

/** Fewer jobs than these are not swept. */
const MIN_SWEEP = 32;

/**
 * Keeps jobs in order, and count of them. Who is taken out of the middle leaves its place, empty,
 * until most places are: that is O(1) for each. The first place is never empty.
 */
export class SendQueue {
  #jobs = new Fifo<Job>();
  /** The streams among them, if there ever was one: the place of one that is not here is empty. */
  #streams: Set<OutgoingMessage> | undefined;
  /** How many places are empty. */
  #empty = 0;
  #bytes = 0;
  #pieces = 0;

  /** How many jobs there are. */
  get length(): number {
    return this.#jobs.length - this.#empty;
  }

  /** The job whose turn it is. */
  get first(): Job | undefined {
    return this.#jobs.first;
  }

  /** Bytes of messages and pieces that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The same, with the overhead of each. */
  get heldBytes(): number {
    return this.#bytes + (this.length + this.#pieces) * ENTRY_OVERHEAD_BYTES;
  }

  /** Adds a job. */
  push(job: Job): void {
    this.#jobs.push(job);
    this.#bytes += job.bytes;
    if (job.kind !== 'stream') return;
    this.#streams ??= new Set();
    this.#streams.add(job.stream);
  }

  /** The first job is done. */
  shift(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    this.#bytes -= job.bytes;
    if (job.kind === 'stream') this.#streams!.delete(job.stream);
    this.#closeUp();
  }

  /** Pieces of a stream came, or, with negative numbers, were taken away. */
  countPieces(pieces: number, bytes: number): void {
    this.#pieces += pieces;
    this.#bytes += bytes;
  }

  /** Forgets a stream, but for its pieces; false when it is not there. */
  remove(stream: OutgoingMessage): boolean {
    if (this.#streams?.delete(stream) !== true) return false;
    this.#empty += 1;
    this.#closeUp();
    return true;
  }

  /** Whether a place is left of a stream that was taken out. */
  #isEmpty(job: Job): boolean {
    return job.kind === 'stream' && !this.#streams!.has(job.stream);
  }

  #closeUp(): void {
    const jobs = this.#jobs;
    while (this.#empty > 0 && this.#isEmpty(jobs.first!)) {
      jobs.shift();
      this.#empty -= 1;
    }
    if (jobs.length < MIN_SWEEP || this.#empty * 2 <= jobs.length) return;
    this.#jobs = new Fifo();
    this.#empty = 0;
    for (const job of jobs) if (!this.#isEmpty(job)) this.#jobs.push(job);
  }

  /**
   * Ends the streams that are unfinished, and forgets them, their pieces too, and everything behind
   * one that has started: behind half a message nothing but control frames may follow
   * [RFC 6455 §5.4].
   *
   * @returns how many messages that were.
   */
  dropUnfinished(): number {
    const jobs = this.#jobs;
    this.#jobs = new Fifo();
    this.#empty = 0;
    let isBlocked = false;
    let count = 0;
    for (const job of jobs) {
      if (this.#isEmpty(job)) continue;
      const isUnfinished = job.kind === 'stream' && (!job.stream.isEnded || job.stream.isAbandoned);
      if (isUnfinished) job.stream.isEnded = true;
      if (!isUnfinished && !isBlocked) this.#jobs.push(job);
      else count += this.#forget(job);
      isBlocked ||= isUnfinished && job.stream.hasStarted;
    }
    return count;
  }

  /** Returns how many messages it was. */
  #forget(job: Job): number {
    this.#bytes -= job.bytes;
    if (job.kind === 'stream') {
      this.#streams!.delete(job.stream);
      job.stream.isDropped = true;
      this.countPieces(-job.stream.waitingPieces, -job.stream.dropPieces());
    }
    return job.kind === 'close' ? 0 : 1;
  }

  /** Forgets everything; returns how many messages that were. */
  clear(): number {
    const jobs = this.#jobs;
    this.#jobs = new Fifo();
    this.#empty = 0;
    let count = 0;
    for (const job of jobs) if (!this.#isEmpty(job)) count += this.#forget(job);
    return count;
  }
}

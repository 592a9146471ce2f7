/**
 * What a compressed message looks like, and when it is too much [RFC 7692 §7.2].
 *
 * ```
 * sender    … blocks … | 00 00 00 ff ff     a flush ends in an empty stored block
 * on the wire … blocks … | 00               its last four bytes are cut off
 * reader    … blocks … | 00 00 00 ff ff | 01 00 00 ff ff | 00
 *                           put back       final block     never reached
 * ```
 * The final block that a reader adds makes zlib say whether the message really ended there: half a
 * block or garbage would go unnoticed otherwise. Nothing here knows zlib; both ways to drive it
 * (message-inflater.ts and message-deflater.ts, one-shot.ts) follow these rules.
 */
import type { ProtocolError } from '../base/index.ts';

/** Receives the result of a job, once; `bytes` are yours. Never called after `close`. */
export type DeflateJobDone = (error: ProtocolError | undefined, bytes: Buffer) => void;

/**
 * Is told when a slice of a job begins in the thread pool, and when it has ended: what lies between
 * two slices is waiting for others. Never called for what is done before a call returns, nor after
 * `close`.
 */
export type WorkingNotice = (isWorking: boolean) => void;

/** How the compressed messages of a peer are read. */
export interface InflateOptions {
  /** Window bits that were agreed upon for this direction: how far the peer looks back. */
  readonly windowBits: number;
  /** Whether the peer may look back into earlier messages. */
  readonly keepsContext: boolean;
  /** Output bytes per input byte from which on a message is refused. */
  readonly maxInflateRatio: number;
}

/** How messages are compressed. */
export interface DeflateOptions {
  /** Window bits that were agreed upon for this direction. */
  readonly windowBits: number;
  /** Whether a message may look back into earlier ones. */
  readonly keepsContext: boolean;
  /** 1 – 9. */
  readonly level: number;
  /** 1 – 9. */
  readonly memoryLevel: number;
}

/** Reads the compressed messages of one direction; one job at a time. */
export interface Inflater {
  readonly isBusy: boolean;
  /** Bytes of memory held. */
  readonly memoryBytes: number;
  /** Inflates the next piece of a message. `payload` is not touched after the call has returned. */
  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: DeflateJobDone,
    working?: WorkingNotice,
  ): void;
  /** A new turn begins: what may be done on the spot is counted afresh. */
  beginTurn(): void;
  /** Holds as little as it can until the next message. */
  releaseIdle(): void;
  /** Gives everything back; a job that is not done never will be. */
  close(): void;
}

/** Compresses the messages of one direction; one job at a time. */
export interface Deflater {
  readonly isBusy: boolean;
  /** Bytes of memory held. */
  readonly memoryBytes: number;
  /**
   * Compresses the next piece of a message. `payload` is not touched after the call has returned.
   */
  compress(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void;
  /** Starts the next message with an empty window. */
  breakContext(): void;
  /** Holds as little as it can until the next message. */
  releaseIdle(): void;
  /** Gives everything back; a job that is not done never will be. */
  close(): void;
}

/** What the reader adds to a message. */
export const TRAILER: Buffer = Buffer.from('0000ffff010000ffff00', 'hex');

/**
 * Where in the trailer a stream may end. Behind our own final block (9), as a rule; behind the
 * bytes put back (4), when the sender has marked its empty block as final.
 *
 * Looser than the RFC: before the trailer (0), in a final block of the sender without the empty
 * block behind it that [RFC 7692 §7.2.1] asks for, because some compressors leave it out.
 */
export const TRAILER_ENDS: ReadonlySet<number> = new Set([0, 4, 9]);

/** Bytes of a flush that are cut off. */
export const TAIL_BYTES = 4;

/** The whole payload of an empty last piece: an empty block, less its tail [RFC 7692 §7.2.3.6]. */
export const EMPTY_PIECE: Uint8Array = Uint8Array.of(0);

/**
 * Final blocks in one message; each costs a new start and the window put back.
 *
 * Stricter than the RFC: it sets no bound, but two bytes make such a block.
 */
export const MAX_FINAL_BLOCKS = 256;

/** Below this output no ratio is too high: a short message of equal letters is no attack. */
const RATIO_FREE_BYTES = 64 * 1024;

/** How many bytes `compressedBytes` may become. */
export function ratioLimit(compressedBytes: number, maxInflateRatio: number): number {
  return Math.max(RATIO_FREE_BYTES, compressedBytes * maxInflateRatio);
}

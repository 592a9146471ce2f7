/**
 * Writes one message piece by piece, at the pace of the peer: each piece is a frame of it.
 *
 * ```
 *   write ─► frame ─► 64 KiB? ─► they leave, the event loop turns ─► room? ─► the next write
 * ```
 * Whoever produces pieces from what is already there never leaves its run of promise jobs by
 * itself: nothing would be written meanwhile, no answer read, no other connection served. So after
 * 64 KiB the writer gives the event loop a turn, and goes on when the transport has room.
 */
import { type OutgoingMessage, ownPayload } from '../connection/index.ts';
import { type MessageData, payloadLength, toPayload } from './payload.ts';

/** Written in one turn of the event loop at most: bytes, or units of text. */
const TURN_BYTES = 64 * 1024;
/** What a piece costs besides its bytes. */
const PIECE_BYTES = 64;

/** What a writer needs of the connection. */
export interface WriterPace {
  /**
   * Whether another piece may be held while the one before still waits. No ends the connection: the
   * writer does not wait for its own promises.
   */
  admits(bytes: number): boolean;
  /** Whether the message may go on now. */
  hasRoom(message: OutgoingMessage): boolean;
  /** Resolves when it may go on, or the connection has ended. */
  untilRoom(message: OutgoingMessage): Promise<void>;
}

/** A message being written. */
export class MessageWriter {
  readonly #message: OutgoingMessage;
  readonly #pace: WriterPace;
  /** Pieces stay the caller's own. */
  readonly #copies: boolean;
  #turnBytes = 0;
  /** The first half of a surrogate pair, whose second half comes with the next piece. */
  #half = '';
  /** Writes that have not come back. */
  #waiting = 0;

  /** Made by `peer.startMessage`. */
  constructor(message: OutgoingMessage, pace: WriterPace, copies = false) {
    this.#message = message;
    this.#pace = pace;
    this.#copies = copies;
  }

  /**
   * Writes the next piece. Await it: that is what slows a fast producer down. Who does not may have
   * `maxBufferedBytes` waiting; more fails the connection with `slow-consumer`. Bytes must not be
   * changed before they have left, as for `send`, unless the message was begun with `copy`.
   *
   * @returns false when the connection ended, also while it waited: nothing more can be written.
   * @throws UsageError `invalid-argument` for anything that is neither text nor bytes.
   */
  async write(piece: MessageData): Promise<boolean> {
    const payload = this.#join(this.#take(piece));
    if (this.#waiting > 0 && !this.#pace.admits(payloadLength(payload))) return false;
    if (!this.#message.write(payload)) return false;
    await this.#pause(payload.length);
    return !this.#message.isDropped;
  }

  /** Ends the message. @returns false when the connection ended first. */
  async end(piece?: MessageData): Promise<boolean> {
    const rest = this.#half === '' ? undefined : '';
    const payload = piece === undefined ? rest : this.#take(piece);
    const last = payload === undefined ? undefined : this.#join(payload, true);
    if (!this.#message.end(last)) return false;
    await this.#pause(payload?.length ?? 0);
    return !this.#message.isDropped;
  }

  /**
   * Gives the message up; false when its beginning has been sent: then only closing the connection
   * can end it, unless it {@link isComplete} and goes its way.
   */
  abandon(): boolean {
    return this.#message.abandon();
  }

  /** Whether all of it has been written, and it was not given up. */
  get isComplete(): boolean {
    return this.#message.isComplete;
  }

  #take(piece: MessageData): string | Uint8Array {
    const payload = toPayload(piece);
    return this.#copies ? ownPayload(payload) : payload;
  }

  /** Text may be cut anywhere, also inside a code point: each frame gets whole ones. */
  #join(payload: string | Uint8Array, isLast = false): string | Uint8Array {
    const half = this.#half;
    if (typeof payload !== 'string') {
      this.#half = '';
      return half === '' ? payload : Buffer.concat([Buffer.from(half), payload]);
    }
    const text = half === '' ? payload : half + payload;
    const isCut = !isLast && isHighSurrogate(text.charCodeAt(text.length - 1));
    this.#half = isCut ? text.slice(-1) : '';
    return isCut ? text.slice(0, -1) : text;
  }

  /** `undefined` when there is nothing to wait for: most pieces are small. */
  #pause(bytes: number): Promise<void> | undefined {
    this.#turnBytes += bytes + PIECE_BYTES;
    const isTurnOver = this.#turnBytes >= TURN_BYTES;
    if (!isTurnOver && this.#pace.hasRoom(this.#message)) return undefined;
    return this.#wait(isTurnOver);
  }

  async #wait(isTurnOver: boolean): Promise<void> {
    this.#waiting += 1;
    if (isTurnOver) {
      this.#turnBytes = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#pace.untilRoom(this.#message);
    this.#waiting -= 1;
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

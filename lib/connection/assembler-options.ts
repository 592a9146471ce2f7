/**
 * What an assembler of messages is told when it is made, and whom it tells: types.
 */
import type { ProtocolError } from '../base/index.ts';

/** Where an assembler's results go. */
export interface AssemblerSink {
  /** A whole message: a string for text, a Buffer of your own for binary. */
  message(data: string | Buffer): void;
  /** In `pieces` delivery: a message begins. */
  messageStart(isText: boolean): void;
  /** In `pieces` delivery: the next piece, never empty, yours; text is cut between code points. */
  messagePiece(piece: string | Buffer): void;
  /** In `pieces` delivery: the message is complete. */
  messageEnd(): void;
  /** A close, ping or pong frame; the payload is yours. */
  control(opcode: number, payload: Buffer): void;
  /** A rule was broken. Nothing follows. */
  failed(error: ProtocolError): void;
  /** A slice of the job begins, or has ended; between two slices it waits for jobs of others. */
  inflating(isInflating: boolean): void;
  /** Frames must not be delivered until `jobDone`: an inflate job is running elsewhere. */
  pauseFrames(): void;
  /** The job is done: call `deliver`, as soon as the owner wants messages, then frames go on. */
  jobDone(deliver: () => void): void;
  /** Call `deliver`: now, or as soon as an owner who has paused wants messages again. */
  whenWanted(deliver: () => void): void;
}

/** The half of a permessage-deflate codec that reads [RFC 7692 §7.2.2]. */
export interface MessageInflater {
  /**
   * Inflates the next piece of a message; `fin` marks its last. Calls `done` once, at once or
   * later, unless it was closed meanwhile; `bytes` are the caller's. `maxBytes` is what the message
   * may still produce: more than that is `message-too-large`, found out during the work. `working`
   * is told when work on it begins elsewhere, and when that has ended, once or slice by slice: only
   * the time between counts against `inflateTimeoutMs`.
   */
  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: (error: ProtocolError | undefined, bytes: Buffer) => void,
    working: (isWorking: boolean) => void,
  ): void;
}

/** Options of {@link MessageAssembler}. */
export interface AssemblerOptions {
  /** `message`: whole messages. `pieces`: each message as it arrives, for streaming. */
  readonly delivery?: 'message' | 'pieces';
  /**
   * Bytes of one message, after inflating; default 16 MiB. In `pieces` delivery too. A whole text
   * is bounded by what a string can hold besides: 512 MiB.
   */
  readonly maxMessageBytes?: number | undefined;
  /** Frames of one message; default 131,072. */
  readonly maxFragments?: number | undefined;
  /** Present when permessage-deflate was negotiated; `serve` gives another one. */
  readonly inflater?: MessageInflater | undefined;
}

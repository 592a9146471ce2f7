/**
 * What a connection is told when it is made, and what it asks of its owner: types, and their check.
 */
import { type ProtocolError, UsageError } from '../base/index.ts';
import type { MessageInflater } from './assembler-options.ts';
import type { CloseReport } from './close-report.ts';

/** Where a connection's results go, and what it asks of its owner. */
export interface ConnectionSink {
  /** A message came: a string for text, a Buffer of your own for binary. */
  message(data: string | Buffer): void;
  /** `pieces` delivery only: a message begins. */
  messageStart?(isText: boolean): void;
  /** `pieces` delivery only: its next piece. */
  messagePiece?(piece: string | Buffer): void;
  /** `pieces` delivery only: it is complete. */
  messageEnd?(): void;
  /** A ping came; it has been answered. The payload is yours. */
  ping?(payload: Buffer): void;
  /** A pong came. `roundTripMs` is `undefined` when it answers no ping of ours. */
  pong?(payload: Buffer, roundTripMs: number | undefined): void;
  /** Write these bytes. Returns true when they are needed no longer; `hasMore`: others follow. */
  write(bytes: Buffer, hasMore: boolean): boolean;
  /**
   * Output waits: call `flush()` at the end of this turn, of the connection or of `output`, which
   * is nearer to it. Called once until then.
   */
  wantsFlush(output: { flush(): void }): void;
  /** Something was {@link Connection.isHeldUp}: ask again. */
  queueMoved?(): void;
  /** True while the transport holds so much output that pongs had better wait. */
  isCongested(): boolean;
  /**
   * Bytes that `write` was given and the transport still holds. It shows that a slow reader reads:
   * then closing has patience, and no ping is overdue. Left out, both see only what comes.
   */
  unsentBytes?(): number;
  /** Stop or resume reading the transport. Bytes given meanwhile are kept, not lost. */
  wantsInput(isWanted: boolean): void;
  /** End our side of the transport once everything written has left (FIN). */
  endTransport(): void;
  /** Cut the transport now (RST or destroy). */
  abortTransport(): void;
  /** The connection is over; nothing follows. Called exactly once. */
  closed(report: CloseReport): void;
}

/** The half of a permessage-deflate codec that writes [RFC 7692 §7.2.1]. */
export interface MessageDeflater {
  /**
   * Compresses the next piece of a message; `fin` marks its last. Calls `done` once, at once or
   * later, unless it was closed meanwhile; `bytes` are the caller's.
   */
  compress(
    payload: Uint8Array,
    fin: boolean,
    done: (error: ProtocolError | undefined, bytes: Buffer) => void,
  ): void;
}

/** What a connection needs of the codec of permessage-deflate [RFC 7692 §7.2]. */
export interface ConnectionDeflate extends MessageInflater, MessageDeflater {
  /** A new turn begins: what may be inflated on the spot is counted afresh. */
  beginTurn(): void;
  /** Lets go of memory that only the next message would need. */
  releaseIdle(): void;
  /** The peer gets a message that was compressed elsewhere: forget what it could refer back to. */
  breakContext(): void;
  /** Ends running jobs; nothing is called back afterwards. */
  close(): void;
}

/** Deadlines of an open connection, in ms; `undefined` or 0 switches one off. */
export interface KeepaliveOptions {
  /**
   * Send a ping when nothing came for so long. While nothing is read, because the owner has paused
   * or nobody reads yet, no answer could be heard: an unsolicited pong goes out as often instead,
   * and the transport fails if nobody is there any more.
   */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Fail the connection when a ping has been without any answer for so long, and nothing else came,
   * and the peer has taken nothing of output that waits for it.
   */
  readonly pongTimeoutMs?: number | undefined;
  /** Close the connection when no data message, nor a part of one, came or went for so long. */
  readonly idleTimeoutMs?: number | undefined;
  /** Pings without an answer at most; no further one is sent. Default 1024. */
  readonly maxPingsInFlight?: number | undefined;
}

/** Options of {@link Connection}. */
export interface ConnectionOptions extends KeepaliveOptions {
  /** Which end we are: a server reads masked frames and writes unmasked ones [RFC 6455 §5.1]. */
  readonly role: 'client' | 'server';
  /** The time in ms, on any clock that does not go back. */
  readonly now: () => number;
  /** A fresh unpredictable uint32 for each frame; needed by the client [RFC 6455 §5.3]. */
  readonly takeMaskingKey?: (() => number) | undefined;
  /** True when the bytes given to `receive` may be overwritten: unmasked in place. */
  readonly ownsInput?: boolean | undefined;
  /** Whole messages (default) or pieces as they arrive. */
  readonly delivery?: 'message' | 'pieces' | undefined;
  /** The codec of the negotiated permessage-deflate; `undefined` when there is none. */
  readonly deflate?: ConnectionDeflate | undefined;
  /** Compress messages of at least so many bytes; default 1024. */
  readonly compressThresholdBytes?: number | undefined;
  /** Bytes of one frame's payload; default 16 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Bytes of one message; default 16 MiB. A whole text has 512 MiB at most: a string's length. */
  readonly maxMessageBytes?: number | undefined;
  /** Frames of one message; default 131,072. */
  readonly maxFragments?: number | undefined;
  /**
   * How long a message may stay unfinished while we are reading, in ms; default 60 s, without end
   * in `pieces`.
   */
  readonly messageTimeoutMs?: number | undefined;
  /**
   * How long inflating one message may take, in ms, without the waiting for messages of others;
   * default 30 s, without end in `pieces`.
   */
  readonly inflateTimeoutMs?: number | undefined;
  /**
   * How long our close frame may take to leave, and again the peer's to come, in ms; default 10 s.
   * It counts from when output moved last, or a message that is just coming grew: a slow reader
   * gets everything that was accepted, and a slow sender may finish what it has begun.
   */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * How long the transport may take to end when all has been said, in ms; default 5 s. It counts
   * as `closeTimeoutMs` does.
   */
  readonly endTimeoutMs?: number | undefined;
  /**
   * How long what moves may put off these two, counted from when closing began, in ms;
   * default 5 min. Stops a peer that takes or sends a byte now and then, and would never be
   * cut.
   */
  readonly maxCloseMs?: number | undefined;
}

/** Numbers of one connection, for people and dashboards. Bytes are as they travel. */
export interface ConnectionCounters {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Messages that came, and were handed on. */
  readonly messagesReceived: number;
  /**
   * Messages that came after `close` while their reader had paused; they do not count as received.
   * A peer counts here, too, what was handed to it when its loop had been left, or its handler had
   * failed: that was received.
   */
  readonly messagesDiscarded: number;
  /** Messages that were accepted, but for those dropped or taken back. */
  readonly messagesSent: number;
  /** Messages that were accepted, and still waited inside when the connection closed or ended. */
  readonly messagesDropped: number;
  readonly pingsReceived: number;
  readonly pongsReceived: number;
}

/**
 * Refuses what cannot work, before anything is made.
 *
 * @throws UsageError `invalid-option`.
 */
export function checkConnectionOptions(sink: ConnectionSink, options: ConnectionOptions): void {
  if (options.role !== 'client' && options.role !== 'server') {
    throw new UsageError(
      'invalid-option',
      `role must be client or server, not ${String(options.role)}`,
    );
  }
  if (options.role === 'client' && options.takeMaskingKey === undefined) {
    throw new UsageError('invalid-option', 'a client needs takeMaskingKey');
  }
  const { delivery = 'message', compressThresholdBytes: threshold = 0 } = options;
  if (delivery !== 'message' && delivery !== 'pieces') {
    throw new UsageError(
      'invalid-option',
      `delivery is message or pieces, not ${String(delivery)}`,
    );
  }
  if (typeof threshold !== 'number' || !(threshold >= 0)) {
    throw new UsageError('invalid-option', 'compressThresholdBytes is a number of bytes from 0');
  }
  const canStream = sink.messageStart && sink.messagePiece && sink.messageEnd;
  if (delivery === 'pieces' && !canStream) {
    throw new UsageError('invalid-option', 'pieces delivery needs messageStart, Piece and End');
  }
}

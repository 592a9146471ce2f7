/**
 * The writing half of a connection: messages and control frames in, one write a turn out.
 */
import { hasFastPath, type ProtocolError } from '../base/index.ts';
import type {
  ConnectionCounters,
  ConnectionOptions,
  ConnectionSink,
} from './connection-options.ts';
import { MessageSender, type SenderOwner, sendAtOnce } from './message-sender.ts';
import { type BytesTaker, Outbox } from './outbox.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { type FramesToCome, madeFrames, type SendOptions } from './send-queue.ts';

const DEFAULT_COMPRESS_THRESHOLD_BYTES = 1024;

/** Without it each message is a write, as it comes. */
const IS_ONE_WRITE = hasFastPath('one-write');

/** From here on messages that wait inside are as good as congestion. */
const HELD_UP_BYTES = 64 * 1024;

/**
 * What became of output since one looked last: the peer took something that had to wait for it, or
 * at least our own work went on, or neither.
 */
export type OutputMove = 'taken' | 'worked' | 'none';

/** Makes one write of all output of a turn. */
export interface Corkable {
  /** Begins a turn; false when one is under way already. */
  cork(): boolean;
  /** Ends the turn that {@link cork} began. */
  uncork(): void;
}

/** Can be failed: the connection that writes. */
export interface Failable {
  fail(error: ProtocolError): void;
}

/** Writes the frames of one connection. */
export class ConnectionOutput implements BytesTaker, SenderOwner, Corkable {
  readonly #sink: ConnectionSink;
  readonly #life: Failable;
  readonly #outbox: Outbox;
  /** Made at once with compression, else when something may have to wait, and at the end. */
  #madeSender: MessageSender | undefined;
  readonly #compressThresholdBytes: number | undefined;
  readonly #counters: ConnectionCounters;
  readonly #deflate: ConnectionOptions['deflate'];
  #isCorked = false;
  #hasAskedForFlush = false;
  /** Somebody was told to wait for the queue, and is told when it moves. */
  #isWatched = false;
  /** When one looked last: what the transport held, what had left it, what waited before it. */
  #unsentBytes = 0;
  #leftBytes = 0;
  #queuedBytes = 0;
  #lostBytes = 0;
  #piecesAtLook = 0;

  /**
   * @param counters kept up to date.
   * @param life is failed when a message cannot be sent.
   */
  constructor(
    sink: ConnectionSink,
    options: ConnectionOptions,
    counters: ConnectionCounters,
    life: Failable,
  ) {
    this.#sink = sink;
    this.#life = life;
    this.#counters = counters;
    this.#deflate = options.deflate;
    this.#outbox = new Outbox(options.role === 'client' ? options.takeMaskingKey : undefined);
    this.#compressThresholdBytes = options.compressThresholdBytes;
    // Without a sender nothing is compressed.
    if (options.deflate !== undefined) this.#sender();
  }

  #sender(): MessageSender {
    if (this.#madeSender === undefined) {
      const threshold = this.#compressThresholdBytes ?? DEFAULT_COMPRESS_THRESHOLD_BYTES;
      this.#madeSender = new MessageSender(this.#outbox, this.#deflate, threshold, this);
    }
    return this.#madeSender;
  }

  /** For the outbox: hands bytes to the owner. */
  take(bytes: Buffer, hasMore: boolean): boolean {
    this.#counters.bytesSent += bytes.length;
    return this.#sink.write(bytes, hasMore);
  }

  /** For the sender: the connection cannot go on. */
  fail(error: ProtocolError): void {
    this.#life.fail(error);
  }

  /** For the sender: what was counted as sent is not. */
  forgotten(messages: number, areDropped: boolean): void {
    this.#counters.messagesSent -= messages;
    if (areDropped) this.#counters.messagesDropped += messages;
  }

  /** Bytes that were accepted and have not been written. */
  get pendingBytes(): number {
    return this.#outbox.length + this.#waitingBytes();
  }

  #waitingBytes(): number {
    return this.#madeSender?.queuedBytes ?? 0;
  }

  /** Bytes that were accepted and forgotten when the connection ended. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** The memory that they are, with the overhead of what waits. */
  get heldBytes(): number {
    return this.#outbox.length + (this.#madeSender?.heldBytes ?? 0);
  }

  /** Whether pieces of messages have left since one looked last. */
  hasGrown(): boolean {
    const pieces = this.#madeSender?.pieces ?? 0;
    const hasGrown = pieces !== this.#piecesAtLook;
    this.#piecesAtLook = pieces;
    return hasGrown;
  }

  /**
   * Tells what has moved, and looks anew. What leaves without having waited shows nothing: the
   * kernel takes it also for a peer that is gone.
   */
  look(): OutputMove {
    const unsentBytes = this.#sink.unsentBytes?.() ?? 0;
    const leftBytes = this.#counters.bytesSent - unsentBytes;
    const queuedBytes = this.#waitingBytes();
    const isTaken = this.#unsentBytes > 0 && leftBytes > this.#leftBytes;
    const hasWorked = queuedBytes < this.#queuedBytes;
    this.#unsentBytes = unsentBytes;
    this.#leftBytes = leftBytes;
    this.#queuedBytes = queuedBytes;
    if (isTaken) return 'taken';
    return hasWorked ? 'worked' : 'none';
  }

  /** See {@link Connection.isHeldUp}. */
  isHeldUp(message: OutgoingMessage | undefined): boolean {
    const bytes = (message ?? this.#madeSender)?.heldBytes ?? 0;
    if (bytes < HELD_UP_BYTES) return false;
    this.#isWatched = true;
    return true;
  }

  /** See {@link MessageSender.wouldCompress}. */
  wouldCompress(data: string | Uint8Array, wanted: boolean | undefined): boolean {
    return this.#madeSender?.wouldCompress(data, wanted) ?? false;
  }

  /** Sends a message. */
  send(data: string | Uint8Array, options: SendOptions | undefined): void {
    this.#counters.messagesSent += 1;
    if (this.#madeSender === undefined) sendAtOnce(this.#outbox, data, options);
    else this.#madeSender.send(data, options);
    this.requestFlush();
  }

  /** Sends frames; `isCompressed`: by somebody else, without looking back. */
  sendEncoded(frames: Buffer | FramesToCome, isCompressed: boolean): void {
    this.#counters.messagesSent += 1;
    const made = this.#madeSender === undefined ? madeFrames(frames) : undefined;
    if (made !== undefined) this.#outbox.appendShared(made);
    else if (isCompressed) this.#sendCompressed(frames);
    else this.#sender().sendEncoded(frames);
    this.requestFlush();
  }

  /** Apart, since what the closure refers to is made when its function is called. */
  #sendCompressed(frames: Buffer | FramesToCome): void {
    this.#sender().sendEncoded(frames, () => this.#deflate?.breakContext());
  }

  /** Begins a message that is written piece by piece. */
  startMessage(
    type: 'text' | 'binary' | undefined,
    compress: boolean | undefined,
  ): OutgoingMessage {
    this.#counters.messagesSent += 1;
    return this.#sender().startMessage(type, compress);
  }

  /** Writes a control frame, ahead of whatever is queued. */
  control(opcode: number, payload: Uint8Array): void {
    this.#outbox.append(opcode, true, 0, payload);
    this.requestFlush();
  }

  /** Writes a close frame once everything accepted before has left. */
  closeAfterQueue(write: () => void): void {
    this.#sender().closeAfterQueue(write);
    this.requestFlush();
  }

  /** Forgets messages that have not been encoded; frames that have been still leave. */
  stop(): void {
    this.#lostBytes += this.#waitingBytes();
    this.#sender().stop();
  }

  /** Forgets frames that have been encoded, too: there is no transport any more. */
  discard(): void {
    this.#lostBytes += this.#outbox.length;
    this.#outbox.clear();
  }

  cork(): boolean {
    if (this.#isCorked || !IS_ONE_WRITE) return false;
    this.#isCorked = true;
    return true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.flush();
  }

  /** Gives everything that waits to `sink.write`. */
  flush(): void {
    this.#hasAskedForFlush = false;
    if (this.#outbox.length > 0) this.#outbox.flush(this);
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#sink.queueMoved?.();
  }

  /** Asks the owner to flush, once a turn, if there is something. */
  requestFlush(): void {
    if (this.#isCorked || this.#hasAskedForFlush) return;
    if (this.#outbox.length === 0 && !this.#isWatched) return;
    if (!IS_ONE_WRITE) return this.flush();
    this.#hasAskedForFlush = true;
    this.#sink.wantsFlush(this);
  }
}

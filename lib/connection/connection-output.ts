/**
 * The writing half of a connection: messages and control frames in, one write a turn out.
 *
 * Longer than the house allows: each call is a few lines, and all of them ask whether there is an
 * outbox, or a sender.
 */
import { Flags, hasFastPath, type ProtocolError } from '../base/index.ts';
import type {
  ConnectionDeflate,
  ConnectionOptions,
  ConnectionSink,
  MessageDeflater,
} from './connection-options.ts';
import { borrowOutbox, takeBackOutbox } from './lent-outbox.ts';
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

/** Forgets what a peer could refer back to. */
export type ContextBreaker = Pick<ConnectionDeflate, 'breakContext'>;

/** Writes the frames of one connection. */
export class ConnectionOutput extends Flags implements BytesTaker, SenderOwner, Corkable {
  bytesSent = 0;
  /** Messages that were accepted, also those that were forgotten: it never becomes less. */
  acceptedMessages = 0;
  readonly #sink: ConnectionSink;
  readonly #life: Failable;
  /** Lent while it holds something; a client's, and that of a sender, are kept. */
  #outbox: Outbox | undefined;
  /** A frame that many connections send, when it is all that waits: it needs no outbox. */
  #alone: Buffer | undefined;
  /** Made at once with compression, else when something may have to wait, and at the end. */
  #madeSender: MessageSender | undefined;
  /** What had left the transport when one looked last, if it held something then. */
  #leftAtLook: number | undefined;
  declare private isCorked: boolean;
  declare private hasAskedForFlush: boolean;
  /** Somebody was told to wait for the queue, and is told when it moves. */
  declare private isWatched: boolean;

  static {
    const names = ['isCorked', 'hasAskedForFlush', 'isWatched'];
    ConnectionOutput.define(ConnectionOutput.prototype, names);
  }

  /**
   * @param life is failed when a message cannot be sent.
   */
  constructor(sink: ConnectionSink, options: ConnectionOptions, life: Failable) {
    super();
    this.#sink = sink;
    this.#life = life;
    if (options.role === 'client') this.#outbox = new Outbox(options.takeMaskingKey);
    const { deflate, compressThresholdBytes = DEFAULT_COMPRESS_THRESHOLD_BYTES } = options;
    // Without a sender nothing is compressed.
    if (deflate !== undefined) this.#madeSender = this.makeSender(deflate, compressThresholdBytes);
  }

  private openOutbox(): Outbox {
    if (this.#outbox !== undefined) return this.#outbox;
    const outbox = borrowOutbox();
    this.#outbox = outbox;
    if (this.#alone !== undefined) outbox.appendShared(this.#alone);
    this.#alone = undefined;
    return outbox;
  }

  private sender(): MessageSender {
    this.#madeSender ??= this.makeSender(undefined, DEFAULT_COMPRESS_THRESHOLD_BYTES);
    return this.#madeSender;
  }

  private makeSender(deflate: MessageDeflater | undefined, threshold: number): MessageSender {
    return new MessageSender(this.openOutbox(), deflate, threshold, this);
  }

  /** For the outbox: hands bytes to the owner. */
  take(bytes: Buffer, hasMore: boolean): boolean {
    this.bytesSent += bytes.length;
    return this.#sink.write(bytes, hasMore);
  }

  /** For the sender: the connection cannot go on. */
  fail(error: ProtocolError): void {
    this.#life.fail(error);
  }

  /** Bytes that were accepted and have not been written. */
  get pendingBytes(): number {
    return this.encodedBytes() + this.waitingBytes();
  }

  private encodedBytes(): number {
    return this.#outbox?.length ?? this.#alone?.length ?? 0;
  }

  private waitingBytes(): number {
    return this.#madeSender?.queuedBytes ?? 0;
  }

  /** Bytes that were accepted and forgotten when the connection ended. */
  get lostBytes(): number {
    return this.#madeSender?.lostBytes ?? 0;
  }

  /** The memory that they are, with the overhead of what waits. */
  get heldBytes(): number {
    return this.encodedBytes() + (this.#madeSender?.heldBytes ?? 0);
  }

  /** Messages that were accepted, but for those dropped or taken back. */
  get messagesSent(): number {
    return this.acceptedMessages - (this.#madeSender?.forgottenMessages ?? 0);
  }

  /** Messages that were accepted, and still waited inside when the connection closed or ended. */
  get messagesDropped(): number {
    return this.#madeSender?.droppedMessages ?? 0;
  }

  /** Whether pieces of messages have left since one looked last. */
  hasGrown(): boolean {
    return this.#madeSender?.hasGrown() ?? false;
  }

  /**
   * Tells what has moved, and looks anew. What leaves without having waited shows nothing: the
   * kernel takes it also for a peer that is gone.
   */
  look(): OutputMove {
    const unsentBytes = this.#sink.unsentBytes?.() ?? 0;
    const leftBytes = this.bytesSent - unsentBytes;
    const isTaken = this.#leftAtLook !== undefined && leftBytes > this.#leftAtLook;
    const hasWorked = this.#madeSender?.hasWorked() ?? false;
    this.#leftAtLook = unsentBytes > 0 ? leftBytes : undefined;
    if (isTaken) return 'taken';
    return hasWorked ? 'worked' : 'none';
  }

  /** See {@link Connection.isHeldUp}. */
  isHeldUp(message: OutgoingMessage | undefined): boolean {
    const bytes = (message ?? this.#madeSender)?.heldBytes ?? 0;
    if (bytes < HELD_UP_BYTES) return false;
    this.isWatched = true;
    return true;
  }

  /** See {@link MessageSender.wouldCompress}. */
  wouldCompress(data: string | Uint8Array, wanted: boolean | undefined): boolean {
    return this.#madeSender?.wouldCompress(data, wanted) ?? false;
  }

  /** Sends a message. */
  send(data: string | Uint8Array, options: SendOptions | undefined): void {
    this.acceptedMessages += 1;
    if (this.#madeSender === undefined) sendAtOnce(this.openOutbox(), data, options);
    else this.#madeSender.send(data, options);
    this.requestFlush();
  }

  /**
   * Sends frames.
   *
   * @param context compressed by somebody else, without looking back: it is broken when they leave.
   */
  sendEncoded(frames: Buffer | FramesToCome, context?: ContextBreaker): void {
    this.acceptedMessages += 1;
    const made = this.#madeSender === undefined ? madeFrames(frames) : undefined;
    if (made !== undefined) this.share(made);
    else if (context !== undefined) this.sendCompressed(frames, context);
    else this.sender().sendEncoded(frames);
    this.requestFlush();
  }

  private share(frames: Buffer): void {
    if (this.#outbox === undefined && this.#alone === undefined) this.#alone = frames;
    else this.openOutbox().appendShared(frames);
  }

  /** Apart, since what the closure refers to is made when its function is called. */
  private sendCompressed(frames: Buffer | FramesToCome, context: ContextBreaker): void {
    this.sender().sendEncoded(frames, () => context.breakContext());
  }

  /** Begins a message that is written piece by piece. */
  startMessage(
    type: 'text' | 'binary' | undefined,
    compress: boolean | undefined,
  ): OutgoingMessage {
    this.acceptedMessages += 1;
    return this.sender().startMessage(type, compress);
  }

  /** Writes a control frame, ahead of whatever is queued. */
  control(opcode: number, payload: Uint8Array): void {
    this.openOutbox().append(opcode, true, 0, payload);
    this.requestFlush();
  }

  /** Writes a close frame once everything accepted before has left. */
  closeAfterQueue(write: () => void): void {
    this.sender().closeAfterQueue(write);
    this.requestFlush();
  }

  /** Forgets messages that have not been encoded; frames that have been still leave. */
  stop(): void {
    this.sender().stop();
  }

  /** Forgets frames that have been encoded, too: there is no transport any more. */
  discard(): void {
    const bytes = this.encodedBytes();
    if (bytes > 0) this.sender().lostBytes += bytes;
    this.#alone = undefined;
    this.#outbox?.clear();
  }

  cork(): boolean {
    if (this.isCorked || !IS_ONE_WRITE) return false;
    this.isCorked = true;
    return true;
  }

  uncork(): void {
    this.isCorked = false;
    this.flush();
  }

  /** Gives everything that waits to `sink.write`. */
  flush(): void {
    this.hasAskedForFlush = false;
    const alone = this.#alone;
    this.#alone = undefined;
    if (alone !== undefined) this.take(alone, false);
    if (this.#outbox !== undefined) this.flushOutbox(this.#outbox);
    if (!this.isWatched) return;
    this.isWatched = false;
    this.#sink.queueMoved?.();
  }

  private flushOutbox(outbox: Outbox): void {
    if (outbox.length > 0) outbox.flush(this);
    // A flush within a flush, by whoever takes, leaves it where it is: it is not at rest.
    if (this.#madeSender === undefined && takeBackOutbox(outbox)) this.#outbox = undefined;
  }

  /** Asks the owner to flush, once a turn, if there is something. */
  requestFlush(): void {
    if (this.isCorked || this.hasAskedForFlush) return;
    if (this.encodedBytes() === 0 && !this.isWatched) return;
    if (!IS_ONE_WRITE) return this.flush();
    this.hasAskedForFlush = true;
    this.#sink.wantsFlush(this);
  }
}

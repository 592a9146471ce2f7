/**
 * What came and waits for `for await`: whole messages, or messages piece by piece.
 *
 * Each kind waits in bounded queues; several of them may hold up one connection.
 */
import { UsageError } from '../base/index.ts';
import { BoundedQueue, type QueueControl } from './bounded-queue.ts';

const weighPiece = (piece: string | Buffer): number => piece.length;

/** Whole messages waiting for a reader. */
export class MessageQueue extends BoundedQueue<string | Buffer> {
  constructor(control: QueueControl) {
    super(control, weighPiece);
  }
}

/** One message that is read while it arrives. */
export class IncomingMessage implements AsyncIterable<string | Buffer> {
  /** Whether the pieces are strings or Buffers. */
  readonly type: 'text' | 'binary';
  readonly #pieces: BoundedQueue<string | Buffer>;
  #isRead = false;
  #isSkipped = false;

  /** For the peer: `for await (const message of peer.streams())` yields these. */
  constructor(type: 'text' | 'binary', pieces: BoundedQueue<string | Buffer>) {
    this.type = type;
    this.#pieces = pieces;
  }

  /**
   * The pieces as they arrive; text is cut between code points. Leaving the loop skips the rest.
   * Throws UsageError `invalid-state` when the connection ends before the message does.
   *
   * @throws UsageError `invalid-state` when the message was skipped: before anybody had begun to
   *   read it, the next one was asked for, or the handler that got it was done.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    if (this.#isSkipped) throw new UsageError('invalid-state', 'this message was skipped');
    this.#isRead = true;
    return this.#pieces;
  }

  /** For the peer: unless somebody has begun to read, the next message must not wait for that. */
  skipUnread(): void {
    if (this.#isRead || this.#isSkipped) return;
    this.#isSkipped = true;
    void this.#pieces.return();
  }
}

/** Several queues pause one connection: it goes on when all of them have room. */
class SharedPause {
  readonly #control: QueueControl;
  #count = 0;

  constructor(control: QueueControl) {
    this.#control = control;
  }

  readonly pause = (): void => {
    this.#count += 1;
    if (this.#count === 1) this.#control.pause();
  };

  readonly resume = (): void => {
    this.#count -= 1;
    if (this.#count === 0) this.#control.resume();
  };
}

/** Messages that are read piece by piece, waiting for a reader. */
export class IncomingQueue implements AsyncIterableIterator<IncomingMessage, undefined> {
  readonly #control: QueueControl;
  readonly #pause: SharedPause;
  readonly #messages: BoundedQueue<IncomingMessage>;
  readonly #isIterated: boolean;
  #isFinishing = false;
  #current: BoundedQueue<string | Buffer> | undefined;
  /** The message that the reader got last. */
  #given: IncomingMessage | undefined;

  /** @param isIterated false when a handler takes each message: then none is kept here. */
  constructor(control: QueueControl, isIterated: boolean) {
    this.#control = control;
    this.#pause = new SharedPause(control);
    this.#isIterated = isIterated;
    const { pause, resume } = this.#pause;
    const leave = (waiting: number): void => control.leave(waiting);
    const discarded = (): void => control.discarded?.();
    this.#messages = new BoundedQueue({ pause, resume, leave, discarded }, () => 1);
  }

  /** A message begins. */
  start(isText: boolean): IncomingMessage {
    const { pause, resume } = this.#pause;
    const leave = (): void => this.#skip(pieces);
    const discarded = (): void => {
      this.#breakOff();
      this.#control.discarded?.();
    };
    const pieces = new BoundedQueue<string | Buffer>(
      { pause, resume, leave, discarded },
      weighPiece,
    );
    if (this.#isFinishing) pieces.finish();
    this.#current = pieces;
    const message = new IncomingMessage(isText ? 'text' : 'binary', pieces);
    if (this.#isIterated) this.#messages.push(message);
    return message;
  }

  /** The connection is closing: pauses it no more. */
  finish(): void {
    this.#isFinishing = true;
    this.#messages.finish();
    this.#current?.finish();
  }

  #skip(pieces: BoundedQueue<string | Buffer>): void {
    if (this.#current === pieces) this.#current = undefined;
  }

  /** The next piece of the message that began last. */
  piece(piece: string | Buffer): void {
    this.#current?.push(piece);
  }

  /** The message is complete. */
  end(): void {
    this.#current?.close();
    this.#current = undefined;
  }

  /** The connection ended. */
  close(): void {
    this.#breakOff();
    this.#messages.close();
  }

  #breakOff(): void {
    const error = new UsageError('invalid-state', 'the connection ended inside the message');
    this.#current?.close(error);
    this.#current = undefined;
  }

  /** Skips the message that it gave last, unless somebody has begun to read that. */
  async next(): Promise<IteratorResult<IncomingMessage, undefined>> {
    this.#given?.skipUnread();
    this.#given = undefined;
    const result = await this.#messages.next();
    this.#given = result.value;
    return result;
  }

  return(): Promise<IteratorResult<IncomingMessage, undefined>> {
    return this.#messages.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

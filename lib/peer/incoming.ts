/**
 * Reading at the reader's pace: bounded queues between a connection and `for await`.
 *
 * A queue pauses the connection when it is full and resumes it when it is empty; the transport's
 * flow control carries that to the peer. What waits is bounded in number and in bytes, whichever
 * comes first.
 */
import { UsageError } from '../base/index.ts';

/** What a queue asks of its connection. */
export interface QueueControl {
  pause(): void;
  resume(): void;
  /** The reader left its loop before the end. */
  leave(): void;
}

const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 256 * 1024;

/** A bounded queue that is read with `for await`. */
export class BoundedQueue<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #control: QueueControl;
  readonly #weigh: (item: Item) => number;
  #items: Item[] = [];
  #bytes = 0;
  #isPaused = false;
  #isClosed = false;
  #error: Error | undefined;
  #reader:
    | { resolve: (result: IteratorResult<Item, undefined>) => void; reject: (error: Error) => void }
    | undefined;

  constructor(control: QueueControl, weigh: (item: Item) => number) {
    this.#control = control;
    this.#weigh = weigh;
  }

  /** Adds an item; pauses the connection when that fills the queue. */
  push(item: Item): void {
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    this.#bytes += this.#weigh(item);
    const isFull = this.#items.length >= MAX_WAITING || this.#bytes >= MAX_WAITING_BYTES;
    if (!isFull || this.#isPaused) return;
    this.#isPaused = true;
    this.#control.pause();
  }

  /** Ends the iteration after what waits; with an error it throws there. */
  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return;
    if (error === undefined) reader.resolve({ value: undefined, done: true });
    else reader.reject(error);
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift()!;
      this.#bytes -= this.#weigh(value);
      if (this.#items.length === 0) this.#unpause();
      return Promise.resolve({ value, done: false });
    }
    if (this.#isClosed) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined
        ? Promise.resolve({ value: undefined, done: true })
        : Promise.reject(error);
    }
    if (this.#reader !== undefined) {
      return Promise.reject(new UsageError('already-reading', 'a read is waiting already'));
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.#items = [];
    this.#bytes = 0;
    this.#unpause();
    if (!this.#isClosed) this.#control.leave();
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  #unpause(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#control.resume();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

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

  /** For the peer: `for await (const message of peer.streams())` yields these. */
  constructor(type: 'text' | 'binary', pieces: BoundedQueue<string | Buffer>) {
    this.type = type;
    this.#pieces = pieces;
  }

  /**
   * The pieces as they arrive; text is cut between code points. Leaving the loop skips the rest.
   * Throws UsageError `invalid-state` when the connection ends before the message does.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    return this.#pieces;
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
  readonly #pause: SharedPause;
  readonly #messages: BoundedQueue<IncomingMessage>;
  readonly #isIterated: boolean;
  #current: BoundedQueue<string | Buffer> | undefined;

  /** @param isIterated false when a handler takes each message: then none is kept here. */
  constructor(control: QueueControl, isIterated: boolean) {
    this.#pause = new SharedPause(control);
    this.#isIterated = isIterated;
    const { pause, resume } = this.#pause;
    this.#messages = new BoundedQueue({ pause, resume, leave: () => control.leave() }, () => 1);
  }

  /** A message begins. */
  start(isText: boolean): IncomingMessage {
    const { pause, resume } = this.#pause;
    const pieces = new BoundedQueue<string | Buffer>(
      { pause, resume, leave: () => this.#skip(pieces) },
      weighPiece,
    );
    this.#current = pieces;
    const message = new IncomingMessage(isText ? 'text' : 'binary', pieces);
    if (this.#isIterated) this.#messages.push(message);
    return message;
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
    const error = new UsageError('invalid-state', 'the connection ended inside the message');
    this.#current?.close(error);
    this.#current = undefined;
    this.#messages.close();
  }

  next(): Promise<IteratorResult<IncomingMessage, undefined>> {
    return this.#messages.next();
  }

  return(): Promise<IteratorResult<IncomingMessage, undefined>> {
    return this.#messages.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

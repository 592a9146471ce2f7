/**
 * Reading at the reader's pace: bounded queues between a connection and `for await`.
 *
 * A queue pauses the connection when it is full and resumes it when it is empty; the transport's
 * flow control carries that to the peer. What waits is bounded in number and in bytes, whichever
 * comes first; of text the units count, in which it lies in memory. Once the connection is closing
 * nothing is paused, or the peer's close frame would never be read: a queue takes as much again,
 * and what comes beyond that is thrown away.
 */
import { UsageError } from '../base/index.ts';

/** What a queue asks of its connection. */
export interface QueueControl {
  pause(): void;
  resume(): void;
  /** The reader left its loop before the end; so many items waited for it and are thrown away. */
  leave(waiting: number): void;
  /** Something was thrown away, because the connection is closing or nobody reads any more. */
  discarded?(): void;
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
  #isFinishing = false;
  #isOverflown = false;
  #error: Error | undefined;
  #reader:
    | { resolve: (result: IteratorResult<Item, undefined>) => void; reject: (error: Error) => void }
    | undefined;

  constructor(control: QueueControl, weigh: (item: Item) => number) {
    this.#control = control;
    this.#weigh = weigh;
  }

  /**
   * Adds an item; pauses the connection when that fills the queue. It is thrown away when nobody
   * reads any more, or behind another one that was.
   */
  push(item: Item): void {
    if (this.#isFinishing && this.#isFull(2)) this.#isOverflown = true;
    if (this.#isClosed || this.#isOverflown) return this.#control.discarded?.();
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    this.#bytes += this.#weigh(item);
    if (this.#isFinishing || this.#isPaused || !this.#isFull(1)) return;
    this.#isPaused = true;
    this.#control.pause();
  }

  #isFull(times: number): boolean {
    const { length } = this.#items;
    return length >= times * MAX_WAITING || this.#bytes >= times * MAX_WAITING_BYTES;
  }

  /** The connection is closing: pauses it no more. */
  finish(): void {
    this.#isFinishing = true;
    this.#unpause();
  }

  /** Ends the iteration after what waits; with an error it throws there. */
  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined)
      this.#error = error; // For whoever reads next, and nobody after.
    else if (error === undefined) reader.resolve({ value: undefined, done: true });
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
    const waiting = this.#items.length;
    this.#items = [];
    this.#bytes = 0;
    this.#unpause();
    if (!this.#isClosed || waiting > 0) this.#control.leave(waiting);
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

/**
 * The iteration over a request's body.
 *
 * ```
 *   next() ─┬─ something has come ──► a piece
 *           ├─ it is complete ──────► done
 *           ├─ it failed ───────────► throws, and is done from then on
 *           └─ else waits ──────────► until one of these, or return() from anywhere: done at once
 * ```
 * Written by hand, because the `return` of a generator waits for the `next` that waits: a loop that
 * somebody else is to leave would be left when the client sends more, and not before.
 */
import { UsageError } from '../base/index.ts';

/** The body that is iterated over. */
export interface PieceSource {
  /** Claims the body. Throws when it cannot be read. */
  begin(): void;
  /** What has come since: empty when nothing has, `undefined` at the end. Throws when it failed. */
  take(): Buffer | undefined;
  /** Asks for more, and calls `wake` once when something has changed. */
  wait(wake: () => void): void;
  /** Nobody wants the rest. */
  leave(): void;
}

type Result = IteratorResult<Buffer, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Reads a body piece by piece. */
export class BodyPieces implements AsyncIterableIterator<Buffer, undefined> {
  readonly #source: PieceSource;
  #state: 'new' | 'begun' | 'over' = 'new';
  #waiting: Waiting | undefined;

  /** Reads nothing before the first `next`. */
  constructor(source: PieceSource) {
    this.#source = source;
  }

  /** Rejects with UsageError `already-reading` while another one waits. */
  next(): Promise<Result> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new UsageError('already-reading', 'a read is waiting already'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#serve();
    });
  }

  /** Discards the rest. */
  return(): Promise<Result> {
    this.#end();
    return Promise.resolve(DONE);
  }

  /** Discards the rest, and rejects. */
  throw(error: unknown): Promise<Result> {
    this.#end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Answers who waits, if that is possible. */
  #serve(): void {
    if (this.#waiting === undefined) return;
    try {
      const piece = this.#take();
      if (piece === undefined) this.#end();
      else if (piece.length > 0) this.#answer()?.resolve({ value: piece, done: false });
      // Not at once: whoever tells is in the middle of something, and leaving comes back to it.
      else this.#source.wait(() => queueMicrotask(() => this.#serve()));
    } catch (error) {
      const waiting = this.#answer();
      this.#end();
      waiting?.reject(error);
    }
  }

  #take(): Buffer | undefined {
    if (this.#state === 'over') return undefined;
    if (this.#state === 'new') {
      // Who may not read it has nothing to leave either.
      this.#state = 'over';
      this.#source.begin();
      this.#state = 'begun';
    }
    return this.#source.take();
  }

  #end(): void {
    const wasBegun = this.#state === 'begun';
    this.#state = 'over';
    if (wasBegun) this.#source.leave();
    this.#answer()?.resolve(DONE);
  }

  #answer(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

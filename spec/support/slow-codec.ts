/** permessage-deflate whose work is done when a model says so, and which tells what it is at. */
import {
  type DeflateJobDone,
  type DeflateParameters,
  MessageCodec,
  type WorkingNotice,
} from 'barewire/deflate';
import { SteppedPool } from './deflate-jobs.ts';

/** A codec whose jobs begin, go on and end when the model says so. */
export class SlowCodec {
  readonly #pool = new SteppedPool();
  readonly #codec: MessageCodec;
  readonly jobs: (() => void)[] = [];
  /** 1 while a slice of a message is being inflated, which is not while it waits for its turn. */
  inflating = 0;
  /** A piece has been given to it whose bytes have not come yet: no frame may follow it. */
  isInflating = false;
  isClosed = false;

  constructor(role: 'client' | 'server', parameters: DeflateParameters) {
    this.#codec = new MessageCodec(role, parameters, { pool: this.#pool, zlib: 'handle' });
  }

  /** Does the next bit of work; false when there is none. */
  work(): boolean {
    const next = this.#pool.steps.shift() ?? this.jobs.shift();
    next?.();
    return next !== undefined;
  }

  compress(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void {
    const copy = Uint8Array.from(payload);
    this.jobs.push(() => this.#codec.compress(copy, fin, done));
  }

  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: DeflateJobDone,
    working: WorkingNotice,
  ): void {
    const copy = Uint8Array.from(payload);
    this.isInflating = true;
    const inflated: DeflateJobDone = (error, bytes) => {
      this.isInflating = false;
      done(error, bytes);
    };
    this.jobs.push(() =>
      this.#codec.decompress(copy, fin, maxBytes, inflated, (isWorking) => {
        this.inflating = isWorking ? 1 : 0;
        working(isWorking);
      }),
    );
  }

  beginTurn(): void {
    this.#codec.beginTurn();
  }

  breakContext(): void {
    this.#codec.breakContext();
  }

  releaseIdle(): void {
    this.#codec.releaseIdle();
  }

  close(): void {
    this.isClosed = true;
    this.jobs.length = 0;
    this.#codec.close();
    // A thread that is at work ends its step, and nobody hears of it.
    while (this.work());
  }
}

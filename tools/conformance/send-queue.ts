/**
 * The order of writes: whole frames leave together, chopped ones piece by piece, and nothing
 * overtakes.
 *
 * ```
 * plain plain │ chop: p i e c e s │ plain        one write │ a write a turn … │ one write
 * ```
 * What is written within one turn of the event loop goes out as one write, as it would from any
 * peer that does not flush after each frame: the testee must find the frames by itself.
 */
import type { Clock } from './clock.ts';

/** From this size on, buffers are handed on as they are instead of being joined to others. */
const JOIN_BYTES = 256 * 1024;

interface Item {
  readonly bytes: Buffer;
  /** Octets a write; the whole when it only asks for a write of its own. */
  readonly step: number;
}

/** Writes in order and at the wanted pace. */
export class SendQueue {
  readonly #clock: Clock;
  readonly #write: (bytes: Buffer, sync: boolean) => void;
  /** Bytes of this turn that nothing paced stands before. */
  #turn: Buffer[] = [];
  /** From the first paced item on. */
  #queue: Item[] = [];
  #offset = 0;
  #isPumping = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(clock: Clock, write: (bytes: Buffer, sync: boolean) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Adds bytes; with `step`, to be written that many at a time, a turn of the event loop apart. */
  add(bytes: Buffer, step?: number): void {
    if (this.#isClosed || bytes.length === 0) return;
    if (step === undefined && this.#queue.length === 0) this.#turn.push(bytes);
    else this.#queue.push({ bytes, step: step ?? Number.POSITIVE_INFINITY });
  }

  /** Writes what this turn has gathered; starts to write what is paced. */
  flush(): void {
    this.#writeTurn();
    if (this.#isPumping || this.#queue.length === 0) return;
    this.#isPumping = true;
    this.#pump();
  }

  /** Calls `run` when everything has been written: at once, or after the last paced write. */
  whenEmpty(run: () => void): void {
    this.flush();
    if (this.#queue.length === 0) run();
    else this.#onEmpty = run;
  }

  /** Drops what has not been written. */
  close(): void {
    this.#isClosed = true;
    this.#turn = [];
    this.#queue = [];
  }

  #writeTurn(): void {
    const turn = this.#turn;
    this.#turn = [];
    let small: Buffer[] = [];
    const join = (): void => {
      if (small.length > 0)
        this.#write(small.length === 1 ? small[0]! : Buffer.concat(small), false);
      small = [];
    };
    for (const bytes of turn) {
      if (bytes.length < JOIN_BYTES) small.push(bytes);
      else {
        join();
        this.#write(bytes, false);
      }
    }
    join();
  }

  #pump(): void {
    const item = this.#queue[0];
    if (item === undefined || this.#isClosed) {
      this.#isPumping = false;
      this.#onEmpty?.();
      this.#onEmpty = undefined;
      return;
    }
    const end = Math.min(item.bytes.length, this.#offset + item.step);
    const bytes = item.bytes.subarray(this.#offset, end);
    this.#offset = end;
    if (end === item.bytes.length) {
      this.#queue.shift();
      this.#offset = 0;
    }
    this.#write(bytes, true);
    this.#clock.soon(() => this.#pump());
  }
}

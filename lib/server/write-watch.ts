/**
 * Notices a peer that does not take what is written to it.
 *
 * ```
 *  handed to the socket   ████████████████████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 *                         taken by the kernel             waiting    ▲
 *                             target: must be taken at the deadline ─┘
 * ```
 * The deadline is set when output begins to wait, and moves only when a portion of what waited then
 * has left, or all of it when it was less. A reader of one byte a second does not move it.
 */
import { Timed, type TimerWheel } from './clock.ts';

/**
 * What must leave within the write timeout: at its default of 30 s, 4 KiB/s are fast enough, as far
 * as one can see. A kernel whose buffer was full asks for more when a third of it is free: that of
 * a connection that was fast before may be 4 MiB (`tcp_wmem`), and takes 45 KiB/s then.
 */
export const PORTION_BYTES = 128 * 1024;

/** Whose output is watched. */
export interface WatchedOutput {
  /** Bytes handed over that have not been taken. */
  readonly socketBytes: number;
  /** Called when the peer does not take what waits. */
  stalled(): void;
}

/**
 * The write deadline of one connection. Exists once output has had to wait. Over TLS that is each
 * write: all of it is one object, which is a matter of cache lines with a thousand connections.
 */
export class WriteWatch extends Timed {
  readonly #timeoutMs: number;
  readonly #output: WatchedOutput;
  #handed = 0;
  #handedAt = 0;
  #target = 0;
  /** More waits than the target. */
  #isPart = false;

  constructor(wheel: TimerWheel, timeoutMs: number, output: WatchedOutput) {
    super(wheel);
    this.#timeoutMs = timeoutMs;
    this.#output = output;
  }

  /**
   * Tells that something was just handed over, or taken.
   *
   * @param handed bytes handed over in all since the beginning.
   * @param waiting how many of them have not been taken.
   */
  update(handed: number, waiting: number): void {
    const isNew = handed !== this.#handed;
    this.#handed = handed;
    if (waiting === 0) {
      this.#isPart = false;
      this.clear();
      return;
    }
    if (isNew) this.#handedAt = this.#now();
    if (this.isSet && handed - waiting < this.#target) return;
    this.#aim(waiting);
  }

  protected override happen(): void {
    const waiting = this.#output.socketBytes;
    if (waiting === 0) return;
    const isLate = !this.#isPart && this.#handedAt + this.#timeoutMs <= this.wheel.time.now();
    // What was to leave has left; the next portion, or something handed over later, still waits.
    if (this.#handed - waiting >= this.#target && !isLate) this.#aim(waiting);
    else this.#output.stalled();
  }

  #aim(waiting: number): void {
    // Behind a portion the time begins anew, whenever the rest was handed over.
    const isAnew = this.#isPart;
    this.#isPart = waiting > PORTION_BYTES;
    this.#target = this.#handed - Math.max(0, waiting - PORTION_BYTES);
    const since = isAnew || this.#isPart ? this.#now() : this.#handedAt;
    this.setAt(since + this.#timeoutMs);
  }

  /** Whole milliseconds, see {@link Timed}. */
  #now(): number {
    return Math.ceil(this.wheel.time.now());
  }
}

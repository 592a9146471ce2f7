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
import { Deadline, type TimerWheel } from './clock.ts';

/**
 * What must leave within the write timeout: at its default of 30 s, 4 KiB/s are fast enough, as far
 * as one can see. A kernel whose buffer was full asks for more when a third of it is free: that of
 * a connection that was fast before may be 4 MiB (`tcp_wmem`), and takes 45 KiB/s then.
 */
export const PORTION_BYTES = 128 * 1024;

/** The write deadline of one connection. Exists once output has had to wait. */
export class WriteWatch {
  readonly #wheel: TimerWheel;
  readonly #timeoutMs: number;
  readonly #waitingBytes: () => number;
  readonly #onStall: () => void;
  readonly #deadline: Deadline<WriteWatch>;
  #handed = 0;
  #handedAt = 0;
  #target = 0;
  /** More waits than the target. */
  #isPart = false;

  /**
   * Begins to watch.
   *
   * @param waitingBytes tells how many of the bytes handed over have not been taken.
   */
  constructor(
    wheel: TimerWheel,
    timeoutMs: number,
    waitingBytes: () => number,
    onStall: () => void,
  ) {
    this.#wheel = wheel;
    this.#timeoutMs = timeoutMs;
    this.#waitingBytes = waitingBytes;
    this.#onStall = onStall;
    this.#deadline = new Deadline<WriteWatch>(wheel, this, checkStall);
  }

  /** Tells that something was just handed over, `handed` bytes in all since the beginning. */
  update(handed: number): void {
    const waiting = this.#waitingBytes();
    const isNew = handed !== this.#handed;
    this.#handed = handed;
    if (waiting === 0) {
      this.#isPart = false;
      this.#deadline.clear();
      return;
    }
    if (isNew) this.#handedAt = this.#wheel.time.now();
    if (this.#deadline.isSet && handed - waiting < this.#target) return;
    this.#aim(waiting);
  }

  /** Stops. */
  stop(): void {
    this.#deadline.clear();
  }

  /** @internal */
  check(): void {
    const waiting = this.#waitingBytes();
    if (waiting === 0) return;
    const isLate = !this.#isPart && this.#handedAt + this.#timeoutMs <= this.#wheel.time.now();
    // What was to leave has left; the next portion, or something handed over later, still waits.
    if (this.#handed - waiting >= this.#target && !isLate) this.#aim(waiting);
    else this.#onStall();
  }

  #aim(waiting: number): void {
    // Behind a portion the time begins anew, whenever the rest was handed over.
    const isAnew = this.#isPart;
    this.#isPart = waiting > PORTION_BYTES;
    this.#target = this.#handed - Math.max(0, waiting - PORTION_BYTES);
    const since = isAnew || this.#isPart ? this.#wheel.time.now() : this.#handedAt;
    this.#deadline.setAt(since + this.#timeoutMs);
  }
}

function checkStall(watch: WriteWatch): void {
  watch.check();
}

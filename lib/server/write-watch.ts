/**
 * Notices a peer that does not take what is written to it.
 *
 * ```
 *  handed to the socket   ████████████████████████████████▒▒▒▒▒▒▒▒▒▒
 *                         taken by the kernel             ▲ waiting
 *                                            target ──────┘ must be taken at the deadline
 * ```
 * The deadline is set when output begins to wait and moves only when all that waited then has left.
 * A reader of one byte a second does not move it.
 */
import { Deadline, type TimerWheel } from './clock.ts';

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
      this.#deadline.clear();
      return;
    }
    if (isNew) this.#handedAt = this.#wheel.time.now();
    if (this.#deadline.isSet && handed - waiting < this.#target) return;
    this.#target = handed;
    this.#deadline.setAt(this.#handedAt + this.#timeoutMs);
  }

  /** Stops. */
  stop(): void {
    this.#deadline.clear();
  }

  /** @internal */
  check(): void {
    const waiting = this.#waitingBytes();
    if (waiting === 0) return;
    const dueAt = this.#handedAt + this.#timeoutMs;
    const hasLeft = this.#handed - waiting >= this.#target;
    if (!hasLeft || dueAt <= this.#wheel.time.now()) {
      this.#onStall();
      return;
    }
    // What was to leave has left; something that was handed over later still waits.
    this.#target = this.#handed;
    this.#deadline.setAt(dueAt);
  }
}

function checkStall(watch: WriteWatch): void {
  watch.check();
}

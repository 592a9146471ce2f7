/**
 * One timer for all connections: about once a second everybody compares its deadlines with the
 * clock.
 *
 * A timer per connection and deadline would cost more than the connection; a comparison per second
 * does not show. Deadlines are late by one interval at most. The timer runs while somebody is
 * there, and an interval longer; it never keeps the process alive.
 */

/** Something with deadlines. */
export interface Tickable {
  tick(nowMs: number): void;
}

/** Calls `tick` of its members; replaced by a fake in specs. */
export interface Ticker {
  /** The time in ms, on a clock that does not go back. */
  now(): number;
  add(member: Tickable): void;
  delete(member: Tickable): void;
}

const INTERVAL_MS = 1000;

const clocks = new WeakMap<Ticker, () => number>();

/** The clock of a ticker as a function, the same one for everybody. */
export function clockOf(ticker: Ticker): () => number {
  let clock = clocks.get(ticker);
  if (clock === undefined) {
    clock = () => ticker.now();
    clocks.set(ticker, clock);
  }
  return clock;
}

/** A ticker on the system's monotonic clock. */
export class IntervalTicker implements Ticker {
  readonly #members = new Set<Tickable>();
  #timer: NodeJS.Timeout | undefined;

  now(): number {
    return performance.now();
  }

  add(member: Tickable): void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => this.#tickAll(), INTERVAL_MS).unref();
  }

  delete(member: Tickable): void {
    this.#members.delete(member);
  }

  /** Ends when nobody is there: many connections are short, and a timer each would be dear. */
  #tickAll(): void {
    if (this.#members.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const nowMs = this.now();
    for (const member of this.#members) member.tick(nowMs);
  }
}

/** The process's ticker. */
export const systemTicker: Ticker = new IntervalTicker();

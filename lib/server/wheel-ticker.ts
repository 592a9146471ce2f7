/** The clock of WebSocket peers, driven by the server's wheel: one deadline for all of them. */
import type { Tickable, Ticker } from '../peer/index.ts';
import { Deadline, type TimerWheel } from './clock.ts';

const INTERVAL_MS = 1000;

/** Calls its members about once a second, and only while there are some. */
export class WheelTicker implements Ticker {
  readonly #wheel: TimerWheel;
  readonly #members = new Set<Tickable>();
  readonly #deadline: Deadline<WheelTicker>;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
    this.#deadline = new Deadline<WheelTicker>(wheel, this, tickAll);
  }

  now(): number {
    return this.#wheel.time.now();
  }

  add(member: Tickable): void {
    this.#members.add(member);
    if (!this.#deadline.isSet) this.#deadline.setIn(INTERVAL_MS);
  }

  delete(member: Tickable): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#deadline.clear();
  }

  /** @internal */
  tickAll(): void {
    const now = this.now();
    this.#deadline.setIn(INTERVAL_MS);
    for (const member of this.#members) member.tick(now);
  }
}

function tickAll(ticker: WheelTicker): void {
  ticker.tickAll();
}

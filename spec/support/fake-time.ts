import type { TimeSource } from 'barewire/server';

/** A clock that stands still until a spec turns it. */
export class FakeTime implements TimeSource {
  #now = 1_000;
  readonly #epochStart = 784_111_777_000;
  readonly #tickers = new Set<{ everyMs: number; nextAt: number; tick: () => void }>();

  now(): number {
    return this.#now;
  }

  epochNow(): number {
    return this.#epochStart + this.#now;
  }

  /** How many timers would be running. */
  get tickers(): number {
    return this.#tickers.size;
  }

  startTicking(intervalMs: number, tick: () => void): () => void {
    const ticker = { everyMs: intervalMs, nextAt: this.#now + intervalMs, tick };
    this.#tickers.add(ticker);
    return () => this.#tickers.delete(ticker);
  }

  /** Lets time pass, tick by tick. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#tickers].filter((ticker) => ticker.nextAt <= end);
      if (due.length === 0) break;
      const next = due.reduce((first, other) => (other.nextAt < first.nextAt ? other : first));
      this.#now = Math.max(this.#now, next.nextAt);
      next.nextAt += next.everyMs;
      next.tick();
    }
    this.#now = end;
  }

  /** Lets time pass as when the machine sleeps: one late tick, and no more. */
  sleep(ms: number): void {
    this.#now += ms;
    for (const ticker of [...this.#tickers]) {
      ticker.nextAt = this.#now + ticker.everyMs;
      ticker.tick();
    }
  }
}

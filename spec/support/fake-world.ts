/** A clock, alarms and lots in the hands of a spec. */
import { randomBytes } from 'node:crypto';
import type { ClientWorld } from 'barewire/client';

/** Time stands still until `advance`; lots are what was put in. */
export class FakeWorld implements ClientWorld {
  #nowMs = 0;
  #alarms: { atMs: number; due: () => void }[] = [];
  readonly randomBytes = randomBytes;
  /** What `random` returns from now on. */
  lot = 0.5;

  readonly random = (): number => this.lot;
  readonly now = (): number => this.#nowMs;
  readonly epochNow = (): number => 784_111_777_000 + this.#nowMs;

  readonly after = (delayMs: number, due: () => void): (() => void) => {
    const alarm = { atMs: this.#nowMs + delayMs, due };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  };

  /** When the alarms are due, from now, in ms. */
  get waiting(): number[] {
    return this.#alarms.map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Lets time pass; alarms go off in their order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#alarms
        .filter(({ atMs }) => atMs <= endMs)
        .sort((left, right) => left.atMs - right.atMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#alarms = this.#alarms.filter((other) => other !== next);
      next.due();
    }
    this.#nowMs = endMs;
  }
}

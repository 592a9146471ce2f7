/**
 * How long to wait before the next attempt: longer each time, and never as long as everybody else.
 *
 * ```
 *   delay = min(maxDelayMs, from minDelayMs to 3 × the delay before, by lot)
 *
 *   minDelayMs 1 s    1 – 3 s · 1 – 9 s · 1 – 27 s · 1 – 30 s …         maxDelayMs 30 s
 * ```
 * A server that restarts loses all its clients at once. If they come back at the same time it
 * falls again; the lot spreads them, and each further failure spreads them wider. Delays start anew
 * once a connection has lasted: one that is cut right after it opened counts as a failure.
 *
 * The clock and the lots come in from outside; nothing here waits.
 */
import { UsageError } from '../base/index.ts';

/** When to try again. Times in ms. */
export interface BackoffOptions {
  /** The shortest delay, from 1; default 1 s. */
  readonly minDelayMs?: number | undefined;
  /** The longest delay; default 30 s. */
  readonly maxDelayMs?: number | undefined;
  /** Attempts in a row without a lasting connection; default Infinity. */
  readonly maxAttempts?: number | undefined;
  /** A connection that was open for so long has lasted; default 10 s. */
  readonly stableMs?: number | undefined;
}

/** What a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const GROWTH = 3;

/** Delays of one client. */
export class Backoff {
  readonly #world: { readonly now: () => number; readonly random: () => number };
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #maxAttempts: number;
  readonly #stableMs: number;
  #attempts = 0;
  #delayMs: number;
  #openSinceMs: number | undefined;

  /**
   * @param world a clock that does not go back, and lots from 0 to below 1.
   * @throws UsageError `invalid-option` for a value out of range.
   */
  constructor(
    options: BackoffOptions,
    world: { readonly now: () => number; readonly random: () => number },
  ) {
    this.#world = world;
    this.#minDelayMs = inRange('minDelayMs', options.minDelayMs ?? 1000, 1, MAX_TIMER_MS);
    const maxDelayMs = options.maxDelayMs ?? Math.max(30_000, this.#minDelayMs);
    this.#maxDelayMs = inRange('maxDelayMs', maxDelayMs, this.#minDelayMs, MAX_TIMER_MS);
    this.#stableMs = inRange('stableMs', options.stableMs ?? 10_000, 0, MAX_TIMER_MS);
    const { maxAttempts = Number.POSITIVE_INFINITY } = options;
    const isCount = Number.isSafeInteger(maxAttempts) || maxAttempts === Number.POSITIVE_INFINITY;
    if (!isCount || maxAttempts < 0) {
      throw new UsageError('invalid-option', 'maxAttempts is a whole number from 0, or Infinity');
    }
    this.#maxAttempts = maxAttempts;
    this.#delayMs = this.#minDelayMs;
  }

  /** Attempts in a row that {@link next} has allowed. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Notes that a connection is open. */
  opened(): void {
    this.#openSinceMs = this.#world.now();
  }

  /**
   * The connection is lost, or the attempt has failed: how long to wait, in ms. `undefined` when
   * there has been enough of it.
   */
  next(): number | undefined {
    const since = this.#openSinceMs;
    this.#openSinceMs = undefined;
    if (since !== undefined && this.#world.now() - since >= this.#stableMs) this.#reset();
    if (this.#attempts >= this.#maxAttempts) return undefined;
    this.#attempts += 1;
    const width = this.#delayMs * GROWTH - this.#minDelayMs;
    const delayMs = this.#minDelayMs + this.#world.random() * width;
    this.#delayMs = Math.min(this.#maxDelayMs, Math.round(delayMs));
    return this.#delayMs;
  }

  #reset(): void {
    this.#attempts = 0;
    this.#delayMs = this.#minDelayMs;
  }
}

/** @throws UsageError `invalid-option` unless it is a number in the range. */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new UsageError(
    'invalid-option',
    `${name} is a number from ${min} to ${max}, not ${String(value)}`,
  );
}

/**
 * Waiting for room: who writes too fast is told when to go on.
 *
 * Each one who waits says what room means: a message that is written piece by piece must not wait
 * for messages that wait for its own end.
 */
import { unlessAborted } from './signals.ts';

interface Waiter {
  readonly hasRoom: () => boolean;
  readonly resolve: () => void;
}

/** Those who wait for one connection. */
export class Room {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves when `hasRoom` says so: now, at a {@link check}, or at {@link release}. Rejects with
   * the signal's reason when that comes first.
   */
  wait(hasRoom: () => boolean, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (hasRoom()) return Promise.resolve();
    let resolve!: () => void;
    const waited = new Promise<void>((done) => {
      resolve = done;
    });
    const waiter = { hasRoom, resolve };
    this.#waiters.add(waiter);
    if (signal === undefined) return waited;
    return unlessAborted(waited, signal, () => this.#waiters.delete(waiter));
  }

  /** Something has left: whoever has room now goes on. */
  check(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.hasRoom()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Nobody has to wait any more. */
  release(): void {
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters.clear();
  }
}

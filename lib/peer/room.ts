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
  #waiters: Set<Waiter> | undefined;

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
    this.#waiters ??= new Set();
    this.#waiters.add(waiter);
    if (signal === undefined) return waited;
    return unlessAborted(waited, signal, () => this.#waiters?.delete(waiter));
  }

  /** Something has left: whoever has room now goes on. */
  check(): void {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    for (const waiter of waiters) {
      if (!waiter.hasRoom()) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
    if (waiters.size === 0) this.#waiters = undefined;
  }

  /** Nobody has to wait any more. */
  release(): void {
    for (const { resolve } of this.#waiters ?? []) resolve();
    this.#waiters = undefined;
  }
}

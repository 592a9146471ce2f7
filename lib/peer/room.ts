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
  #waiters: Waiter[] | undefined;

  /**
   * Resolves when `hasRoom` says so: now, at a {@link check}, or at {@link release}. Rejects with
   * the signal's reason when that comes first.
   */
  wait(hasRoom: () => boolean, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (hasRoom()) return Promise.resolve();
    let waiter: Waiter | undefined;
    const waited = new Promise<void>((resolve) => {
      waiter = { hasRoom, resolve };
      this.#waiters ??= [];
      this.#waiters.push(waiter);
    });
    if (signal === undefined) return waited;
    return unlessAborted(waited, signal, () => {
      this.#waiters = this.#waiters?.filter((other) => other !== waiter);
    });
  }

  /** Something has left: whoever has room now goes on. */
  check(): void {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    const rest = waiters.filter(({ hasRoom, resolve }) => {
      if (!hasRoom()) return true;
      resolve();
      return false;
    });
    this.#waiters = rest.length > 0 ? rest : undefined;
  }

  /** Nobody has to wait any more. */
  release(): void {
    for (const { resolve } of this.#waiters ?? []) resolve();
    this.#waiters = undefined;
  }
}

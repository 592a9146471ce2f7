/**
 * Waiting for room: who writes too fast is told when to go on.
 *
 * Each one who waits says what room means: a message that is written piece by piece must not wait
 * for messages that wait for its own end.
 */

interface Waiter {
  readonly hasRoom: () => boolean;
  readonly resolve: () => void;
}

/** Those who wait for one connection. */
export class Room {
  #waiters: Waiter[] | undefined;

  /** Resolves when `hasRoom` says so: now, at a {@link check}, or at {@link release}. */
  wait(hasRoom: () => boolean): Promise<void> {
    if (hasRoom()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters ??= [];
      this.#waiters.push({ hasRoom, resolve });
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

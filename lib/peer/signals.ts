/**
 * Waiting, but no longer than until a signal; and taking back what has not begun.
 *
 * A signal often outlives what it is given to: a server's own, given to every `send`. So whoever
 * listens to it stops listening as soon as there is nothing left to abort.
 */

/**
 * Settles as `waited` does, or rejects with the signal's reason when that comes first.
 *
 * @param given called when the signal comes first: nobody waits any more.
 */
export function unlessAborted<Value>(
  waited: Promise<Value>,
  signal: AbortSignal,
  given: () => void = () => {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      given();
      reject(signal.reason);
    };
    if (signal.aborted) {
      abort();
      // Its failure is for nobody any more.
      waited.catch(() => {});
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    // Before the promise settles: who waited for it may look.
    const leave = (): void => signal.removeEventListener('abort', abort);
    waited.finally(leave).then(resolve, reject);
  });
}

/**
 * Begins to wait for something that may end badly with nobody's fault: a fire-and-forget `ping()`
 * must not end the process because its peer went away. Who awaits the promise still gets the
 * rejection. What `begin` throws is a mistake of the caller's, and stays loud when nobody listens.
 */
export function waitQuietly<Value>(begin: () => Promise<Value>): Promise<Value> {
  let waited: Promise<Value>;
  try {
    waited = begin();
  } catch (error) {
    return Promise.reject(error);
  }
  waited.catch(() => {});
  return waited;
}

/** Messages of one peer that their senders may still take back. */
export class Withdrawals {
  #watched: Set<() => void> | undefined;
  /** Messages that were taken back. */
  count = 0;

  /**
   * Calls `withdraw` when the signal is aborted; true says that nothing of the message was sent.
   *
   * @returns ends the watch: the message has begun, or is gone.
   */
  watch(signal: AbortSignal, withdraw: () => boolean): () => void {
    this.#watched ??= new Set();
    const watched = this.#watched;
    const forget = (): void => {
      signal.removeEventListener('abort', abort);
      watched.delete(forget);
    };
    const abort = (): void => {
      forget();
      if (withdraw()) this.count += 1;
    };
    signal.addEventListener('abort', abort, { once: true });
    watched.add(forget);
    return forget;
  }

  /** The connection is over. */
  stop(): void {
    for (const forget of this.#watched ?? []) forget();
  }
}

/**
 * Waiting, but no longer than until a signal; and taking back what has not begun.
 *
 * A signal often outlives what it is given to: a server's own, given to every `send`. So whoever
 * listens to it stops listening as soon as there is nothing left to abort. And as many messages may
 * wait with the same one, it has one listener for all of them: a signal looks through all of its
 * listeners for each that comes or goes.
 */
import { callSafely } from '../base/index.ts';

/** Those who wait for a signal. */
class Watch {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  add(callback: () => void): void {
    this.#callbacks.add(callback);
  }

  delete(callback: () => void): void {
    if (!this.#callbacks.delete(callback) || this.#callbacks.size > 0) return;
    this.#signal.removeEventListener('abort', this.#abort);
    watches.delete(this.#signal);
  }

  readonly #abort = (): void => {
    watches.delete(this.#signal);
    for (const callback of this.#callbacks) {
      // As an event's listeners: what one throws is loud, and silences none behind it.
      callSafely(callback, (error) => {
        process.nextTick(() => {
          throw error;
        });
      });
    }
  };
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Calls back when a signal is aborted that is not yet; in O(1), however many wait for it.
 *
 * @param callback a function of its own for each call.
 * @returns ends the waiting.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = new Watch(signal);
    watches.set(signal, watch);
  }
  watch.add(callback);
  return () => watch.delete(callback);
}

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
    const leave = onAbort(signal, abort);
    // Before the promise settles: who waited for it may look.
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
    const leave = onAbort(signal, () => {
      forget();
      if (withdraw()) this.count += 1;
    });
    const forget = (): void => {
      leave();
      watched.delete(forget);
    };
    watched.add(forget);
    return forget;
  }

  /** The connection is over. */
  stop(): void {
    for (const forget of this.#watched ?? []) forget();
  }
}

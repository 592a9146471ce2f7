/**
 * Time as the fuzzer needs it: now, later, and "after the event loop has had a turn".
 *
 * The real one is here; the self-tests bring one that jumps, so that a suite full of one-second
 * timers runs in no time and always in the same order.
 */

/** Something that may be called off. */
export interface Timer {
  cancel(): void;
}

/** A source of time. */
export interface Clock {
  /** Milliseconds since an arbitrary point; never goes back. */
  now(): number;
  /** Calls `run` after `ms` milliseconds. */
  after(ms: number, run: () => void): Timer;
  /** Calls `run` when the event loop has turned. */
  soon(run: () => void): void;
}

/** The time of this machine. */
export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    let isCancelled = false;
    // What has arrived is read before time is up: the loop turns once between the two, or a fuzzer
    // that was busy would blame the testee.
    const timer = setTimeout(() => setImmediate(() => isCancelled || run()), ms);
    return {
      cancel() {
        isCancelled = true;
        clearTimeout(timer);
      },
    };
  },
  soon: (run) => void setImmediate(run),
};

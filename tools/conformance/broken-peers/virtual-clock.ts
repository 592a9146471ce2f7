/**
 * Time that jumps: what is due next happens next, whether that is in a microsecond or in a second.
 */
import type { Clock, Timer } from '../clock.ts';

interface Job {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock for simulations. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #soon: (() => void)[] = [];
  readonly #later = new Set<Job>();
  #jobs = 0;
  #wake: () => void = () => {};

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    this.#order += 1;
    const job = { at: this.#now + ms, order: this.#order, run };
    this.#later.add(job);
    return { cancel: () => void this.#later.delete(job) };
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  /** Work outside of this time has begun: no time passes until the returned function is called. */
  beginJob(): () => void {
    this.#jobs += 1;
    return () => {
      this.#jobs -= 1;
      this.#wake();
    };
  }

  /**
   * Runs everything that is due, now and later, until nothing is or `isDone` says so.
   *
   * @returns false when nothing was left to do before `isDone`.
   */
  async runUntil(isDone: () => boolean): Promise<boolean> {
    while (!isDone()) {
      if (this.#soon.length > 0) {
        const jobs = this.#soon;
        this.#soon = [];
        for (const job of jobs) job();
        continue;
      }
      if (this.#jobs > 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const next = this.#next();
      if (next === undefined) return false;
      this.#later.delete(next);
      this.#now = next.at;
      next.run();
    }
    return true;
  }

  #next(): Job | undefined {
    let first: Job | undefined;
    for (const job of this.#later) {
      const isEarlier =
        first === undefined ||
        job.at < first.at ||
        (job.at === first.at && job.order < first.order);
      if (isEarlier) first = job;
    }
    return first;
  }
}

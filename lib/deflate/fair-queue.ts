/**
 * Turns in the thread pool.
 *
 * Large jobs are cut into slices, and everybody's next slice waits behind everybody else's: a
 * connection that compresses 16 MiB and one that compresses 100 KiB advance side by side. Two at a
 * time, so that file system and name look-ups, which share the pool, do not starve either.
 *
 * ```
 * add → waiting → ready → running → ready → … → finished
 *        (more than maxStarted jobs would hold too much zlib state at once)
 * ```
 */

/** Work that is done in slices. */
export interface SlicedJob {
  /**
   * Starts the next slice and calls `done` when it has ended, later, exactly once; `isFinished`
   * tells whether it was the last.
   */
  runSlice(done: (isFinished: boolean) => void): void;
}

/** Runs the slices of all jobs in turn. */
export class FairQueue {
  readonly #maxRunning: number;
  readonly #maxStarted: number;
  /** Sets keep their order and delete in O(1). */
  readonly #waiting = new Set<SlicedJob>();
  readonly #ready = new Set<SlicedJob>();
  #running = 0;

  /** Lets `maxRunning` slices run at a time, and `maxStarted` jobs take turns. */
  constructor(maxRunning = 2, maxStarted = 16) {
    this.#maxRunning = maxRunning;
    this.#maxStarted = maxStarted;
  }

  /** Jobs that are not finished. */
  get length(): number {
    return this.#waiting.size + this.#ready.size + this.#running;
  }

  /** Adds a job at the end. */
  add(job: SlicedJob): void {
    const hasPlace = this.#ready.size + this.#running < this.#maxStarted;
    (hasPlace ? this.#ready : this.#waiting).add(job);
    this.#pump();
  }

  /** Takes a job out. Returns false when a slice of it is running: `done` will be called then. */
  remove(job: SlicedJob): boolean {
    const wasReady = this.#ready.delete(job);
    if (wasReady) this.#promote();
    return wasReady || this.#waiting.delete(job);
  }

  #pump(): void {
    while (this.#running < this.#maxRunning) {
      const job = first(this.#ready);
      if (job === undefined) return;
      this.#ready.delete(job);
      this.#running += 1;
      job.runSlice((isFinished) => {
        this.#running -= 1;
        if (!isFinished) this.#ready.add(job);
        this.#promote();
        this.#pump();
      });
    }
  }

  #promote(): void {
    while (this.#ready.size + this.#running < this.#maxStarted) {
      const job = first(this.#waiting);
      if (job === undefined) return;
      this.#waiting.delete(job);
      this.#ready.add(job);
    }
  }
}

function first(jobs: ReadonlySet<SlicedJob>): SlicedJob | undefined {
  return jobs.values().next().value;
}

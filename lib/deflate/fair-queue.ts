/**
 * Turns in the thread pool.
 *
 * Large jobs are cut into slices, and everybody's next slice waits behind everybody else's: a
 * connection that compresses 16 MiB and one that compresses 100 KiB advance side by side. Two at a
 * time, so that file system and name look-ups, which share the pool, do not starve either.
 *
 * ```
 *        lanes, by the work of a job        turns
 * add →  up to 256 KiB   waiting → ready ┐  every second one: the first lane that has a job
 *        up to 1 MiB     waiting → ready ├► those between: round all lanes
 *        up to 4 MiB     waiting → ready │
 *        more            waiting → ready ┘
 * ```
 * Started jobs hold zlib state, and results that nobody has yet; so each lane starts only so many,
 * and the others wait for one of them to finish: for jobs no longer than four times themselves,
 * never for the large ones of somebody else. The short lane is preferred, and none is left out.
 *
 * A job that turns out to be larger goes on in the next lane. What it has made so far waits with
 * it; so each lane has room for 16 MiB of such jobs, and who comes behind them stands still in the
 * place that it has. Then short jobs do wait for large ones: behind some eighty that grow.
 */

/** Work that is done in slices. */
export interface SlicedJob {
  /**
   * Bytes of work that the job is known to be: its input, or its output once that is more. May grow
   * from slice to slice; not read when it is finished.
   */
  readonly workBytes: number;
  /**
   * Starts the next slice and calls `done` when it has ended, later, exactly once; `isFinished`
   * tells whether it was the last.
   */
  runSlice(done: (isFinished: boolean) => void): void;
}

/** The most work of a job of each lane but the last. */
const LANE_BYTES = [256 * 1024, 1024 * 1024, 4 * 1024 * 1024];

/** What jobs that have grown may hold while they wait for a place in a lane, in bytes. */
const GROWN_BYTES = 16 * 1024 * 1024;
/** From so many that wait for their first turn on, no other had better be begun outside. */
const CROWD = 64;

/** Jobs of about the same length. Sets keep their order and delete in O(1). */
class Lane {
  readonly waiting = new Set<SlicedJob>();
  /**
   * Stands behind what has been taken from the front. A new iterator would step over what was
   * deleted there each time: 20 µs with 100,000 that wait.
   */
  #front = this.waiting.values();
  readonly ready = new Set<SlicedJob>();
  /** Those of the waiting that have grown: they hold what they have made in a shorter lane. */
  readonly #grown = new Set<SlicedJob>();
  /** Those that have outgrown the lane, and keep their places in it until the next one has room. */
  readonly stuck = new Set<SlicedJob>();
  running = 0;
  readonly #maxStarted: number;
  readonly #maxGrown: number;

  constructor(maxStarted: number, maxGrown: number) {
    this.#maxStarted = maxStarted;
    this.#maxGrown = maxGrown;
  }

  get length(): number {
    return this.waiting.size + this.ready.size + this.stuck.size + this.running;
  }

  get hasPlace(): boolean {
    return this.ready.size + this.stuck.size + this.running < this.#maxStarted;
  }

  /** Whether a job that has grown can come here. */
  get hasRoom(): boolean {
    return this.hasPlace || this.#grown.size < this.#maxGrown;
  }

  add(job: SlicedJob, isGrown: boolean): void {
    if (this.hasPlace) {
      this.ready.add(job);
      return;
    }
    this.waiting.add(job);
    if (isGrown) this.#grown.add(job);
  }

  /** Takes a job out that is not running; false when it is not there. */
  remove(job: SlicedJob): boolean {
    this.#grown.delete(job);
    return this.waiting.delete(job) || this.ready.delete(job) || this.stuck.delete(job);
  }

  /** The first that waits; whoever asks takes it out. */
  #oldest(): SlicedJob | undefined {
    const next = this.#front.next();
    if (!next.done) return next.value;
    this.#front = this.waiting.values();
    return this.#front.next().value;
  }

  /** Gives the places that are free to those that wait. */
  promote(): void {
    while (this.hasPlace) {
      const job = this.#oldest();
      if (job === undefined) return;
      this.waiting.delete(job);
      this.#grown.delete(job);
      this.ready.add(job);
    }
  }
}

/** Runs the slices of all jobs in turn. */
export class FairQueue {
  readonly #maxRunning: number;
  readonly #lanes: readonly Lane[];
  #running = 0;
  #turn = 0;

  /** Lets `maxRunning` slices run at a time, and `maxStarted` jobs of each lane take turns. */
  constructor(maxRunning = 2, maxStarted = 8) {
    this.#maxRunning = maxRunning;
    const before = [GROWN_BYTES, ...LANE_BYTES];
    this.#lanes = before.map((bytes) => new Lane(maxStarted, GROWN_BYTES / bytes));
  }

  /**
   * Whether so many short jobs wait that another one had better not be begun before its turn: what
   * it makes would wait with it.
   */
  get isCrowded(): boolean {
    return this.#lanes[0]!.waiting.size >= CROWD;
  }

  /** Jobs that are not finished. */
  get length(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.length, 0);
  }

  /** Adds a job at the end of its lane. */
  add(job: SlicedJob): void {
    this.#lanes[laneOf(job.workBytes)]!.add(job, false);
    this.#pump();
  }

  /** Takes a job out. Returns false when a slice of it is running: `done` will be called then. */
  remove(job: SlicedJob): boolean {
    if (!this.#lanes.some((lane) => lane.remove(job))) return false;
    this.#promote();
    return true;
  }

  /** A job goes on: in its lane, in the one that it has grown into, or not before that has room. */
  #goOn(job: SlicedJob, from: Lane): void {
    const lane = this.#lanes[laneOf(job.workBytes)]!;
    if (lane !== from && !lane.hasRoom) from.stuck.add(job);
    else lane.add(job, lane !== from);
  }

  /** Gives free places away, the last lane first: who moves up makes room for those behind. */
  #promote(): void {
    for (const lane of this.#lanes.toReversed()) {
      for (const job of lane.stuck) {
        const next = this.#lanes[laneOf(job.workBytes)]!;
        if (!next.hasRoom) continue;
        lane.stuck.delete(job);
        next.add(job, true);
      }
      lane.promote();
    }
  }

  #pump(): void {
    while (this.#running < this.#maxRunning) {
      const lane = this.#nextLane();
      if (lane === undefined) return;
      const job = first(lane.ready)!;
      lane.ready.delete(job);
      lane.running += 1;
      this.#running += 1;
      job.runSlice((isFinished) => {
        lane.running -= 1;
        this.#running -= 1;
        // Before anybody is promoted: its own place is free, unless it has outgrown the lane.
        if (!isFinished) this.#goOn(job, lane);
        this.#promote();
        this.#pump();
      });
    }
  }

  #nextLane(): Lane | undefined {
    const count = this.#lanes.length;
    this.#turn = (this.#turn + 1) % (2 * count);
    const from = this.#turn % 2 === 0 ? this.#turn / 2 : 0;
    for (let step = 0; step < count; step += 1) {
      const lane = this.#lanes[(from + step) % count]!;
      if (lane.ready.size > 0) return lane;
    }
    return undefined;
  }
}

function laneOf(bytes: number): number {
  const index = LANE_BYTES.findIndex((most) => bytes <= most);
  return index === -1 ? LANE_BYTES.length : index;
}

function first(jobs: ReadonlySet<SlicedJob>): SlicedJob | undefined {
  return jobs.values().next().value;
}

/**
 * Time, and one wheel for all deadlines.
 *
 * ```
 *  tick:      0     1     2     3   …  511        a slot is a ring of deadlines
 *           ┌───┐ ┌───┐ ┌───┐ ┌───┐   ┌───┐
 *  slots:   │ ● │ │   │ │●●●│ │   │ … │ ● │      128 ms each, 65 s around
 *           └───┘ └───┘ └───┘ └───┘   └───┘
 *             ▲ now
 * ```
 * A server with 10,000 connections has 10,000 deadlines that are set and moved with every request
 * and almost never fire. Here setting one is a link in a ring, and moving one to a later time is a
 * single store: it stays in its slot, and is put where it belongs when the slot comes by. What is
 * further away than one turn waits in its slot for another turn.
 *
 * Nothing fires early; what is due fires within two ticks. The only timer behind it is not
 * referenced, so that no deadline keeps a process alive, and it runs only while a deadline is set.
 */

/** Where time comes from: the system's, or a clock that a spec turns by hand. */
export interface TimeSource {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  epochNow(): number;
  /** Calls `tick` about every `intervalMs`, until the returned function is called. */
  startTicking(intervalMs: number, tick: () => void): () => void;
}

/** The system's clocks. */
export const SYSTEM_TIME: TimeSource = Object.freeze({
  now: () => performance.now(),
  epochNow: () => Date.now(),
  startTicking(intervalMs: number, tick: () => void): () => void {
    const timer = setInterval(tick, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
});

const TICK_MS = 128;
const SLOTS = 512;

/** An element of a ring. A ring's own element stands for its beginning and end. */
class Link {
  before: Link = this;
  after: Link = this;

  moveInto(ring: Link): void {
    this.unlink();
    this.before = ring.before;
    this.after = ring;
    ring.before.after = this;
    ring.before = this;
  }

  unlink(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

/** Stands for no time. No number with a fraction: V8 would keep those outside of the object. */
const UNSET = -1;

/**
 * One moment at which something happens, unless it is moved or cleared before. An object for as
 * long as its owner lives; setting it again and again costs nothing. Times are whole milliseconds
 * of the wheel's clock, rounded up.
 */
export abstract class Timed extends Link {
  protected readonly wheel: TimerWheel;
  /** @internal When it fires. */
  due = UNSET;
  /** @internal The time whose slot it is in: earlier than `due` when it was moved to later. */
  slotAt = UNSET;

  constructor(wheel: TimerWheel) {
    super();
    this.wheel = wheel;
  }

  /** What happens then. What it throws ends the tick. */
  protected abstract happen(): void;

  /** Whether it will fire. */
  get isSet(): boolean {
    return this.due !== UNSET;
  }

  /** When it fires, on the wheel's clock; `Infinity` when it is not set. */
  get dueAt(): number {
    return this.isSet ? this.due : Number.POSITIVE_INFINITY;
  }

  /** Sets or moves it to `delayMs` from now; `Infinity` clears it. */
  setIn(delayMs: number): void {
    this.setAt(this.wheel.time.now() + delayMs);
  }

  /** Sets or moves it to a time of the wheel's clock, in ms; `Infinity` clears it. */
  setAt(dueAt: number): void {
    if (dueAt === Number.POSITIVE_INFINITY) {
      this.clear();
      return;
    }
    const isNew = !this.isSet;
    this.due = Math.max(Math.ceil(dueAt), 0);
    if (isNew) this.wheel.add(this);
    else if (this.due < this.slotAt) this.wheel.move(this);
  }

  /** Makes sure that it does not fire. */
  clear(): void {
    if (!this.isSet) return;
    this.due = UNSET;
    this.wheel.remove(this);
  }

  /** @internal */
  fire(): void {
    this.clear();
    this.happen();
  }
}

/** All deadlines of a server. */
export class TimerWheel {
  readonly time: TimeSource;
  readonly #slots: Link[] = Array.from({ length: SLOTS }, () => new Link());
  /** The last tick whose slot was visited. */
  #tick: number;
  #stopTicking: (() => void) | undefined;
  /** Deadlines in the slots. */
  #count = 0;

  /** Makes a wheel that stands still until a deadline is set. */
  constructor(time: TimeSource = SYSTEM_TIME) {
    this.time = time;
    this.#tick = Math.floor(time.now() / TICK_MS);
  }

  /** How many deadlines are set. */
  get length(): number {
    return this.#count;
  }

  /** @internal Puts a new deadline into the slot of its time. */
  add(deadline: Timed): void {
    this.#count += 1;
    if (this.#stopTicking === undefined) {
      this.#tick = Math.floor(this.time.now() / TICK_MS);
      this.#stopTicking = this.time.startTicking(TICK_MS, () => this.#turn());
    }
    this.move(deadline);
  }

  /** @internal Puts a deadline into the slot of its time. */
  move(deadline: Timed): void {
    // Rounded up, so that the slot comes by when the time is over and not before; and never the
    // slot that was just visited.
    const tick = Math.max(Math.ceil(deadline.due / TICK_MS), this.#tick + 1);
    deadline.slotAt = deadline.due;
    deadline.moveInto(this.#slots[tick % SLOTS]!);
  }

  /** @internal Forgets a deadline. */
  remove(deadline: Timed): void {
    this.#count -= 1;
    deadline.unlink();
  }

  #turn(): void {
    const now = this.time.now();
    const current = Math.floor(now / TICK_MS);
    // After a long sleep one turn visits every slot.
    const first = Math.max(this.#tick + 1, current - SLOTS + 1);
    for (let tick = first; tick <= current; tick += 1) {
      this.#tick = tick;
      this.#visit(this.#slots[tick % SLOTS]!, now);
    }
    if (this.#count > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  /**
   * A deadline that fires may set and clear others, so the ring is emptied element by element; and
   * one that throws must not take the others with it: they fire with the next tick.
   */
  #visit(slot: Link, now: number): void {
    const ring = new Link();
    while (slot.after !== slot) slot.after.moveInto(ring);
    try {
      while (ring.after !== ring) {
        const deadline = ring.after as Timed;
        if (deadline.due > now) this.move(deadline);
        else deadline.fire();
      }
    } finally {
      while (ring.after !== ring) this.move(ring.after as Timed);
    }
  }
}

/** A moment of an owner's. */
export class Deadline<Owner> extends Timed {
  readonly #owner: Owner;
  readonly #onDue: (owner: Owner) => void;

  /** @param onDue one function for all owners; what it throws ends the tick. */
  constructor(wheel: TimerWheel, owner: Owner, onDue: (owner: Owner) => void) {
    super(wheel);
    this.#owner = owner;
    this.#onDue = onDue;
  }

  protected override happen(): void {
    this.#onDue(this.#owner);
  }
}

/**
 * Time that passes for all clients at once, and what the well-behaved ones among them owe by when.
 *
 * However long somebody lets time pass, it stops short of the moment at which one of those would be
 * late: so whatever goes wrong with them is the server's doing. A rash pace does not stop; who has
 * been made late by it is excused, and nobody else.
 */
import type { FakeTime } from '../../spec/support/fake-time.ts';

/** By when a well-behaved client must have done the next thing, for all it knows. */
export interface Duty {
  /** On the server's clock; infinite while nothing is due. */
  dueAt: number;
  /** Whether time went on beyond that. */
  isMissed: boolean;
}

/** The clock of a server, as its clients move it. */
export class Pace {
  readonly isRash: boolean;
  readonly #time: FakeTime;
  readonly #duties = new Set<Duty>();

  constructor(time: FakeTime, isRash: boolean) {
    this.#time = time;
    this.isRash = isRash;
  }

  get now(): number {
    return this.#time.now();
  }

  /** Takes on a duty, which is due in so many ms. */
  begin(ms: number): Duty {
    const duty: Duty = { dueAt: this.now + ms, isMissed: false };
    this.#duties.add(duty);
    return duty;
  }

  end(duty: Duty): void {
    this.#duties.delete(duty);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#time.advance(this.isRash ? ms : Math.min(ms, this.#roomMs));
    for (const duty of this.#duties) duty.isMissed ||= this.now >= duty.dueAt;
  }

  /** The time that nobody minds, in ms; a deadline is over when its time has come. */
  get #roomMs(): number {
    const due = Math.min(...[...this.#duties].map(({ dueAt }) => dueAt));
    return Math.max(0, due - 1 - this.now);
  }
}

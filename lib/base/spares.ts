/**
 * Objects that are lent: who has nothing to do for one gives it back, and whoever has is given it.
 *
 * ```
 *   take() ─► work … ─► is it at rest? ─► keep() ─► the next take()
 * ```
 * Ten thousand connections that wait need none of what they work with, and the one that all of them
 * work with in turn lies in the cache, where theirs would not. Whoever gives an object back must
 * have emptied it: it keeps nothing, and knows nobody.
 */

/** Objects of one kind that wait for work. */
export class Spares<Spare extends object> {
  readonly #make: () => Spare;
  readonly #most: number;
  readonly #waiting: Spare[] = [];

  /**
   * @param make makes one when none waits.
   * @param most how many may wait; what comes beyond that is left to the collector.
   */
  constructor(make: () => Spare, most: number) {
    this.#make = make;
    this.#most = most;
  }

  /** Gives out the one that was used last, whose memory is warm; or a new one. */
  take(): Spare {
    return this.#waiting.pop() ?? this.#make();
  }

  /** Takes one back that is at rest. */
  keep(spare: Spare): void {
    if (this.#waiting.length < this.#most) this.#waiting.push(spare);
  }
}

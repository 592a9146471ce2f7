/**
 * A queue of things, first in, first out.
 *
 * ```
 *   items   | taken away | first … last |        the front is cut off when it is half of all
 *           0            #head          length
 * ```
 * An array's own `shift` moves everything that is left: from some 50,000 entries on, emptying one
 * takes seconds, and how many entries there are is often a peer's choice.
 */

/** Below this many the front is left where it is. */
const MIN_CUT = 32;

/** Keeps things in order. Adding and taking away is O(1) amortised. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  /** How many there are. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The one that is next; `undefined` when there is none. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  /** The one that was added last; `undefined` when there is none. */
  get last(): Item | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  /** Adds one behind all others. */
  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the first away; `undefined` when there is none. */
  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.length === 0) this.clear();
    else if (this.#head >= MIN_CUT && this.#head * 2 >= this.#items.length) this.#cut();
    return item;
  }

  /** Takes all away. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** All of them in order; nothing may be added or taken away meanwhile. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let index = this.#head; index < this.#items.length; index += 1) yield this.#items[index]!;
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

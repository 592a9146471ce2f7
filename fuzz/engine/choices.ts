/**
 * Decisions taken from an input: roles, limits, cuts.
 *
 * They are read from its end, so that a change of the beginning keeps them, and the beginning is
 * what the target parses.
 */

/** Reads decisions from the last bytes of an input; without any left, every decision is 0. */
export class Choices {
  readonly #input: Uint8Array;
  #end: number;

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#end = input.length;
  }

  /** The bytes that no decision has used. */
  get rest(): Uint8Array {
    return this.#input.subarray(0, this.#end);
  }

  /** A byte. */
  byte(): number {
    if (this.#end === 0) return 0;
    this.#end -= 1;
    return this.#input[this.#end]!;
  }

  /** An integer from 0 to `bound` - 1, for bounds up to 65,536. */
  below(bound: number): number {
    return bound <= 256 ? this.byte() % bound : (this.byte() * 256 + this.byte()) % bound;
  }

  /** True or false. */
  flag(): boolean {
    return (this.byte() & 1) === 1;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Up to `most` offsets at which the rest is to be cut. */
  cuts(most: number): number[] {
    const count = this.below(most + 1);
    return Array.from({ length: count }, () => this.below(Math.max(1, this.#end)));
  }
}

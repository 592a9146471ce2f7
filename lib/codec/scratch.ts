/**
 * The memory in which readers take masks off that have not been read to where that can be done.
 *
 * It is one slab for the whole process, inside the SIMD module where there is one, and it is lent
 * for as long as a reader delivers from it. A sink may feed another reader meanwhile, perhaps with
 * the very bytes it was just given; that reader finds the slab lent and gets memory of its own.
 */
import type { ParserInput } from './frame-parser.ts';
import { chosenSimd } from './mask.ts';
import { type PayloadSimd, SLAB_BYTES } from './payload-simd.ts';

/** Memory to take masks off in, at the indices 0 … `length`. */
export class Scratch implements ParserInput {
  static #slab: Scratch | undefined;
  static #isLent = false;

  readonly bytes: Buffer;
  /** Usable bytes, at least 1. */
  readonly length: number;
  readonly mask: PayloadSimd['mask'] | undefined;
  givenAway: Buffer | undefined;
  base = 0;

  /** Sets memory aside; `simd` brings its own. */
  private constructor(length: number, simd: PayloadSimd | undefined) {
    this.bytes = simd?.memory ?? Buffer.allocUnsafeSlow(length);
    this.length = length;
    this.mask = simd?.mask;
  }

  /** Lends memory for `wanted` bytes, of which it may hold only the first; to be given back. */
  static borrow(wanted: number): Scratch {
    if (Scratch.#isLent) return new Scratch(Math.min(Math.max(wanted, 1), SLAB_BYTES), undefined);
    const simd = chosenSimd();
    if (Scratch.#slab === undefined || Scratch.#slab.mask !== simd?.mask) {
      Scratch.#slab = new Scratch(SLAB_BYTES, simd);
    }
    Scratch.#isLent = true;
    return Scratch.#slab;
  }

  /** Takes the memory back. */
  giveBack(): void {
    this.givenAway = undefined;
    if (this === Scratch.#slab) Scratch.#isLent = false;
  }
}

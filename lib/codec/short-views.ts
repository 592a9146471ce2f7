/**
 * Views of the first bytes of a memory that is filled again and again.
 *
 * A view takes 96 bytes, more than the string of a short message, and its making 40 ns. So those of
 * what is short are kept, one for each length: 0.2 MB at most, when all lengths have been seen.
 */
import { hasFastPath } from '../base/index.ts';

const MAX_LENGTH = hasFastPath('short-views') ? 2_048 : -1;

/** The views of one memory at a time. */
export class ShortViews {
  #memory: Buffer | undefined;
  #views: (Buffer | undefined)[] = [];

  /** Returns `memory[start … end)`. */
  view(memory: Buffer, start: number, end: number): Buffer {
    if (start > 0 || end > MAX_LENGTH) return memory.subarray(start, end);
    if (memory !== this.#memory) {
      this.#memory = memory;
      this.#views = new Array<Buffer | undefined>(MAX_LENGTH + 1).fill(undefined);
    }
    let view = this.#views[end];
    if (view === undefined) {
      view = memory.subarray(0, end);
      this.#views[end] = view;
    }
    return view;
  }

  /** Whether a chunk is a view from here, of the memory that was viewed last. */
  has(chunk: Buffer): boolean {
    return chunk.length < this.#views.length && this.#views[chunk.length] === chunk;
  }
}

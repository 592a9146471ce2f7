/**
 * The counters of all instrumented modules, and the memory of what has been seen.
 *
 * Counts are compared by bucket (1, 2, 3, 4 – 7, 8 – 15, 16 – 31, 32 – 127, 128 and more), so that
 * a loop that runs 4 times instead of 3 is news, and one that runs 1,001 times instead of 1,000 is
 * not.
 */
import { REGISTRY } from './instrument.ts';

const MAX_COUNTERS = 1 << 16;

/** One instrumented module. */
export interface InstrumentedModule {
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

/** Counters of everything instrumented in this process. */
export class Counters {
  readonly modules: InstrumentedModule[] = [];
  readonly literals = new Set<string | number>();
  readonly #all = new Uint32Array(MAX_COUNTERS);
  readonly #seen = new Uint8Array(MAX_COUNTERS);
  #used = 0;

  /** Registers this object as the one that instrumented modules count in. */
  install(): void {
    const claim = (name: string, count: number, literals: (string | number)[]): Uint32Array => {
      const first = this.#used;
      if (first + count > MAX_COUNTERS) throw new Error('too many counters');
      this.#used += count;
      this.modules.push({ name, first, count });
      for (const literal of literals) this.literals.add(literal);
      return this.#all.subarray(first, first + count);
    };
    Object.assign(globalThis, { [REGISTRY]: claim });
  }

  /** How many counters there are. */
  get size(): number {
    return this.#used;
  }

  /** How many counters were ever above zero. */
  get covered(): number {
    return this.#countSeen(0, this.#used);
  }

  /** Covered and existing counters of one module. */
  coverageOf({ first, count }: InstrumentedModule): readonly [covered: number, count: number] {
    return [this.#countSeen(first, first + count), count];
  }

  /** Sets all counters to zero, before a run. */
  reset(): void {
    this.#all.fill(0, 0, this.#used);
  }

  /** Tells whether the run since `reset` did something new, and remembers it. */
  learn(): boolean {
    const [all, seen] = [this.#all, this.#seen];
    let isNew = false;
    for (let index = 0; index < this.#used; index += 1) {
      const count = all[index]!;
      if (count === 0) continue;
      const bit = bucketOf(count);
      if ((seen[index]! & bit) === 0) {
        seen[index]! |= bit;
        isNew = true;
      }
    }
    return isNew;
  }

  /** What the run since `reset` did, as a list of counters with their buckets. */
  trace(): Uint32Array {
    const trace: number[] = [];
    for (let index = 0; index < this.#used; index += 1) {
      const count = this.#all[index]!;
      if (count > 0) trace.push((index << 8) | bucketOf(count));
    }
    return Uint32Array.from(trace);
  }

  /** Forgets what has been seen. */
  forget(): void {
    this.#seen.fill(0);
  }

  #countSeen(from: number, to: number): number {
    let covered = 0;
    for (let index = from; index < to; index += 1) if (this.#seen[index] !== 0) covered += 1;
    return covered;
  }
}

function bucketOf(count: number): number {
  if (count <= 3) return 1 << (count - 1);
  if (count <= 15) return count <= 7 ? 8 : 16;
  if (count <= 127) return count <= 31 ? 32 : 64;
  return 128;
}

/** Jobs of a message codec as promises, and pools that count. */
import type { ProtocolError } from 'barewire/base';
import { type MessageCodec, sharedDeflatePool } from 'barewire/deflate';
import type { Test } from 'tap';
import { FairQueue } from '../../lib/deflate/fair-queue.ts';
import { DeflatePool, type LentEngine } from '../../lib/deflate/pool.ts';
import type { EngineOptions } from '../../lib/deflate/zlib-engine.ts';

/** Both ways to drive zlib. */
export const WAYS = ['handle', 'documented'] as const;

/** Nothing agreed upon but the extension itself. */
export const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Compresses a piece. */
export function compress(codec: MessageCodec, piece: Uint8Array, fin = true): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.compress(piece, fin, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** Inflates a piece. */
export function decompress(
  codec: MessageCodec,
  piece: Uint8Array,
  fin = true,
  maxBytes = 2 ** 26,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.decompress(piece, fin, maxBytes, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
}

/** Inflates a message that must fail, and returns why. */
export async function failure(
  codec: MessageCodec,
  piece: Uint8Array,
  fin = true,
  maxBytes = 2 ** 26,
): Promise<ProtocolError | undefined> {
  return decompress(codec, piece, fin, maxBytes).then(
    () => undefined,
    (error: ProtocolError) => error,
  );
}

/** Counts what its engines make, and how many are out. */
export class CountingPool extends DeflatePool {
  producedBytes = 0;
  lent = 0;
  mostLent = 0;

  override take(options: EngineOptions, owner?: object): LentEngine {
    const lent = super.take(options, owner);
    const { engine } = lent;
    this.lent += 1;
    this.mostLent = Math.max(this.mostLent, this.lent);
    if (Object.hasOwn(engine, 'run')) return lent;
    const run = engine.run.bind(engine);
    const runLater = engine.runLater.bind(engine);
    engine.run = (...step) => {
      run(...step);
      this.producedBytes += engine.produced;
    };
    engine.runLater = (flush, input, start, end, output, done) => {
      runLater(flush, input, start, end, output, () => {
        this.producedBytes += engine.produced;
        done();
      });
    };
    return lent;
  }

  override give(lent: LentEngine, owner?: object): void {
    this.lent -= 1;
    super.give(lent, owner);
  }

  /** Resolves when no job is left. */
  async settled(): Promise<void> {
    while (this.queue.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A queue that always says that many wait: nothing is begun on the spot. */
export class CrowdedQueue extends FairQueue {
  override get isCrowded(): boolean {
    return true;
  }
}

/** A pool whose threads work when the spec says so: each step of a job waits in `steps`. */
export class SteppedPool extends DeflatePool {
  readonly steps: (() => void)[] = [];
  readonly #atWork = new Set<object>();

  override take(options: EngineOptions, owner?: object): LentEngine {
    const lent = super.take(options, owner);
    const { engine } = lent;
    engine.runLater = (flush, input, start, end, output, done) => {
      this.#atWork.add(engine);
      this.steps.push(() => {
        this.#atWork.delete(engine);
        engine.run(flush, input, start, end, output);
        done();
      });
    };
    return lent;
  }

  /** A thread would go on in an engine that is somebody else's by then, or closed. */
  override give(lent: LentEngine, owner?: object): void {
    if (this.#atWork.has(lent.engine)) throw new Error('given back with a thread in it');
    super.give(lent, owner);
  }
}

/** The work of the shared pool's threads, as the spec lets it happen. */
export interface SteppedThreads {
  /** Does the next step of a job; false when there is none. */
  step(): boolean;
  /** Jobs that have begun, by the bits of their windows. */
  readonly begun: number[];
  /** The next engine fails with this. */
  fault: string | undefined;
}

/** Lets the threads of the shared pool work when told only, until the test ends. */
export function stepSharedPool(t: Test): SteppedThreads {
  const pool = sharedDeflatePool();
  const steps: (() => void)[] = [];
  const threads: SteppedThreads = {
    begun: [],
    fault: undefined,
    step() {
      const next = steps.shift();
      next?.();
      return next !== undefined;
    },
  };
  const [take, give] = [pool.take.bind(pool), pool.give.bind(pool)];
  const stepped = (options: EngineOptions, owner?: object): LentEngine => {
    const lent = take(options, owner);
    const { engine } = lent;
    let hasBegun = false;
    engine.runLater = (flush, input, start, end, output, done) => {
      if (!hasBegun) threads.begun.push(options.windowBits);
      hasBegun = true;
      steps.push(() => {
        if (threads.fault === undefined) engine.run(flush, input, start, end, output);
        else engine.fault = threads.fault;
        done();
      });
    };
    return lent;
  };
  const restored = (lent: LentEngine, owner?: object): void => {
    delete (lent.engine as { runLater?: unknown }).runLater;
    give(lent, owner);
  };
  t.intercept(pool, 'take', { value: stepped });
  t.intercept(pool, 'give', { value: restored });
  return threads;
}

/**
 * Who holds zlib's memory: 70 KiB for each deflate engine (262 of 15 bits), 40 KiB for each inflate
 * engine.
 *
 * ```
 * taken    in the middle of a message                              must be given back
 * owned    idle, but its window is what its last user said before   at most maxOwned, oldest lost
 * free     idle and of no use to anyone in particular               at most MAX_FREE of a kind
 * ```
 * A sender may begin any message with an empty window [RFC 7692 §7.2.1], so a compressor can be
 * taken away from a connection at any time between two messages; only the ratio of its next one
 * suffers. That is why 10,000 connections with context takeover cost 9 MiB here and not 2.4 GiB.
 */
import { FairQueue } from './fair-queue.ts';
import { deflateEngineBytes, type EngineOptions, ZlibEngine } from './zlib-engine.ts';

/** Idle engines kept for whoever comes next, of each kind. */
const MAX_FREE = 4;

/** An engine on loan. */
export interface LentEngine {
  readonly engine: ZlibEngine;
  readonly options: EngineOptions;
  /** Whether it still holds the window of its owner's last message. */
  readonly isWarm: boolean;
}

interface IdleEngine {
  readonly engine: ZlibEngine;
  readonly options: EngineOptions;
}

/** Lends engines, and turns in the thread pool. One for the whole process is enough. */
export class DeflatePool {
  /** Where large jobs wait for their turns. */
  readonly queue: FairQueue;
  readonly #maxOwned: number;
  /** In the order of their last use. */
  readonly #owned = new Map<object, IdleEngine>();
  readonly #free = new Map<string, ZlibEngine[]>();

  /**
   * Opens an empty pool.
   *
   * @param maxOwned how many compressors keep their window between messages; 128 take 9 MiB.
   */
  constructor(maxOwned = 128, queue: FairQueue = new FairQueue()) {
    this.#maxOwned = maxOwned;
    this.queue = queue;
  }

  /** Memory of the deflate engines that are kept for their owners, in bytes. */
  get ownedBytes(): number {
    let bytes = 0;
    for (const { options } of this.#owned.values()) {
      bytes += deflateEngineBytes(options.windowBits, options.memoryLevel);
    }
    return bytes;
  }

  /** Whether an idle engine is kept for `owner`. */
  owns(owner: object): boolean {
    return this.#owned.has(owner);
  }

  /** Lends an engine: the owner's own with its window, or any other with an empty one. */
  take(options: EngineOptions, owner?: object): LentEngine {
    const own = owner === undefined ? undefined : this.#owned.get(owner);
    if (own !== undefined) {
      this.#owned.delete(owner!);
      return { engine: own.engine, options: own.options, isWarm: true };
    }
    const engine = this.#free.get(kindOf(options))?.pop();
    if (engine === undefined) return { engine: new ZlibEngine(options), options, isWarm: false };
    engine.reset();
    return { engine, options, isWarm: false };
  }

  /** Takes an engine back: for its owner, or for anybody. */
  give(lent: LentEngine, owner?: object): void {
    if (owner === undefined || this.#maxOwned === 0) {
      this.#setFree(lent);
      return;
    }
    this.#owned.set(owner, { engine: lent.engine, options: lent.options });
    if (this.#owned.size <= this.#maxOwned) return;
    for (const [oldest, idle] of this.#owned) {
      this.#owned.delete(oldest);
      this.#setFree(idle);
      return;
    }
  }

  /** Gives up what is kept for `owner`. */
  drop(owner: object): void {
    const idle = this.#owned.get(owner);
    if (idle === undefined) return;
    this.#owned.delete(owner);
    this.#setFree(idle);
  }

  #setFree({ engine, options }: IdleEngine): void {
    const kind = kindOf(options);
    const engines = this.#free.get(kind) ?? [];
    if (engines.length >= MAX_FREE) {
      engine.close();
      return;
    }
    engines.push(engine);
    this.#free.set(kind, engines);
  }
}

function kindOf({ mode, windowBits, level, memoryLevel }: EngineOptions): string {
  return `${mode} ${windowBits} ${level} ${memoryLevel}`;
}

let shared: DeflatePool | undefined;

/** The pool that every codec uses unless it is given another; made when it is first needed. */
export function sharedDeflatePool(): DeflatePool {
  shared ??= new DeflatePool();
  return shared;
}

/**
 * Compresses the messages of one direction [RFC 7692 §7.2.1].
 *
 * Up to 16 KiB are compressed on the spot, more in the thread pool, in turn with other jobs.
 * Between messages the pool keeps the engine for this connection if it can: then the next message
 * looks back at this one. If it cannot, the next message starts with an empty window, which is
 * always allowed.
 */
import { ProtocolError } from '../base/index.ts';
import type { FairQueue, SlicedJob } from './fair-queue.ts';
import {
  type DeflateJobDone,
  type DeflateOptions,
  type Deflater,
  EMPTY_PIECE,
  TAIL_BYTES,
} from './message-format.ts';
import type { DeflatePool, LentEngine } from './pool.ts';
import {
  BLOCK_BYTES,
  deflateEngineBytes,
  type EngineOptions,
  NO_FLUSH,
  SYNC_FLUSH,
  scratchBlock,
} from './zlib-engine.ts';

/** A payload being compressed in the thread pool. */
interface Job {
  readonly input: Buffer;
  at: number;
  readonly fin: boolean;
  readonly blocks: Buffer[];
  readonly done: DeflateJobDone;
}

/** Input that is dealt with on the spot: 0.1 ms at level 3. */
export const DEFLATE_HERE_BYTES = 16 * 1024;
const EMPTY: Buffer = Buffer.alloc(0);

/** Compresses message after message. One job at a time. */
export class MessageDeflater implements Deflater, SlicedJob {
  readonly #engineOptions: EngineOptions;
  readonly #keepsContext: boolean;
  readonly #pool: DeflatePool;
  readonly #queue: FairQueue;
  /** Lent for the message that is in the middle; `undefined` between messages. */
  #lent: LentEngine | undefined;
  #job: Job | undefined;
  #isRunning = false;
  #isInert = false;

  constructor(options: DeflateOptions, pool: DeflatePool) {
    const { windowBits, level, memoryLevel } = options;
    this.#engineOptions = { mode: 'deflate', windowBits, level, memoryLevel };
    this.#keepsContext = options.keepsContext;
    this.#pool = pool;
    this.#queue = pool.queue;
  }

  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  get memoryBytes(): number {
    const holdsEngine = this.#lent !== undefined || this.#pool.owns(this);
    const { windowBits, memoryLevel } = this.#engineOptions;
    return holdsEngine ? deflateEngineBytes(windowBits, memoryLevel) : 0;
  }

  get workBytes(): number {
    return this.#job === undefined ? 0 : this.#job.input.length;
  }

  compress(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void {
    if (this.#isInert) return;
    if (payload.length === 0) {
      // Every piece before this one ended on a byte boundary.
      if (fin) this.#endMessage();
      done(undefined, fin ? Buffer.from(EMPTY_PIECE) : EMPTY);
    } else if (payload.length <= DEFLATE_HERE_BYTES) {
      this.#runHere(payload, fin, done);
    } else {
      this.#job = { input: Buffer.from(payload), at: 0, fin, blocks: [], done };
      this.#queue.add(this);
    }
  }

  breakContext(): void {
    if (this.#lent === undefined) this.#pool.drop(this);
  }

  releaseIdle(): void {
    this.breakContext();
  }

  close(): void {
    this.#isInert = true;
    this.#job = undefined;
    this.#queue.remove(this);
    this.#pool.drop(this);
    // The thread that is at work still writes into the engine: it goes back afterwards.
    if (!this.#isRunning) this.#returnEngine();
  }

  /** Runs one step in the thread pool: the fair queue's business. */
  runSlice(done: (isFinished: boolean) => void): void {
    const job = this.#job!;
    this.#lent ??= this.#pool.take(this.#engineOptions, this);
    const end = Math.min(job.input.length, job.at + BLOCK_BYTES);
    const isLast = end === job.input.length;
    const output = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#isRunning = true;
    const { engine } = this.#lent;
    engine.runLater(isLast ? SYNC_FLUSH : NO_FLUSH, job.input, job.at, end, output, () => {
      this.#isRunning = false;
      if (this.#isInert) {
        this.#returnEngine();
        done(true);
        return;
      }
      if (engine.fault !== undefined) {
        done(true);
        this.#fail(engine.fault, job.done);
        return;
      }
      job.at += engine.consumed;
      if (engine.produced > 0) job.blocks.push(output.subarray(0, engine.produced));
      // A full block may have left something behind.
      const isFinished = isLast && engine.produced < output.length;
      done(isFinished);
      if (isFinished) this.#settle(job);
    });
  }

  #runHere(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void {
    const scratch = scratchBlock();
    this.#lent ??= this.#pool.take(this.#engineOptions, this);
    const { engine } = this.#lent;
    // Deflate adds 5 bytes to each 16 KiB at worst: one step is enough.
    engine.run(SYNC_FLUSH, payload, 0, payload.length, scratch);
    if (engine.fault !== undefined) {
      this.#fail(engine.fault, done);
      return;
    }
    const bytes = Buffer.from(scratch.subarray(0, engine.produced - (fin ? TAIL_BYTES : 0)));
    if (fin) this.#endMessage();
    done(undefined, bytes);
  }

  #settle(job: Job): void {
    this.#job = undefined;
    if (job.fin) this.#endMessage();
    const bytes = Buffer.concat(job.blocks);
    job.done(undefined, job.fin ? bytes.subarray(0, bytes.length - TAIL_BYTES) : bytes);
  }

  /** zlib can only run out of memory here. */
  #fail(fault: string, done: DeflateJobDone): void {
    this.close();
    done(new ProtocolError('deflate-failed', fault), EMPTY);
  }

  #endMessage(): void {
    if (this.#lent !== undefined)
      this.#pool.give(this.#lent, this.#keepsContext ? this : undefined);
    this.#lent = undefined;
  }

  #returnEngine(): void {
    if (this.#lent !== undefined) this.#pool.give(this.#lent);
    this.#lent = undefined;
  }
}

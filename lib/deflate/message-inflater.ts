/**
 * Inflates the messages of one direction [RFC 7692 §7.2.2].
 *
 * No engine belongs to a connection: each message borrows one, gets the window of the messages
 * before it back as a stored block, which costs 1 µs for 32 KiB, and returns the engine at its end.
 *
 * Limits are checked after every step, and a step has room for at most 64 KiB of output. The first
 * 128 KiB of a job are done on the spot, the rest in the thread pool, in turn with other jobs. So
 * that many small jobs cannot do what one large one may not, there is a bound for all jobs of a
 * turn as well; and while many wait that were begun, no other one is.
 *
 * Longer than the house allows: one job in all its states, whose steps share every field.
 */
import { ProtocolError } from '../base/index.ts';
import type { FairQueue, SlicedJob } from './fair-queue.ts';
import {
  type DeflateJobDone,
  type InflateOptions,
  type Inflater,
  MAX_FINAL_BLOCKS,
  ratioLimit,
  TRAILER,
  TRAILER_ENDS,
  type WorkingNotice,
} from './message-format.ts';
import type { DeflatePool, LentEngine } from './pool.ts';
import { SlidingWindow } from './sliding-window.ts';
import {
  BLOCK_BYTES,
  type EngineOptions,
  INFLATE_ENGINE_BYTES,
  SYNC_FLUSH,
  scratchBlock,
  type ZlibEngine,
} from './zlib-engine.ts';

/** A payload being inflated. */
interface Job {
  input: Uint8Array;
  /** Where the engine has got to in `input`. */
  at: number;
  readonly fin: boolean;
  isInTrailer: boolean;
  /** Bytes that may still come out. */
  room: number;
  /** Bytes that went in, and bytes that have come out. */
  readonly inputBytes: number;
  outputBytes: number;
  readonly blocks: Buffer[];
  readonly done: DeflateJobDone;
  readonly working: WorkingNotice | undefined;
}

/** Output and input of a job that is dealt with on the spot. */
const HERE_BYTES = 128 * 1024;
/** The same of all jobs of a turn together: a read of 64 KiB may hold hundreds of small bombs. */
const TURN_BYTES = 512 * 1024;
/** A larger window than agreed upon does no harm, and one kind of engine serves everybody. */
const ENGINE: EngineOptions = { mode: 'inflate', windowBits: 15, level: 6, memoryLevel: 8 };

const EMPTY: Buffer = Buffer.alloc(0);

/** Inflates message after message. One job at a time. */
export class MessageInflater implements Inflater, SlicedJob {
  readonly #keepsContext: boolean;
  readonly #maxRatio: number;
  readonly #pool: DeflatePool;
  readonly #queue: FairQueue;
  readonly #window: SlidingWindow;
  /** Lent for the message that is in the middle; `undefined` between messages. */
  #lent: LentEngine | undefined;
  #job: Job | undefined;
  #isRunning = false;
  #isInert = false;
  /** What may still be done on the spot in this turn. */
  #turnBytesLeft = TURN_BYTES;
  /** Of the message that is in the middle: bytes in, bytes out, final blocks. */
  #compressedBytes = 0;
  #messageBytes = 0;
  #finalBlocks = 0;

  constructor(options: InflateOptions, pool: DeflatePool) {
    this.#keepsContext = options.keepsContext;
    this.#maxRatio = options.maxInflateRatio;
    this.#pool = pool;
    this.#queue = pool.queue;
    this.#window = new SlidingWindow(options.windowBits, pool);
  }

  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  get memoryBytes(): number {
    return this.#window.memoryBytes + (this.#lent === undefined ? 0 : INFLATE_ENGINE_BYTES);
  }

  get workBytes(): number {
    const job = this.#job;
    return job === undefined ? 0 : Math.max(job.inputBytes, job.outputBytes);
  }

  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: DeflateJobDone,
    working?: WorkingNotice,
  ): void {
    if (this.#isInert) return;
    this.#compressedBytes += payload.length;
    const job: Job = {
      input: payload,
      at: 0,
      fin,
      isInTrailer: false,
      room: maxBytes,
      inputBytes: payload.length,
      outputBytes: 0,
      blocks: [],
      done,
      working,
    };
    this.#job = job;
    // In a crowd it waits as it came: a bomb holds a thousand times as much once it is begun.
    if (!this.#queue.isCrowded && this.#runHere(job)) return;
    if (!job.isInTrailer) {
      job.input = Buffer.from(job.input.subarray(job.at));
      job.at = 0;
    }
    this.#queue.add(this);
  }

  beginTurn(): void {
    this.#turnBytesLeft = TURN_BYTES;
  }

  /** Packs the window, unless a message is in the middle. */
  releaseIdle(): void {
    if (this.#lent === undefined) this.#window.pack();
  }

  close(): void {
    this.#isInert = true;
    this.#job = undefined;
    this.#window.clear();
    this.#queue.remove(this);
    // The thread that is at work still writes into the engine: it goes back afterwards.
    if (!this.#isRunning) this.#returnEngine();
  }

  /** Runs one step in the thread pool: the fair queue's business. */
  runSlice(done: (isFinished: boolean) => void): void {
    const job = this.#job!;
    const end = Math.min(job.input.length, job.at + BLOCK_BYTES);
    const output = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, job.room + 1));
    const engine = this.#takeEngine();
    this.#isRunning = true;
    job.working?.(true);
    engine.runLater(SYNC_FLUSH, job.input, job.at, end, output, () => {
      this.#isRunning = false;
      this.beginTurn();
      if (this.#isInert) {
        this.#returnEngine();
        done(true);
        return;
      }
      job.working?.(false);
      const outcome = this.#digest(job, end, output);
      done(outcome !== 'more');
      if (outcome !== 'more') this.#settle(job, outcome);
    });
  }

  /** The engine of this message, with the window of those before it. */
  #takeEngine(): ZlibEngine {
    if (this.#lent === undefined) {
      this.#lent = this.#pool.take(ENGINE);
      this.#window.restoreInto(this.#lent.engine);
    }
    return this.#lent.engine;
  }

  /** Works on the spot; returns whether the job is done. */
  #runHere(job: Job): boolean {
    const scratch = scratchBlock();
    const engine = this.#takeEngine();
    for (let left = Math.min(HERE_BYTES, this.#turnBytesLeft); left > 0; ) {
      const end = Math.min(job.input.length, job.at + BLOCK_BYTES);
      const output = job.room < BLOCK_BYTES ? scratch.subarray(0, job.room + 1) : scratch;
      engine.run(SYNC_FLUSH, job.input, job.at, end, output);
      left -= engine.consumed + engine.produced;
      this.#turnBytesLeft -= engine.consumed + engine.produced;
      const outcome = this.#digest(job, end, output);
      if (outcome !== 'more') {
        this.#settle(job, outcome);
        return true;
      }
    }
    return false;
  }

  /** Takes in what a step has made of `input[at … end)`. */
  #digest(job: Job, end: number, output: Buffer): 'more' | 'done' | ProtocolError {
    const { consumed, produced, fault } = this.#lent!.engine;
    if (fault !== undefined) return new ProtocolError('deflate-data-invalid', fault);
    if (produced > 0) {
      // Behind a whole message the trailer says nothing.
      if (job.isInTrailer) return new ProtocolError('deflate-data-invalid', 'half a block');
      const excess = this.#take(job, output, produced);
      if (excess !== undefined) return excess;
    }
    job.at += consumed;
    if (produced === output.length) return 'more';
    // zlib had room and did not want the rest: the stream has ended in a final block.
    if (job.at < end) return this.#endStream(job);
    if (job.at < job.input.length) return 'more';
    if (job.isInTrailer) return new ProtocolError('deflate-data-invalid', 'half a block');
    if (!job.fin) return 'done';
    job.isInTrailer = true;
    job.input = TRAILER;
    job.at = 0;
    return 'more';
  }

  #take(job: Job, output: Buffer, produced: number): ProtocolError | undefined {
    if (produced > job.room) return new ProtocolError('message-too-large', 'while inflating');
    job.room -= produced;
    job.outputBytes += produced;
    this.#messageBytes += produced;
    if (this.#messageBytes > ratioLimit(this.#compressedBytes, this.#maxRatio)) {
      return new ProtocolError('deflate-ratio-exceeded', `over ${this.#maxRatio} : 1`);
    }
    this.#window.push(output, produced);
    const bytes = output.subarray(0, produced);
    job.blocks.push(output.buffer === scratchBlock().buffer ? Buffer.from(bytes) : bytes);
    return undefined;
  }

  #endStream(job: Job): 'more' | 'done' | ProtocolError {
    if (job.isInTrailer) {
      return TRAILER_ENDS.has(job.at)
        ? 'done'
        : new ProtocolError('deflate-data-invalid', 'a block across the end');
    }
    this.#finalBlocks += 1;
    if (this.#finalBlocks > MAX_FINAL_BLOCKS) {
      return new ProtocolError('deflate-data-invalid', `over ${MAX_FINAL_BLOCKS} final blocks`);
    }
    // More blocks may follow, and they may look back [RFC 7692 §7.2.3.4].
    this.#lent!.engine.reset();
    this.#window.restoreInto(this.#lent!.engine);
    return 'more';
  }

  #settle(job: Job, outcome: 'done' | ProtocolError): void {
    this.#job = undefined;
    if (outcome !== 'done') {
      this.close();
      job.done(outcome, EMPTY);
      return;
    }
    if (job.fin) this.#endMessage();
    job.done(undefined, job.blocks.length === 1 ? job.blocks[0]! : Buffer.concat(job.blocks));
  }

  #endMessage(): void {
    this.#returnEngine();
    this.#compressedBytes = 0;
    this.#messageBytes = 0;
    this.#finalBlocks = 0;
    if (!this.#keepsContext) this.#window.clear();
  }

  #returnEngine(): void {
    if (this.#lent !== undefined) this.#pool.give(this.#lent);
    this.#lent = undefined;
  }
}

/**
 * The same two directions with nothing but Node's documented zlib functions.
 *
 * Used where the handle of zlib-engine.ts is missing. Every piece is a stream of its own that gets
 * the window as a dictionary, and every job goes through the thread pool; so it is slower, a
 * message is inflated when it is complete, and one job is one slice. Results and limits are the
 * same, but for half a block that happens to swallow the trailer whole: it passes here.
 *
 * Longer than the house allows: two directions, each the short twin of a file of its own.
 */
import { deflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { ByteQueue, ProtocolError } from '../base/index.ts';
import type { SlicedJob } from './fair-queue.ts';
import {
  type DeflateJobDone,
  type DeflateOptions,
  type Deflater,
  EMPTY_PIECE,
  type InflateOptions,
  type Inflater,
  MAX_FINAL_BLOCKS,
  ratioLimit,
  TAIL_BYTES,
  TRAILER,
  TRAILER_ENDS,
  type WorkingNotice,
} from './message-format.ts';
import type { DeflatePool } from './pool.ts';
import { SlidingWindow } from './sliding-window.ts';
import { SYNC_FLUSH } from './zlib-engine.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** What `inflateRaw` hands over when it is asked for `info`, which the types do not know. */
interface InflateInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

interface InflateJob {
  readonly input: Buffer;
  at: number;
  finalBlocks: number;
  room: number;
  readonly ratioRoom: number;
  readonly blocks: Buffer[];
  readonly done: DeflateJobDone;
  readonly working: WorkingNotice | undefined;
}

/** Inflates whole messages in the thread pool. */
export class OneShotInflater implements Inflater, SlicedJob {
  readonly #options: InflateOptions;
  readonly #pool: DeflatePool;
  readonly #window: SlidingWindow;
  readonly #compressed = new ByteQueue();
  #job: InflateJob | undefined;
  #isInert = false;

  constructor(options: InflateOptions, pool: DeflatePool) {
    this.#options = options;
    this.#pool = pool;
    this.#window = new SlidingWindow(options.windowBits);
  }

  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  get workBytes(): number {
    return this.#job === undefined ? 0 : this.#job.input.length;
  }

  get memoryBytes(): number {
    return this.#window.memoryBytes + this.#compressed.capacity;
  }

  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: DeflateJobDone,
    working?: WorkingNotice,
  ): void {
    if (this.#isInert) return;
    this.#compressed.push(payload);
    if (!fin) {
      done(undefined, EMPTY);
      return;
    }
    const ratioRoom = ratioLimit(this.#compressed.length, this.#options.maxInflateRatio);
    const input = Buffer.concat([this.#compressed.takeAll(), TRAILER]);
    const room = maxBytes;
    this.#job = { input, at: 0, finalBlocks: 0, room, ratioRoom, blocks: [], done, working };
    this.#pool.queue.add(this);
  }

  /** Nothing is done on the spot, and there is no engine to pack the window with. */
  beginTurn(): void {}
  releaseIdle(): void {}

  close(): void {
    this.#isInert = true;
    this.#job = undefined;
    this.#window.clear();
    this.#compressed.clear();
    this.#pool.queue.remove(this);
  }

  /** Inflates up to the end of the message, or of a final block in it. */
  runSlice(done: (isFinished: boolean) => void): void {
    const job = this.#job!;
    const room = Math.min(job.room, job.ratioRoom - sumOf(job.blocks));
    const options: ZlibOptions = {
      ...dictionaryOf(this.#window),
      finishFlush: SYNC_FLUSH,
      maxOutputLength: Math.max(1, Math.min(room, 2 ** 31)),
      info: true,
    };
    job.working?.(true);
    inflateRaw(job.input.subarray(job.at), options, (error, result) => {
      if (this.#isInert) return done(true);
      job.working?.(false);
      const info = result as unknown as InflateInfo;
      const outcome = error === null ? this.#digest(job, info, room) : explain(error, job);
      done(outcome !== 'more');
      if (outcome !== 'more') this.#settle(job, outcome);
    });
  }

  #digest(job: InflateJob, info: InflateInfo, room: number): 'more' | 'done' | ProtocolError {
    const { buffer, engine } = info;
    if (buffer.length > room) return tooMuch(job);
    job.blocks.push(buffer);
    job.room -= buffer.length;
    this.#window.push(buffer, buffer.length);
    job.at += engine.bytesWritten;
    const inTrailer = job.at - (job.input.length - TRAILER.length);
    if (inTrailer >= 0) {
      return TRAILER_ENDS.has(inTrailer)
        ? 'done'
        : new ProtocolError('deflate-data-invalid', 'half a block');
    }
    job.finalBlocks += 1;
    return job.finalBlocks <= MAX_FINAL_BLOCKS
      ? 'more'
      : new ProtocolError('deflate-data-invalid', `over ${MAX_FINAL_BLOCKS} final blocks`);
  }

  #settle(job: InflateJob, outcome: 'done' | ProtocolError): void {
    this.#job = undefined;
    if (outcome !== 'done') {
      this.close();
      job.done(outcome, EMPTY);
      return;
    }
    if (!this.#options.keepsContext) this.#window.clear();
    job.done(undefined, Buffer.concat(job.blocks));
  }
}

function explain(error: Error, job: InflateJob): ProtocolError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooMuch(job);
  return new ProtocolError('deflate-data-invalid', error.message);
}

function tooMuch(job: InflateJob): ProtocolError {
  const isRatio = job.ratioRoom - sumOf(job.blocks) < job.room;
  return new ProtocolError(isRatio ? 'deflate-ratio-exceeded' : 'message-too-large');
}

function sumOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, block) => sum + block.length, 0);
}

function dictionaryOf(window: SlidingWindow): { dictionary?: Buffer } {
  return window.length === 0 ? {} : { dictionary: Buffer.concat(window.parts()) };
}

interface DeflateJob {
  readonly input: Buffer;
  readonly fin: boolean;
  readonly done: DeflateJobDone;
}

/** Compresses pieces in the thread pool. */
export class OneShotDeflater implements Deflater, SlicedJob {
  readonly #options: DeflateOptions;
  readonly #pool: DeflatePool;
  readonly #window: SlidingWindow;
  #job: DeflateJob | undefined;
  #isInert = false;

  constructor(options: DeflateOptions, pool: DeflatePool) {
    this.#options = options;
    this.#pool = pool;
    this.#window = new SlidingWindow(options.windowBits);
  }

  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  get workBytes(): number {
    return this.#job === undefined ? 0 : this.#job.input.length;
  }

  get memoryBytes(): number {
    return this.#window.memoryBytes;
  }

  compress(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void {
    if (this.#isInert) return;
    if (payload.length === 0) {
      this.#endPiece(fin);
      done(undefined, fin ? Buffer.from(EMPTY_PIECE) : EMPTY);
      return;
    }
    this.#job = { input: Buffer.from(payload), fin, done };
    this.#pool.queue.add(this);
  }

  breakContext(): void {
    if (!this.isBusy) this.#window.clear();
  }

  releaseIdle(): void {
    this.breakContext();
  }

  close(): void {
    this.#isInert = true;
    this.#job = undefined;
    this.#window.clear();
    this.#pool.queue.remove(this);
  }

  /** Compresses the whole piece. */
  runSlice(done: (isFinished: boolean) => void): void {
    const job = this.#job!;
    const { level, memoryLevel, windowBits } = this.#options;
    const options: ZlibOptions = {
      ...dictionaryOf(this.#window),
      level,
      memLevel: memoryLevel,
      windowBits,
      finishFlush: SYNC_FLUSH,
    };
    deflateRaw(job.input, options, (error, bytes) => {
      done(true);
      if (!this.#isInert) this.#settle(job, error, bytes);
    });
  }

  #settle(job: DeflateJob, error: Error | null, bytes: Buffer): void {
    this.#job = undefined;
    if (error !== null) {
      this.close();
      job.done(new ProtocolError('deflate-failed', error.message), EMPTY);
      return;
    }
    this.#window.push(job.input, job.input.length);
    this.#endPiece(job.fin);
    job.done(undefined, job.fin ? bytes.subarray(0, bytes.length - TAIL_BYTES) : bytes);
  }

  #endPiece(fin: boolean): void {
    if (fin && !this.#options.keepsContext) this.#window.clear();
  }
}

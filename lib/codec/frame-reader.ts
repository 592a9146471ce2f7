/**
 * The life of an incoming stream of frames: chunks in, a sink told, one failure at most.
 *
 * ```
 *            pause()                 a rule is broken
 *   reading ────────▶ paused     * ──────────────────▶ failed      failed() was called, inert
 *           ◀────────            * ──────────────────▶ stopped     inert
 *            resume()                 stop()
 * ```
 * The reader never writes to memory it was given, unless told that it may: it copies masked input,
 * 64 KiB at a time, to where the mask can be taken off (scratch.ts), which is also the fastest way;
 * what sockets have read to there (read-memory.ts) it need not copy. Text is copied, too, to learn
 * whether it is ASCII; bytes without a mask are read where they lie. Only while it is paused does
 * it keep what it is given. What the bytes mean is known to frame-parser.ts.
 */
import {
  ByteQueue,
  type LimitOptions,
  ProtocolError,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import { FrameParser, type FrameSink, type ParserInput } from './frame-parser.ts';
import { frameRules, type Role } from './frame-rules.ts';
import { viewBytes } from './payload-bytes.ts';
import { memoryAround } from './read-memory.ts';
import { Scratch } from './scratch.ts';

/** How a {@link FrameReader} reads. */
export interface FrameReaderOptions extends LimitOptions<'maxFrameBytes'> {
  /** Our own role: a `server` reads masked frames, a `client` frames that are not. */
  readonly role: Role;
  /** Accept RSV1 on the first frame of a message: permessage-deflate was negotiated. */
  readonly allowRsv1?: boolean | undefined;
  /**
   * The reader may overwrite what is given to `receive` until it returns. It saves a copy of what
   * lies in {@link lendReadMemory}, and little elsewhere.
   */
  readonly ownsInput?: boolean | undefined;
  /**
   * What is given to `receive` is given away for good: the reader may overwrite it and hand parts
   * of it on for keeps, so that large binary payloads are not copied. Not for buffers that are
   * reused.
   */
  readonly givesInput?: boolean | undefined;
}

/** Shorter chunks are read where they lie, if that is allowed: copying them would cost more. */
const COPY_FROM = 32;
const NOTHING: Buffer = Buffer.alloc(0);

/** Reads frames from chunks of any size. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #parser: FrameParser;
  readonly #isMasked: boolean;
  readonly #ownsInput: boolean;
  readonly #givesInput: boolean;
  #state: 'reading' | 'paused' | 'failed' | 'stopped' = 'reading';
  /** A call of `receive` or `resume` is under way, whose callbacks may call us again. */
  #isRunning = false;
  /** Made when something has to wait: most readers are never paused with bytes on the way. */
  #waiting: ByteQueue | undefined;

  /**
   * Makes a reader for one stream of frames; at rest it can go on with another.
   *
   * @throws UsageError `invalid-option` for a role, a limit or a flag that is none.
   */
  constructor(sink: FrameSink, options: FrameReaderOptions) {
    const { role, allowRsv1 = false, ownsInput = false, givesInput = false } = options;
    if (role !== 'client' && role !== 'server') {
      throw new UsageError('invalid-option', `role must be 'client' or 'server'`);
    }
    requireBoolean('allowRsv1', allowRsv1);
    requireBoolean('ownsInput', ownsInput);
    requireBoolean('givesInput', givesInput);
    const limit = resolveLimit('maxFrameBytes', options.maxFrameBytes);
    // Even without a limit, a length that no number can count is refused.
    const maxFrameBytes = Math.min(limit, Number.MAX_SAFE_INTEGER);
    this.#sink = sink;
    this.#parser = new FrameParser(sink, frameRules(role, allowRsv1, maxFrameBytes));
    this.#isMasked = role === 'server';
    this.#ownsInput = ownsInput || givesInput;
    this.#givesInput = givesInput;
  }

  /** Whether it still reads: `failed` and `stopped` are for good. */
  get state(): 'reading' | 'paused' | 'failed' | 'stopped' {
    return this.#state;
  }

  /** Whether a frame has begun, if only by one byte of its header, and not ended. */
  get isInsideFrame(): boolean {
    return this.#parser.isInsideFrame;
  }

  /** Whether a message has begun and its last frame has not. */
  get isInsideMessage(): boolean {
    return this.#parser.isInsideMessage;
  }

  /** Whether nothing is left of what it was given: it can go on with another stream of frames. */
  get isAtRest(): boolean {
    const isFree = this.#state === 'reading' && !this.#isRunning && this.waitingBytes === 0;
    return isFree && !this.isInsideFrame && !this.isInsideMessage;
  }

  /** Bytes kept because the reader is paused. */
  get waitingBytes(): number {
    return this.#waiting?.length ?? 0;
  }

  /**
   * Takes the next bytes from the peer, and tells the sink what they say. Bytes that come while the
   * reader is paused, or from inside one of its callbacks, are copied and wait.
   *
   * @throws UsageError `invalid-argument` when `bytes` is not a Buffer or another view of bytes.
   *   Errors of the sink that are no ProtocolError pass through.
   */
  receive(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) && bytes.length > 0 ? bytes : asBuffer(bytes);
    if (this.#state === 'reading' && !this.#isRunning) {
      this.#run(chunk, this.#ownsInput, this.#givesInput);
      if (this.waitingBytes > 0) this.#drain();
    } else if (this.#state === 'reading' || this.#state === 'paused') {
      this.#keep(chunk);
    }
  }

  /** Delivers nothing more until `resume`. May be called inside any callback. */
  pause(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'paused';
    this.#parser.isHalted = true;
  }

  /** Delivers what waited, inside this call, and goes on. */
  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'reading';
    this.#parser.isHalted = false;
    if (!this.#isRunning) this.#drain();
  }

  /** Stops for good: nothing more is delivered, not even the rest of the bytes being read. */
  stop(): void {
    if (this.#state !== 'failed') this.#end('stopped');
  }

  #end(state: 'failed' | 'stopped'): void {
    this.#state = state;
    this.#parser.isHalted = true;
    this.#waiting?.clear();
  }

  #keep(bytes: Buffer, start = 0): void {
    this.#waiting ??= new ByteQueue();
    this.#waiting.push(bytes, start);
  }

  #takeWaiting(): Buffer {
    return this.#waiting?.takeAll() ?? NOTHING;
  }

  #drain(): void {
    while (this.#state === 'reading' && (this.waitingBytes > 0 || this.#parser.isAtFrameEnd)) {
      this.#run(this.#takeWaiting(), true, true);
    }
  }

  /** The one place where faults of the peer, found here or by the sink, become one report. */
  #run(chunk: Buffer, owned: boolean, given: boolean): void {
    this.#isRunning = true;
    try {
      const used = this.#parse(chunk, owned, given);
      if (used < chunk.length) this.#keepRest(chunk, used);
    } catch (error) {
      const wasLive = this.#state === 'reading' || this.#state === 'paused';
      if (!(error instanceof ProtocolError)) {
        this.#end('stopped');
        throw error;
      }
      this.#end('failed');
      if (wasLive) this.#sink.failed(error);
    } finally {
      this.#isRunning = false;
    }
  }

  #parse(chunk: Buffer, owned: boolean, given: boolean): number {
    const around = owned && !given ? memoryAround(chunk) : undefined;
    if (around !== undefined) {
      const start = chunk.byteOffset;
      return this.#parser.parse(around, start, start + chunk.length) - start;
    }
    return this.#mayReadInPlace(chunk, owned)
      ? this.#parser.parse(inPlace(chunk, given), 0, chunk.length)
      : this.#readApart(chunk, given);
  }

  #mayReadInPlace(chunk: Buffer, owned: boolean): boolean {
    if (chunk.length < COPY_FROM) return owned || !this.#isMasked;
    // After a message that was no text comes another of the kind, as a rule.
    return !this.#isMasked && !this.#parser.isPlainText;
  }

  /** Reads a copy, slab by slab: one copy of 64 KiB is cheaper than a call for each frame. */
  #readApart(chunk: Buffer, given: boolean): number {
    const scratch = Scratch.borrow(chunk.length);
    scratch.givenAway = given ? chunk : undefined;
    let used = 0;
    try {
      while (used < chunk.length) {
        const end = Math.min(chunk.length, used + scratch.length);
        scratch.bytes.set(end - used === chunk.length ? chunk : chunk.subarray(used, end), 0);
        scratch.base = used;
        used += this.#parser.parse(scratch, 0, end - used);
        if (used < end) return used;
      }
    } finally {
      scratch.giveBack();
    }
    return used;
  }

  /** What a pause left over goes before anything that came in meanwhile. */
  #keepRest(chunk: Buffer, used: number): void {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    const later = this.#takeWaiting();
    this.#keep(chunk, used);
    this.#keep(later);
  }
}

function inPlace(bytes: Buffer, given: boolean): ParserInput {
  return { bytes, mask: undefined, givenAway: given ? bytes : undefined, base: 0 };
}

function asBuffer(bytes: Uint8Array): Buffer {
  const view = viewBytes(bytes);
  return Buffer.from(view.buffer, view.byteOffset, view.length);
}

function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new UsageError('invalid-option', `${name} must be true or false, not ${String(value)}`);
  }
}

/**
 * The life of an incoming frame: bytes in, headers and unmasked payload out [RFC 6455 §5.2, §6.2].
 *
 * ```
 *             header complete          payload complete
 *   header ───────────────────▶ payload ──────────────▶ end ──▶ header …      any of them ──▶ failed
 *             frame()               payload()*              frameEnd()             failed()
 * ```
 * Payload is handed on as it arrives, control frames in one piece. The reader keeps at most one
 * unfinished header (13 bytes) and one unfinished control payload (125 bytes); only while paused does
 * it keep what it is given. It never writes to memory it was given, unless `ownsInput` says that the
 * memory is its own.
 *
 * What a message is, what text is, and what to do about a close frame: none of that is known here.
 */
import {
  ByteQueue,
  type LimitOptions,
  ProtocolError,
  resolveLimit,
  UsageError,
  type ViolationCode,
} from '../base/index.ts';
import {
  createFrameHeader,
  type FrameHeader,
  MAX_HEADER_LENGTH,
  readFrameHeader,
} from './frame-header.ts';
import {
  type FrameRules,
  judgeFrameHeader,
  judgeFrameStart,
  MAX_CONTROL_PAYLOAD,
  type Role,
} from './frame-rules.ts';
import { maskInto, reverseKey, turnKey } from './mask.ts';
import { isControlOpcode, OPCODE } from './opcode.ts';
import { viewBytes } from './payload-bytes.ts';
import { borrowScratch, returnScratch, type Scratch } from './scratch.ts';

/** Where the frames go. All calls are synchronous, inside `receive` or `resume`. */
export interface FrameSink {
  /** A header that the rules accept. The object is reused: valid until the call returns. */
  frame(header: FrameHeader): void;
  /**
   * The next payload bytes, unmasked: `bytes[start … end)`, valid until the call returns. A control
   * frame's payload comes in one piece. Not called for an empty payload.
   *
   * @param onlyAscii true when the bytes are known to be below 0x80; false says nothing.
   */
  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean): void;
  /** The frame announced last is complete. */
  frameEnd(): void;
  /** The peer broke a rule. Called once; nothing is called after it. */
  failed(error: ProtocolError): void;
}

/** How a {@link FrameReader} reads. */
export interface FrameReaderOptions extends LimitOptions<'maxFrameBytes'> {
  /** Our own role: a `server` reads masked frames, a `client` frames that are not. */
  readonly role: Role;
  /** Accept RSV1 on the first frame of a message: permessage-deflate was negotiated. */
  readonly allowRsv1?: boolean | undefined;
  /** The chunks given to `receive` are the reader's own: it may take the mask off in place. */
  readonly ownsInput?: boolean | undefined;
}

type Phase = 'header' | 'payload' | 'end' | 'failed' | 'stopped';

/** Shorter input of ours is read where it lies; copying it to the SIMD module would cost more. */
const APART_FROM = 32;

/** Shorter payloads are masked by a loop even where they lie in the memory of the SIMD module. */
const SIMD_IN_PLACE_FROM = 16;

/** Reads frames from chunks of any size. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #rules: FrameRules;
  readonly #ownsInput: boolean;
  readonly #header: FrameHeader = createFrameHeader();
  #phase: Phase = 'header';
  /** A data message has begun and its last frame has not come. */
  #messageUnfinished = false;
  /** The message is text that no extension has transformed: it matters whether it is ASCII. */
  #isPlainText = false;
  /** Payload bytes of the current frame still to come, and how many have come. */
  #remaining = 0;
  #seen = 0;
  /** Bytes of an unfinished header or control payload. */
  #held: Buffer | undefined;
  #heldLength = 0;
  #paused = false;
  /** A call of `receive` or `resume` is under way: its callbacks may call us again. */
  #running = false;
  readonly #waiting = new ByteQueue();

  /**
   * @throws UsageError `invalid-option` for a role, a limit or a flag that is none.
   */
  constructor(sink: FrameSink, options: FrameReaderOptions) {
    const { role, allowRsv1 = false, ownsInput = false } = options;
    if (role !== 'client' && role !== 'server') {
      throw new UsageError('invalid-option', `role must be 'client' or 'server'`);
    }
    requireBoolean('allowRsv1', allowRsv1);
    requireBoolean('ownsInput', ownsInput);
    const limit = resolveLimit('maxFrameBytes', options.maxFrameBytes);
    this.#sink = sink;
    this.#rules = {
      role,
      allowRsv1,
      maxFrameBytes: Math.min(limit, Number.MAX_SAFE_INTEGER),
    };
    this.#ownsInput = ownsInput;
  }

  /** What the reader waits for; `failed` and `stopped` are for good. */
  get phase(): 'header' | 'payload' | 'end' | 'failed' | 'stopped' {
    return this.#phase;
  }

  /** Whether a frame has begun, be it by one byte of its header, and not ended. */
  get isInsideFrame(): boolean {
    return this.#phase === 'payload' || this.#phase === 'end' || this.#heldLength > 0;
  }

  /** Whether a message has begun and its last frame has not been announced. */
  get isInsideMessage(): boolean {
    return this.#messageUnfinished;
  }

  /** Bytes kept because the reader is paused. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /**
   * Takes the next bytes from the peer. They are copied where they must be kept, so the memory is the
   * caller's again when the call returns. While paused, or from inside a callback, the bytes wait.
   *
   * @throws UsageError `invalid-argument` when `bytes` is not a Buffer or another view of bytes.
   *   Whatever a sink throws passes through and stops the reader, but for a ProtocolError, which
   *   fails it like a broken rule of its own.
   */
  receive(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    if (this.#phase === 'failed' || this.#phase === 'stopped') return;
    if (this.#paused || this.#running || this.#waiting.length > 0) {
      this.#waiting.push(chunk);
      return;
    }
    this.#run(chunk, this.#ownsInput);
    if (this.#waiting.length > 0) this.#drain();
  }

  /** Delivers nothing more until `resume`. May be called inside any callback. */
  pause(): void {
    this.#paused = true;
  }

  /** Delivers what waited, inside this call, and goes on. */
  resume(): void {
    this.#paused = false;
    if (!this.#running) this.#drain();
  }

  /** Stops for good: nothing more is delivered, not even the rest of the bytes being read. */
  stop(): void {
    if (this.#phase !== 'failed') this.#phase = 'stopped';
    this.#waiting.clear();
    this.#heldLength = 0;
  }

  #drain(): void {
    while (!this.#paused && this.#phase !== 'failed' && this.#phase !== 'stopped') {
      if (this.#waiting.length === 0 && this.#phase !== 'end') return;
      this.#run(this.#waiting.takeAll(), true);
    }
  }

  /** The one place where faults of the peer, ours to find or the sink's, become one report. */
  #run(chunk: Buffer, owned: boolean): void {
    this.#running = true;
    try {
      const used = this.#mayReadInPlace(chunk, owned)
        ? this.#read(chunk, 0, chunk.length, undefined)
        : this.#readApart(chunk);
      if (used < chunk.length) this.#keepRest(chunk, used);
    } catch (error) {
      const wasLive = this.#phase !== 'failed' && this.#phase !== 'stopped';
      this.#waiting.clear();
      if (!(error instanceof ProtocolError)) {
        this.#phase = 'stopped';
        throw error;
      }
      this.#phase = 'failed';
      if (wasLive) this.#sink.failed(error);
    } finally {
      this.#running = false;
    }
  }

  /**
   * Whether there is nothing to gain from copying the chunk: it is short, or it is all payload that
   * needs no change and whose bytes nobody asks about.
   */
  #mayReadInPlace(chunk: Buffer, owned: boolean): boolean {
    if (chunk.length < APART_FROM) return owned || this.#rules.role === 'client';
    return (
      this.#phase === 'payload' &&
      !this.#header.masked &&
      !this.#isPlainText &&
      this.#remaining >= chunk.length
    );
  }

  /** What a pause left over goes before anything that came in meanwhile. */
  #keepRest(chunk: Buffer, used: number): void {
    if (this.#phase === 'failed' || this.#phase === 'stopped') return;
    const later = this.#waiting.takeAll();
    this.#waiting.push(chunk, used);
    this.#waiting.push(later);
  }

  /**
   * Copies the chunk to where masks may be taken off, slab by slab, and reads there: that leaves the
   * caller's memory alone, and one copy of 64 KiB is cheaper than a call for each frame.
   */
  #readApart(chunk: Buffer): number {
    const scratch = borrowScratch(chunk.length);
    const { bytes, length } = scratch;
    let used = 0;
    try {
      while (used < chunk.length) {
        const end = Math.min(chunk.length, used + length);
        bytes.set(end - used === chunk.length ? chunk : chunk.subarray(used, end), 0);
        const read = this.#read(bytes, 0, end - used, scratch.mask);
        used += read;
        if (used < end) return used;
      }
    } finally {
      returnScratch(scratch);
    }
    return used;
  }

  /** Reads until `end`, or until a callback pauses or stops. Returns where it stopped. */
  #read(bytes: Buffer, at: number, end: number, simd: Scratch['mask']): number {
    for (;;) {
      if (this.#paused) return at;
      if (this.#phase === 'end') this.#endFrame();
      else if (at >= end) return at;
      else if (this.#phase === 'header') at = this.#readHeader(bytes, at, end);
      else if (this.#phase === 'payload') at = this.#readPayload(bytes, at, end, simd);
      else return at;
    }
  }

  #readHeader(bytes: Buffer, at: number, end: number): number {
    if (this.#heldLength > 0 || !readFrameHeader(bytes, at, end, this.#header)) {
      return this.#gatherHeader(bytes, at, end);
    }
    this.#beginFrame();
    return at + this.#header.headerLength;
  }

  /** Holds the pieces of a header that was cut, until it is complete. */
  #gatherHeader(bytes: Buffer, at: number, end: number): number {
    const held = this.#holdBuffer();
    const before = this.#heldLength;
    const copyEnd = Math.min(end, at + MAX_HEADER_LENGTH - before);
    const length = before + bytes.copy(held, before, at, copyEnd);
    if (readFrameHeader(held, 0, length, this.#header)) {
      this.#heldLength = 0;
      this.#beginFrame();
      return at + this.#header.headerLength - before;
    }
    this.#heldLength = length;
    // Two bytes are enough to refuse most forbidden frames: do not wait for the rest of the header.
    if (length >= 2) refuse(judgeFrameStart(this.#header, this.#rules, this.#messageUnfinished));
    return copyEnd;
  }

  #beginFrame(): void {
    const header = this.#header;
    refuse(judgeFrameHeader(header, this.#rules, this.#messageUnfinished));
    if (!isControlOpcode(header.opcode)) {
      this.#messageUnfinished = !header.fin;
      if (header.opcode !== OPCODE.continuation) {
        this.#isPlainText = header.opcode === OPCODE.text && header.rsv === 0;
      }
    }
    this.#remaining = header.payloadLength;
    this.#seen = 0;
    this.#phase = header.payloadLength === 0 ? 'end' : 'payload';
    this.#sink.frame(header);
  }

  #endFrame(): void {
    this.#phase = 'header';
    this.#sink.frameEnd();
  }

  #readPayload(bytes: Buffer, at: number, end: number, simd: Scratch['mask']): number {
    const available = end - at;
    const isWhole = available >= this.#remaining && this.#heldLength === 0;
    if (!isWhole && isControlOpcode(this.#header.opcode))
      return this.#gatherControl(bytes, at, end);
    const stop = available < this.#remaining ? end : at + this.#remaining;
    this.#deliver(bytes, at, stop, simd);
    return stop;
  }

  /** Holds the pieces of a control payload until it is complete. */
  #gatherControl(bytes: Buffer, at: number, end: number): number {
    const held = this.#holdBuffer();
    const wanted = this.#remaining - this.#heldLength;
    const copied = bytes.copy(held, this.#heldLength, at, Math.min(end, at + wanted));
    this.#heldLength += copied;
    if (copied === wanted) {
      this.#heldLength = 0;
      this.#deliver(held, 0, this.#remaining, undefined);
    }
    return at + copied;
  }

  /** Takes the mask off `bytes[at … end)`, where it may be done in place, and hands them on. */
  #deliver(bytes: Buffer, at: number, end: number, simd: Scratch['mask']): void {
    const seen = this.#seen;
    let isAscii = false;
    this.#seen = seen + end - at;
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#phase = 'end';
    if (this.#header.masked) {
      const { maskingKey } = this.#header;
      if (simd !== undefined && end - at >= SIMD_IN_PLACE_FROM) {
        isAscii = simd(at, end, reverseKey(turnKey(maskingKey, seen))) === 0;
      } else {
        isAscii = (maskInto(bytes, at, end, bytes, at, maskingKey, seen) & 0x80) === 0;
      }
    } else if (this.#isPlainText) {
      // Masking with a key of zeros changes nothing and tells whether the bytes are ASCII.
      if (simd !== undefined) isAscii = simd(at, end, 0) === 0;
      else if (end - at < APART_FROM) isAscii = hasOnlyAscii(bytes, at, end);
    }
    this.#sink.payload(bytes, at, end, isAscii);
  }

  #holdBuffer(): Buffer {
    this.#held ??= Buffer.alloc(MAX_CONTROL_PAYLOAD);
    return this.#held;
  }
}

function refuse(code: ViolationCode | undefined): void {
  if (code !== undefined) throw new ProtocolError(code);
}

function hasOnlyAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let union = 0;
  for (let index = start; index < end; index += 1) union |= bytes[index]!;
  return union < 0x80;
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  const view = viewBytes(bytes);
  return Buffer.from(view.buffer, view.byteOffset, view.length);
}

function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new UsageError('invalid-option', `${name} must be true or false, not ${String(value)}`);
  }
}

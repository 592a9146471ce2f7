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
import { maskInto } from './mask.ts';
import { isControlOpcode } from './opcode.ts';
import { viewBytes } from './payload-bytes.ts';
import { borrowScratch, returnScratch } from './scratch.ts';

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

/** Reads frames from chunks of any size. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #rules: FrameRules;
  readonly #ownsInput: boolean;
  readonly #header: FrameHeader = createFrameHeader();
  #phase: Phase = 'header';
  /** A data message has begun and its last frame has not come. */
  #messageUnfinished = false;
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
      const consumed = this.#read(chunk, owned);
      if (consumed < chunk.length) this.#keepRest(chunk, consumed);
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

  /** What a pause left over goes before anything that came in meanwhile. */
  #keepRest(chunk: Buffer, consumed: number): void {
    if (this.#phase === 'failed' || this.#phase === 'stopped') return;
    const later = this.#waiting.takeAll();
    this.#waiting.push(chunk, consumed);
    this.#waiting.push(later);
  }

  /** Reads until the bytes are used up, or a callback pauses or stops. Returns the bytes used. */
  #read(chunk: Buffer, owned: boolean): number {
    let at = 0;
    for (;;) {
      if (this.#paused) return at;
      if (this.#phase === 'end') this.#endFrame();
      else if (at >= chunk.length) return at;
      else if (this.#phase === 'header') at = this.#readHeader(chunk, at);
      else if (this.#phase === 'payload') at = this.#readPayload(chunk, at, owned);
      else return at;
    }
  }

  #readHeader(chunk: Buffer, at: number): number {
    const header = this.#header;
    if (this.#heldLength > 0) return this.#readHeldHeader(chunk, at);
    if (!readFrameHeader(chunk, at, chunk.length, header)) return this.#readHeldHeader(chunk, at);
    this.#beginFrame();
    return at + header.headerLength;
  }

  /** Gathers a header that is cut by the end of a chunk. */
  #readHeldHeader(chunk: Buffer, at: number): number {
    const held = this.#holdBuffer();
    const before = this.#heldLength;
    const copied = chunk.copy(held, before, at, at + MAX_HEADER_LENGTH - before);
    const complete = readFrameHeader(held, 0, before + copied, this.#header);
    if (complete) {
      this.#heldLength = 0;
      this.#beginFrame();
      return at + this.#header.headerLength - before;
    }
    this.#heldLength = before + copied;
    // Two bytes are enough to refuse most forbidden frames: do not wait for the rest of the header.
    if (this.#heldLength >= 2) {
      refuse(judgeFrameStart(this.#header, this.#rules, this.#messageUnfinished));
    }
    return at + copied;
  }

  #beginFrame(): void {
    const header = this.#header;
    refuse(judgeFrameHeader(header, this.#rules, this.#messageUnfinished));
    if (!isControlOpcode(header.opcode)) this.#messageUnfinished = !header.fin;
    this.#remaining = header.payloadLength;
    this.#seen = 0;
    this.#phase = header.payloadLength === 0 ? 'end' : 'payload';
    this.#sink.frame(header);
  }

  #endFrame(): void {
    this.#phase = 'header';
    this.#sink.frameEnd();
  }

  #readPayload(chunk: Buffer, at: number, owned: boolean): number {
    const available = chunk.length - at;
    if (isControlOpcode(this.#header.opcode)) {
      if (this.#heldLength > 0 || available < this.#remaining) {
        return this.#gatherControl(chunk, at);
      }
    }
    const end = at + Math.min(available, this.#remaining);
    if (!this.#header.masked) this.#deliver(chunk, at, end, false);
    else if (owned) this.#unmask(chunk, at, end, chunk, at);
    else return this.#unmaskApart(chunk, at, end);
    return end;
  }

  /** Holds the pieces of a control payload until it is complete. */
  #gatherControl(chunk: Buffer, at: number): number {
    const held = this.#holdBuffer();
    const wanted = this.#remaining - this.#heldLength;
    const copied = chunk.copy(held, this.#heldLength, at, at + wanted);
    this.#heldLength += copied;
    if (copied < wanted) return at + copied;
    const length = this.#heldLength;
    this.#heldLength = 0;
    if (this.#header.masked) this.#unmask(held, 0, length, held, 0);
    else this.#deliver(held, 0, length, false);
    return at + copied;
  }

  /** Takes the mask off into memory of ours, a slice at a time. Returns where it stopped. */
  #unmaskApart(chunk: Buffer, at: number, end: number): number {
    const scratch = borrowScratch(end - at);
    try {
      while (at < end && !this.#paused && this.#phase === 'payload') {
        const sliceEnd = Math.min(end, at + scratch.length);
        this.#unmask(chunk, at, sliceEnd, scratch, 0);
        at = sliceEnd;
      }
    } finally {
      returnScratch(scratch);
    }
    return at;
  }

  #unmask(chunk: Buffer, at: number, end: number, target: Buffer, targetStart: number): void {
    const { maskingKey } = this.#header;
    const union = maskInto(chunk, at, end, target, targetStart, maskingKey, this.#seen);
    this.#deliver(target, targetStart, targetStart + end - at, union < 0x80);
  }

  #deliver(bytes: Buffer, start: number, end: number, onlyAscii: boolean): void {
    this.#seen += end - start;
    this.#remaining -= end - start;
    if (this.#remaining === 0) this.#phase = 'end';
    this.#sink.payload(bytes, start, end, onlyAscii);
  }

  #holdBuffer(): Buffer {
    this.#held ??= Buffer.alloc(MAX_CONTROL_PAYLOAD);
    return this.#held;
  }
}

function refuse(code: ViolationCode | undefined): void {
  if (code !== undefined) throw new ProtocolError(code);
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

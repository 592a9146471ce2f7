/**
 * From frames to messages [RFC 6455 §5.4, §6.2]: joins fragments, within limits, and inflates.
 *
 * ```
 * frames    [text fin=0 "He"] [ping] [continuation fin=0 "ll"] [continuation fin=1 "o"]
 * messages  ───────────────── "Hello" ──────────────────────────────────────────────►
 * ```
 * Compressed bytes are inflated when they arrive, like plain ones are checked when they arrive: bad
 * text, bad data and too much of it end the connection there and then, not at the end of the
 * message [RFC 6455 §8.1]. A message of one frame that comes in one piece is inflated at once.
 * Every limit is checked as `piece > limit − used`, before anything is stored. Nothing is known
 * here of close, ping and pong, sockets or time; what plain bytes become says message-body.ts.
 *
 * Longer than the house allows: one state, and what each part of a frame makes of it.
 */
import { constants } from 'node:buffer';
import { hasFastPath, ProtocolError, resolveLimit } from '../base/index.ts';
import {
  copyPayload,
  type FrameHeader,
  type FrameSink,
  OPCODE,
  viewPayload,
} from '../codec/index.ts';
import type { AssemblerOptions, AssemblerSink, MessageInflater } from './assembler-options.ts';
import { decodeWhole, MessageBody } from './message-body.ts';

const IS_FAST = hasFastPath('message-assembler');
const EMPTY: Buffer = Buffer.alloc(0);
const RSV1 = 4;

/** Assembles messages. It is the frame reader's sink; the connection is its sink. */
export class MessageAssembler implements FrameSink {
  #sink: AssemblerSink;
  readonly #isStreaming: boolean;
  readonly #maxMessageBytes: number;
  readonly #maxFragments: number;
  #inflater: MessageInflater | undefined;
  /** Made for the first message that comes in pieces: most come in one. */
  #body: MessageBody | undefined;

  /** Opcode of the control frame being read, 0 when a data frame is. */
  #control = 0;
  #controlPayload: Buffer = EMPTY;

  /** Text or binary while a message is unfinished, 0 between messages. */
  #opcode = 0;
  #isFinal = false;
  #isCompressed = false;
  #fragments = 0;
  /** Payload bytes announced by this message's frames so far, as they travel. */
  #announced = 0;
  /** What this message may have: a text no more than a string can hold, however few characters. */
  #limitBytes = 0;
  /** Payload bytes of the compressed frame being read: all of them, and those still to come. */
  #frameBytes = 0;
  #frameBytesLeft = 0;
  /** The decoded message when it came in one piece: the fast path stores nothing. */
  #whole: string | Buffer | undefined;
  #isInflating = false;
  #isPaused = false;
  #hasFailed = false;

  /** @throws UsageError `invalid-option` for a limit that is not a whole number. */
  constructor(sink: AssemblerSink, options: AssemblerOptions = {}) {
    this.#sink = sink;
    this.#isStreaming = options.delivery === 'pieces';
    this.#maxMessageBytes = resolveLimit('maxMessageBytes', options.maxMessageBytes);
    this.#maxFragments = resolveLimit('maxFragments', options.maxFragments);
    this.#inflater = options.inflater;
  }

  /** Assembles for another sink from now on. No message is unfinished. */
  serve(sink: AssemblerSink, inflater: MessageInflater | undefined): void {
    this.#sink = sink;
    this.#inflater = inflater;
    // One that hands on pieces knows whom it hands them to.
    if (this.#isStreaming) this.#body = undefined;
  }

  /** True while a message has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#opcode !== 0;
  }

  /** Plain bytes of the unfinished message so far; 0 when there is none. */
  get length(): number {
    return this.isUnfinished ? (this.#body?.length ?? 0) : 0;
  }

  /** Bytes of memory held for the unfinished message. */
  get heldBytes(): number {
    return this.#body?.heldBytes ?? 0;
  }

  /** Forgets the unfinished message; nothing is delivered afterwards. */
  stop(): void {
    this.#hasFailed = true;
    this.#body?.clear();
    this.#whole = undefined;
  }

  frame(header: FrameHeader): void {
    if (this.#hasFailed) return;
    if (header.opcode >= OPCODE.close) {
      this.#control = header.opcode;
      this.#controlPayload = EMPTY;
      return;
    }
    this.#control = 0;
    this.#isFinal = header.fin;
    if (header.opcode !== OPCODE.continuation) this.#begin(header);
    this.#fragments += 1;
    if (this.#fragments > this.#maxFragments) {
      return this.#fail('too-many-fragments', `more than ${this.#maxFragments}`);
    }
    // A compressed message may be a little longer than its plain form: five bytes a stored block.
    const limit = this.#isCompressed
      ? this.#limitBytes + Math.ceil(this.#limitBytes / 256) + 64
      : this.#limitBytes;
    if (header.payloadLength > limit - this.#announced) {
      return this.#fail('message-too-large', `more than ${this.#limitBytes} bytes`);
    }
    this.#announced += header.payloadLength;
    this.#frameBytes = header.payloadLength;
    this.#frameBytesLeft = header.payloadLength;
  }

  #begin(header: FrameHeader): void {
    const isText = header.opcode === OPCODE.text;
    this.#opcode = header.opcode;
    this.#isCompressed = (header.rsv & RSV1) !== 0;
    this.#fragments = 0;
    this.#announced = 0;
    const mostBytes = isText && !this.#isStreaming ? constants.MAX_STRING_LENGTH : Infinity;
    this.#limitBytes = Math.min(this.#maxMessageBytes, mostBytes);
    this.#body?.begin(isText);
    if (this.#isStreaming) this.#sink.messageStart(isText);
  }

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, forKeeps?: boolean): void {
    if (this.#hasFailed) return;
    if (this.#control !== 0) {
      this.#controlPayload = copyPayload(bytes, start, end);
    } else if (this.#isCompressed) {
      this.#frameBytesLeft -= end - start;
      this.#inflate(bytes.subarray(start, end), this.#isFinal && this.#frameBytesLeft === 0);
    } else if (this.#isWholeMessage(end - start)) {
      if (this.#opcode === OPCODE.text) {
        this.#whole = this.#decode(bytes, start, end, onlyAscii);
      } else {
        this.#whole = forKeeps ? viewPayload(bytes, start, end) : copyPayload(bytes, start, end);
      }
    } else {
      // The last frame says how long a message is: more than that will not be needed.
      const finalLength = this.#isFinal ? this.#announced : undefined;
      const error = this.#bodyToFill().add(bytes, start, end, onlyAscii, finalLength);
      if (error !== undefined) this.failed(error);
    }
  }

  #bodyToFill(): MessageBody {
    const isText = this.#opcode === OPCODE.text;
    this.#body ??= new MessageBody(this.#isStreaming ? this.#sink : undefined, isText);
    return this.#body;
  }

  /** True when these bytes are all of an unfragmented message: nothing has to be kept. */
  #isWholeMessage(length: number): boolean {
    const isAlone = this.#isFinal && this.#fragments === 1 && length === this.#announced;
    return IS_FAST && isAlone && !this.#isStreaming;
  }

  frameEnd(): void {
    if (this.#hasFailed) return;
    if (this.#control !== 0) {
      const opcode = this.#control;
      const payload = this.#controlPayload;
      this.#control = 0;
      this.#controlPayload = EMPTY;
      this.#sink.control(opcode, payload);
    } else if (!this.#isFinal) {
      return;
    } else if (!this.#isCompressed) {
      this.#finish();
    } else if (this.#frameBytes === 0) {
      // Any other last frame has been inflated with its last byte.
      this.#inflate(EMPTY, true);
    }
  }

  failed(error: ProtocolError): void {
    if (this.#hasFailed) return;
    this.stop();
    this.#sink.failed(error);
  }

  #fail(code: 'text-not-utf8' | 'message-too-large' | 'too-many-fragments', detail: string): void {
    this.failed(new ProtocolError(code, detail));
  }

  #decode(bytes: Buffer, start: number, end: number, onlyAscii: boolean): string | undefined {
    const text = decodeWhole(bytes, start, end, onlyAscii);
    if (text === undefined) this.#fail('text-not-utf8', 'in a message of one piece');
    return text;
  }

  // ── inflating ──────────────────────────────────────────────────────────────────────────────

  #inflate(piece: Buffer, isLast: boolean): void {
    this.#isInflating = true;
    const maxBytes = this.#limitBytes - this.length;
    const done = (error: ProtocolError | undefined, bytes: Buffer): void => {
      this.#isInflating = false;
      if (!this.#isPaused) return this.#jobDone(error, bytes, isLast);
      this.#isPaused = false;
      this.#sink.jobDone(() => this.#jobDone(error, bytes, isLast));
    };
    const working = (isWorking: boolean): void => this.#sink.inflating(isWorking);
    this.#inflater!.decompress(piece, isLast, maxBytes, done, working);
    if (!this.#isInflating) return;
    this.#isPaused = true;
    this.#sink.pauseFrames();
  }

  #jobDone(error: ProtocolError | undefined, bytes: Buffer, isLast: boolean): void {
    if (this.#hasFailed) return;
    if (error !== undefined) return this.failed(error);
    if (isLast && this.length === 0 && !this.#isStreaming) return this.#wholeInflated(bytes);
    const fault = this.#bodyToFill().addOwn(bytes);
    if (fault !== undefined) return this.failed(fault);
    // The owner may have paused with the last piece, and its end is not delivered meanwhile.
    if (isLast && this.#isStreaming) this.#sink.whenWanted(() => this.#finish());
    else if (isLast) this.#finish();
  }

  /** A message that comes out of the inflater in one piece is not kept either. */
  #wholeInflated(bytes: Buffer): void {
    const isText = this.#opcode === OPCODE.text;
    this.#whole = isText ? this.#decode(bytes, 0, bytes.length, false) : bytes;
    this.#finish();
  }

  #finish(): void {
    if (this.#hasFailed) return;
    const whole = this.#whole;
    if (whole !== undefined) {
      this.#whole = undefined;
      this.#opcode = 0;
      return this.#sink.message(whole);
    }
    const fault = this.#body?.checkEnd();
    if (fault !== undefined) return this.failed(fault);
    const data = this.#isStreaming ? undefined : this.#bodyToFill().take();
    this.#opcode = 0;
    if (data === undefined) this.#sink.messageEnd();
    else this.#sink.message(data);
  }
}

/**
 * From frames to messages [RFC 6455 §5.4, §6.2]: joins fragments, inflates, checks UTF-8.
 *
 * ```
 * frames    [text fin=0 "He"] [ping] [continuation fin=0 "ll"] [continuation fin=1 "o"]
 * messages  ───────────────── "Hello" ──────────────────────────────────────────────►
 * ```
 * Text is checked as its bytes arrive, so a bad byte fails the connection when it comes and not
 * when the message ends [RFC 6455 §8.1]. Unfinished messages wait in one buffer that grows by
 * doubling: a million one-byte fragments cost a million bytes, not a million objects. Every limit
 * is checked as `piece > limit − used`, before anything is stored.
 *
 * It does not know about close, ping and pong (they pass through), nor about sockets or time.
 *
 * Longer than the house allows: the four ways of a message (whole or in pieces, plain or
 * compressed) share one state, and taking them apart would spread it.
 */
import { ProtocolError, resolveLimit, Utf8Validator } from '../base/index.ts';
import {
  copyPayload,
  decodeAscii,
  decodeUtf8,
  type FrameHeader,
  type FrameSink,
  OPCODE,
} from '../codec/index.ts';
import { MessageStore } from './message-store.ts';
import { decodeWellFormed, TextPieces } from './text.ts';

/** Where an assembler's results go. */
export interface AssemblerSink {
  /** A whole message: a string for text, a Buffer of your own for binary. */
  message(data: string | Buffer): void;
  /** In `pieces` delivery: a message begins. */
  messageStart(isText: boolean): void;
  /** In `pieces` delivery: the next piece, never empty, yours; text is cut between code points. */
  messagePiece(piece: string | Buffer): void;
  /** In `pieces` delivery: the message is complete. */
  messageEnd(): void;
  /** A close, ping or pong frame; the payload is yours. */
  control(opcode: number, payload: Buffer): void;
  /** A rule was broken. Nothing follows. */
  failed(error: ProtocolError): void;
  /** Frames must not be delivered until `jobDone`: an inflate job is running elsewhere. */
  pauseFrames(): void;
  /** The job is done: call `deliver`, as soon as the owner wants messages, then frames go on. */
  jobDone(deliver: () => void): void;
  /** Call `deliver`: now, or as soon as an owner who has paused wants messages again. */
  whenWanted(deliver: () => void): void;
}

/** The half of a permessage-deflate codec that reads [RFC 7692 §7.2.2]. */
export interface MessageInflater {
  /**
   * Inflates the next piece of a message; `fin` marks its last. Calls `done` once, at once or
   * later, unless it was closed meanwhile; `bytes` are the caller's. `maxBytes` is what the message
   * may still produce: more than that is `message-too-large`, found out during the work.
   */
  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: (error: ProtocolError | undefined, bytes: Buffer) => void,
  ): void;
}

/** Options of {@link MessageAssembler}. */
export interface AssemblerOptions {
  /** `message`: whole messages. `pieces`: each message as it arrives, for streaming. */
  readonly delivery?: 'message' | 'pieces';
  /** Bytes of one message, after inflating; default 16 MiB. In `pieces` delivery too. */
  readonly maxMessageBytes?: number | undefined;
  /** Frames of one message; default 131,072. */
  readonly maxFragments?: number | undefined;
  /** Present when permessage-deflate was negotiated. */
  readonly inflater?: MessageInflater | undefined;
}

const EMPTY: Buffer = Buffer.alloc(0);
const RSV1 = 4;
/**
 * Compressed bytes are inflated in slices of this size, so that one message cannot hold the turn.
 */
const INFLATE_SLICE_BYTES = 64 * 1024;

/** Assembles messages. It is the frame reader's sink; the connection is its sink. */
export class MessageAssembler implements FrameSink {
  readonly #sink: AssemblerSink;
  readonly #isStreaming: boolean;
  readonly #maxMessageBytes: number;
  readonly #maxFragments: number;
  readonly #inflater: MessageInflater | undefined;
  /** Made for the first text that comes in pieces or compressed: most connections need none. */
  #utf8: Utf8Validator | undefined;
  readonly #textPieces: TextPieces | undefined;

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
  /** Plain bytes of this message that came out so far. */
  #plain = 0;
  /** All bytes that were kept are known to be ASCII. */
  #isAscii = true;
  /**
   * What is kept of the message: plain bytes, or compressed ones waiting for the inflater. Made
   * when there is something to keep.
   */
  #kept: MessageStore | undefined;
  /** What the inflater gave, one part for each slice of compressed bytes. */
  #inflatedParts: Buffer[] | undefined;
  /** The decoded message when it came in one piece: the fast path stores nothing. */
  #whole: string | Buffer | undefined;
  #isInflating = false;
  #isPaused = false;
  #hasFailed = false;

  /** @throws UsageError `invalid-option` for a limit that is not a whole number. */
  constructor(sink: AssemblerSink, options: AssemblerOptions = {}) {
    this.#sink = sink;
    this.#isStreaming = options.delivery === 'pieces';
    this.#textPieces = this.#isStreaming ? new TextPieces() : undefined;
    this.#maxMessageBytes = resolveLimit('maxMessageBytes', options.maxMessageBytes);
    this.#maxFragments = resolveLimit('maxFragments', options.maxFragments);
    this.#inflater = options.inflater;
  }

  /** True while a message has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#opcode !== 0;
  }

  /** Bytes of memory held for the unfinished message. */
  get heldBytes(): number {
    return this.#kept?.capacity ?? 0;
  }

  get #store(): MessageStore {
    this.#kept ??= new MessageStore();
    return this.#kept;
  }

  get #validator(): Utf8Validator {
    this.#utf8 ??= new Utf8Validator();
    return this.#utf8;
  }

  /** Whether the text so far ends where a code point does. */
  get #isTextComplete(): boolean {
    return this.#utf8 === undefined || this.#utf8.isComplete;
  }

  /** Forgets the unfinished message; nothing is delivered afterwards. */
  stop(): void {
    this.#hasFailed = true;
    this.#kept?.clear();
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
      ? this.#maxMessageBytes + Math.ceil(this.#maxMessageBytes / 256) + 64
      : this.#maxMessageBytes;
    if (header.payloadLength > limit - this.#announced) {
      return this.#fail('message-too-large', `more than ${this.#maxMessageBytes} bytes`);
    }
    this.#announced += header.payloadLength;
  }

  #begin(header: FrameHeader): void {
    this.#opcode = header.opcode;
    this.#isCompressed = (header.rsv & RSV1) !== 0;
    this.#fragments = 0;
    this.#announced = 0;
    this.#plain = 0;
    this.#isAscii = true;
    if (this.#isStreaming) {
      this.#textPieces!.reset();
      this.#sink.messageStart(header.opcode === OPCODE.text);
    }
  }

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, forKeeps?: boolean): void {
    if (this.#hasFailed) return;
    if (this.#control !== 0) {
      this.#controlPayload = copyPayload(bytes, start, end);
    } else if (this.#isCompressed) {
      this.#keep(bytes, start, end);
      if (this.#store.length >= INFLATE_SLICE_BYTES) this.#inflate(false);
    } else if (this.#isWholeMessage(end - start)) {
      if (this.#opcode === OPCODE.text) {
        this.#whole = this.#decodeWhole(bytes, start, end, onlyAscii);
      } else {
        this.#whole = forKeeps ? bytes.subarray(start, end) : copyPayload(bytes, start, end);
      }
    } else {
      this.#addPlain(bytes, start, end, onlyAscii);
    }
  }

  /** True when these bytes are all of an unfragmented message: nothing has to be kept. */
  #isWholeMessage(length: number): boolean {
    return (
      this.#isFinal && !this.#isStreaming && this.#fragments === 1 && length === this.#announced
    );
  }

  frameEnd(): void {
    if (this.#hasFailed) return;
    if (this.#control !== 0) {
      const opcode = this.#control;
      const payload = this.#controlPayload;
      this.#control = 0;
      this.#controlPayload = EMPTY;
      this.#sink.control(opcode, payload);
    } else if (this.#isCompressed) {
      if (this.#isFinal) this.#inflate(true);
    } else if (this.#isFinal) {
      this.#finish();
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

  #decodeWhole(bytes: Buffer, start: number, end: number, onlyAscii: boolean): string | undefined {
    if (onlyAscii) return decodeAscii(bytes, start, end);
    const text = decodeUtf8(bytes, start, end);
    if (text === undefined) this.#fail('text-not-utf8', 'in an unfragmented message');
    return text;
  }

  /** Plain bytes of a message that comes in several pieces: check, then deliver or keep. */
  #addPlain(bytes: Buffer, start: number, end: number, onlyAscii: boolean): void {
    if (this.#opcode === OPCODE.text && !(onlyAscii && this.#isTextComplete)) {
      const bad = this.#validator.push(bytes, start, end);
      if (bad !== -1) {
        return this.#fail('text-not-utf8', `at byte ${this.#plain + bad - start} of the message`);
      }
    }
    this.#plain += end - start;
    if (!onlyAscii) this.#isAscii = false;
    if (!this.#isStreaming) return this.#keep(bytes, start, end);
    if (this.#opcode === OPCODE.binary)
      return this.#sink.messagePiece(copyPayload(bytes, start, end));
    const text = this.#textPieces!.decode(bytes, start, end);
    if (text !== '') this.#sink.messagePiece(text);
  }

  /** The last frame says how long a message is: more than that will not be needed. */
  #keep(bytes: Buffer, start: number, end: number): void {
    this.#store.push(bytes, start, end, this.#isFinal ? this.#announced : undefined);
  }

  #inflate(fin: boolean): void {
    const inflater = this.#inflater!;
    this.#isInflating = true;
    const maxBytes = this.#maxMessageBytes - this.#plain;
    inflater.decompress(this.#store.take(), fin, maxBytes, (error, bytes) => {
      this.#isInflating = false;
      if (!this.#isPaused) return this.#jobDone(error, bytes, fin);
      this.#isPaused = false;
      this.#sink.jobDone(() => this.#jobDone(error, bytes, fin));
    });
    if (this.#isInflating) {
      this.#isPaused = true;
      this.#sink.pauseFrames();
    }
  }

  #jobDone(error: ProtocolError | undefined, bytes: Buffer, fin: boolean): void {
    if (this.#hasFailed) return;
    if (error !== undefined) this.failed(error);
    else this.#inflated(bytes, fin);
  }

  #inflated(bytes: Buffer, fin: boolean): void {
    if (this.#opcode === OPCODE.text) {
      const bad = this.#validator.push(bytes);
      if (bad !== -1) {
        return this.#fail('text-not-utf8', `at byte ${this.#plain + bad} of the message`);
      }
    }
    this.#plain += bytes.length;
    if (this.#isStreaming) this.#deliverInflated(bytes);
    else if (bytes.length > 0) this.#keepInflated(bytes);
    if (!fin) return;
    // The owner may have paused with the last piece, and its end is not delivered meanwhile.
    if (this.#isStreaming) this.#sink.whenWanted(() => this.#finishUnlessFailed());
    else this.#finish();
  }

  #finishUnlessFailed(): void {
    if (!this.#hasFailed) this.#finish();
  }

  #keepInflated(bytes: Buffer): void {
    this.#inflatedParts ??= [];
    this.#inflatedParts.push(bytes);
  }

  #deliverInflated(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#opcode === OPCODE.binary) return this.#sink.messagePiece(bytes);
    const text = this.#textPieces!.decode(bytes, 0, bytes.length);
    if (text !== '') this.#sink.messagePiece(text);
  }

  #finish(): void {
    const isText = this.#opcode === OPCODE.text;
    if (isText && !this.#isTextComplete) {
      return this.#fail('text-not-utf8', 'the last code point is cut off');
    }
    this.#opcode = 0;
    if (this.#isStreaming) return this.#sink.messageEnd();
    const whole = this.#whole;
    if (whole !== undefined) {
      this.#whole = undefined;
      return this.#sink.message(whole);
    }
    if (this.#plain === 0) this.#sink.message(isText ? '' : EMPTY);
    else this.#sink.message(isText ? this.#takeText() : this.#takeBinary());
  }

  #takeText(): string {
    if (this.#isCompressed) return decodeWellFormed(this.#takeBinary());
    return this.#store.takeText(this.#isAscii ? decodeAscii : decodeUtf8)!;
  }

  #takeBinary(): Buffer {
    if (!this.#isCompressed) return this.#store.take();
    const parts = this.#inflatedParts ?? [];
    this.#inflatedParts = undefined;
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

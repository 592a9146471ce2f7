/**
 * From bytes to frames: headers read and judged, masks taken off, payload handed on
 * [RFC 6455 §5.2, §6.2].
 *
 * ```
 *           header complete          payload complete
 *   header ─────────────────▶ payload ──────────────▶ end ──▶ header …
 *           frame()                payload()*             frameEnd()
 * ```
 * The parser takes masks off where the bytes lie, so it must be given memory that may be written
 * to; finding such memory, keeping bytes while paused and reporting failures is the part of
 * frame-reader.ts. Between two calls the parser keeps at most one unfinished header (13 bytes) or
 * one unfinished control payload (124 bytes).
 *
 * Longer than the house allows: the states of one parser, on the hottest path there is.
 */
import { hasFastPath, ProtocolError, type ViolationCode } from '../base/index.ts';
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
} from './frame-rules.ts';
import { maskInto, reverseKey, turnKey } from './mask.ts';
import { isControlOpcode, OPCODE } from './opcode.ts';
import type { PayloadSimd } from './payload-simd.ts';

/**
 * Takes frames. All calls are synchronous, inside `receive` or `resume` of the reader, and come in
 * this order: `frame`, then `payload` as often as needed, then `frameEnd`.
 *
 * A sink that finds a fault of the peer may throw a ProtocolError, which fails the reader like a
 * fault of its own. Whatever else it throws passes through to the caller of `receive`, and the
 * reader stops.
 */
export interface FrameSink {
  /** A header that the rules accept. The object is reused: valid until the call returns. */
  frame(header: FrameHeader): void;
  /**
   * The next payload bytes, unmasked: `bytes[start … end)`, valid until the call returns. They may
   * be read, not written. A control frame's payload comes in one piece; an empty payload not at
   * all.
   *
   * @param onlyAscii true when all of the bytes are known to be below 0x80; false says nothing.
   * @param forKeeps true when the range is the sink's from now on, as part of a chunk that was
   *   given away (`givesInput`): it may be kept without a copy.
   */
  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, forKeeps: boolean): void;
  /** The frame announced last is complete. */
  frameEnd(): void;
  /** The peer broke a rule. Called once; nothing is called after it. */
  failed(error: ProtocolError): void;
}

/** Where the bytes given to the parser lie, and what may be done there. */
export interface ParserInput {
  /** Memory to read from and to take masks off in. */
  readonly bytes: Buffer;
  /** Takes masks off at the same indices, when `bytes` is the memory of the SIMD module. */
  readonly mask: PayloadSimd['mask'] | undefined;
  /**
   * The chunk that lies in `bytes`, or was copied there, when its sender gave it away; else
   * `undefined`.
   */
  readonly givenAway: Buffer | undefined;
  /** Index in `givenAway` of what lies at index 0 of `bytes`. */
  readonly base: number;
}

/** Shorter payloads are masked by a loop: a call costs more. */
const CALL_FROM = 16;

/** Up to this length a loop tells whether unmasked text is ASCII; longer text is left to others. */
const ASCII_LOOP_UP_TO = hasFastPath('frame-parser') ? 32 : 0;

/**
 * Payloads at least this long are handed on for keeps where that is allowed: it saves a copy. With a
 * mask they must be put back first, and text is wanted as a string.
 */
const KEEP_FROM = hasFastPath('frame-parser') ? 1_024 : Number.POSITIVE_INFINITY;

/** Bytes without a mask lie there already. */
const KEEP_UNMASKED_FROM = hasFastPath('frame-parser') ? 40 : Number.POSITIVE_INFINITY;

/** Parses frames out of bytes. Throws ProtocolError; after that it must not be called again. */
export class FrameParser {
  /** Set to make {@link parse} return before the next thing it would deliver. */
  isHalted = false;
  readonly #sink: FrameSink;
  readonly #rules: FrameRules;
  readonly #header: FrameHeader = createFrameHeader();
  #phase: 'header' | 'payload' | 'end' = 'header';
  /** A message has begun, and the frame that ends it has not. */
  #messageUnfinished = false;
  /** The message is text that no extension has transformed: it matters whether it is ASCII. */
  #isPlainText = false;
  /** Payload bytes of the current frame that have been delivered. */
  #delivered = 0;
  /** Bytes of an unfinished header or control payload. */
  #held: Buffer | undefined;
  #heldLength = 0;

  constructor(sink: FrameSink, rules: FrameRules) {
    this.#sink = sink;
    this.#rules = rules;
  }

  /** Whether a frame has begun, if only by one byte of its header, and not ended. */
  get isInsideFrame(): boolean {
    return this.#phase !== 'header' || this.#heldLength > 0;
  }

  /** Whether a message has begun and its last frame has not. */
  get isInsideMessage(): boolean {
    return this.#messageUnfinished;
  }

  /** Whether the next thing to deliver needs no further byte: the end of a frame. */
  get isAtFrameEnd(): boolean {
    return this.#phase === 'end';
  }

  /** Whether the last message that has begun is text that no extension has transformed. */
  get isPlainText(): boolean {
    return this.#isPlainText;
  }

  /**
   * Parses `input.bytes[at … end)` until the end, or until halted.
   *
   * @returns the index of the first byte that was not used.
   * @throws ProtocolError for a frame that the rules forbid, and whatever the sink throws.
   */
  parse(input: ParserInput, at: number, end: number): number {
    while (!this.isHalted) {
      if (this.#phase === 'end') this.#endFrame();
      else if (at >= end) return at;
      else if (this.#phase === 'header') at = this.#parseHeader(input.bytes, at, end);
      else at = this.#parsePayload(input, at, end);
    }
    return at;
  }

  #parseHeader(bytes: Buffer, at: number, end: number): number {
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
    const { opcode } = header;
    refuse(judgeFrameHeader(header, this.#rules, this.#messageUnfinished));
    if (!isControlOpcode(opcode)) {
      this.#messageUnfinished = !header.fin;
      if (opcode !== OPCODE.continuation) {
        this.#isPlainText = opcode === OPCODE.text && header.rsv === 0;
      }
    }
    this.#delivered = 0;
    this.#phase = header.payloadLength === 0 ? 'end' : 'payload';
    this.#sink.frame(header);
  }

  #endFrame(): void {
    this.#phase = 'header';
    this.#sink.frameEnd();
  }

  #parsePayload(input: ParserInput, at: number, end: number): number {
    const missing = this.#header.payloadLength - this.#delivered;
    const isWhole = end - at >= missing && this.#heldLength === 0;
    if (!isWhole && isControlOpcode(this.#header.opcode)) {
      return this.#gatherControl(input, at, end);
    }
    const stop = end - at < missing ? end : at + missing;
    this.#deliver(input, at, stop);
    return stop;
  }

  /** Holds the pieces of a control payload that was cut: it is delivered in one piece. */
  #gatherControl(input: ParserInput, at: number, end: number): number {
    const held = this.#holdBuffer();
    const missing = this.#header.payloadLength - this.#heldLength;
    const copied = input.bytes.copy(held, this.#heldLength, at, Math.min(end, at + missing));
    this.#heldLength += copied;
    if (copied === missing) {
      this.#heldLength = 0;
      const own = { bytes: held, mask: undefined, givenAway: undefined, base: 0 };
      this.#deliver(own, 0, this.#header.payloadLength);
    }
    return at + copied;
  }

  /** Takes the mask off `input.bytes[at … end)` and hands them on. */
  #deliver(input: ParserInput, at: number, end: number): void {
    const { payloadLength } = this.#header;
    const isAscii = this.#header.masked
      ? this.#unmask(input, at, end)
      : this.#isPlainText && isKnownAscii(input, at, end);
    this.#delivered += end - at;
    if (this.#delivered === payloadLength) this.#phase = 'end';
    const { givenAway, base } = input;
    const keepFrom = this.#header.masked || this.#isPlainText ? KEEP_FROM : KEEP_UNMASKED_FROM;
    if (givenAway !== undefined && end - at === payloadLength && payloadLength >= keepFrom) {
      if (this.#header.masked) givenAway.set(input.bytes.subarray(at, end), base + at);
      this.#sink.payload(givenAway, base + at, base + end, isAscii, true);
    } else {
      this.#sink.payload(input.bytes, at, end, isAscii, false);
    }
  }

  #unmask({ bytes, mask }: ParserInput, at: number, end: number): boolean {
    const { maskingKey } = this.#header;
    if (mask !== undefined && end - at >= CALL_FROM) {
      return mask(at, end, reverseKey(turnKey(maskingKey, this.#delivered))) === 0;
    }
    return (maskInto(bytes, at, end, bytes, at, maskingKey, this.#delivered) & 0x80) === 0;
  }

  #holdBuffer(): Buffer {
    this.#held ??= Buffer.alloc(MAX_CONTROL_PAYLOAD);
    return this.#held;
  }
}

function refuse(code: ViolationCode | undefined): void {
  if (code !== undefined) throw new ProtocolError(code);
}

function isKnownAscii({ bytes, mask }: ParserInput, at: number, end: number): boolean {
  // A mask of zeros changes nothing, and the module tells whether the bytes are ASCII.
  if (mask !== undefined && end - at >= CALL_FROM) return mask(at, end, 0) === 0;
  if (end - at > ASCII_LOOP_UP_TO) return false;
  let union = 0;
  for (let index = at; index < end; index += 1) union |= bytes[index]!;
  return union < 0x80;
}

/**
 * Frames from bytes, read on past whatever is illegal [RFC 6455 §5.2].
 *
 * ```
 * … text │ RSV2 set: fault, and on │ data │ close ◀── how the testee takes its leave is still seen
 * ```
 * An endpoint would stop at the first broken rule. A judge wants to know what comes after it: the
 * answer to the close frame above all. So this is the codec's layout and law with a life of its
 * own: a frame that breaks rules gives one fault, as soon as it shows, and then counts as what it
 * says it is.
 */
import { ProtocolError } from 'barewire/base';
import {
  createFrameHeader,
  type FrameHeader,
  type FrameRules,
  isControlOpcode,
  judgeFrameHeader,
  judgeFrameStart,
  MAX_HEADER_LENGTH,
  maskInto,
  readFrameHeader,
} from 'barewire/codec';

/** Who is told. */
export interface FrameScanSink {
  /** A frame breaks a rule. Called before the frame, once. */
  fault(error: ProtocolError): void;
  /** A whole frame, its mask taken off. Both are the receiver's to keep. */
  frame(header: FrameHeader, payload: Buffer): void;
}

const NOTHING = Buffer.alloc(0);

/** Reads frames from chunks of any size. */
export class FrameScan {
  readonly #sink: FrameScanSink;
  readonly #rules: FrameRules;
  /** Octets of a header that is not complete. */
  #begun = NOTHING;
  #header: FrameHeader | undefined;
  #isFaulty = false;
  #pieces: Buffer[] = [];
  #missing = 0;
  #isInsideMessage = false;
  #isPaused = false;
  #isStopped = false;
  #waiting: Buffer[] = [];

  constructor(rules: Pick<FrameRules, 'role' | 'allowRsv1'>, sink: FrameScanSink) {
    this.#rules = { ...rules, maxFrameBytes: Number.POSITIVE_INFINITY };
    this.#sink = sink;
  }

  /** Takes the next bytes; while paused they wait. */
  receive(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#run();
  }

  /** Reports nothing until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on with what has waited. */
  resume(): void {
    this.#isPaused = false;
    this.#run();
  }

  /** Reports nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  #run(): void {
    while (!this.#isPaused && !this.#isStopped) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) return;
      const rest = bytes.subarray(
        this.#header === undefined ? this.#readHeader(bytes) : this.#readPayload(bytes),
      );
      if (rest.length > 0 && !this.#isStopped) this.#waiting.unshift(rest);
    }
  }

  /** @returns how many octets it has used. */
  #readHeader(bytes: Buffer): number {
    const before = this.#begun.length;
    const head = Buffer.concat([this.#begun, bytes.subarray(0, MAX_HEADER_LENGTH)]);
    const header = createFrameHeader();
    const isWhole = readFrameHeader(head, 0, head.length, header);
    if (!isWhole) {
      if (head.length >= 2)
        this.#judge(judgeFrameStart(header, this.#rules, this.#isInsideMessage));
      this.#begun = head;
      return bytes.length;
    }
    this.#judge(judgeFrameHeader(header, this.#rules, this.#isInsideMessage));
    this.#begun = NOTHING;
    this.#header = header;
    this.#missing = header.payloadLength;
    if (!isControlOpcode(header.opcode)) this.#isInsideMessage = true;
    if (this.#missing === 0) this.#endFrame();
    return header.headerLength - before;
  }

  #readPayload(bytes: Buffer): number {
    const { payloadLength, masked, maskingKey } = this.#header!;
    const length = Math.min(bytes.length, this.#missing);
    const piece = Buffer.from(bytes.subarray(0, length));
    const offset = payloadLength - this.#missing;
    if (masked) maskInto(piece, 0, length, piece, 0, maskingKey, offset);
    this.#pieces.push(piece);
    this.#missing -= length;
    if (this.#missing === 0) this.#endFrame();
    return length;
  }

  #judge(violation: ReturnType<typeof judgeFrameStart>): void {
    if (violation === undefined || this.#isFaulty) return;
    this.#isFaulty = true;
    this.#sink.fault(new ProtocolError(violation));
  }

  #endFrame(): void {
    const header = this.#header!;
    const pieces = this.#pieces;
    this.#header = undefined;
    this.#pieces = [];
    this.#isFaulty = false;
    if (header.fin && !isControlOpcode(header.opcode)) this.#isInsideMessage = false;
    // What comes with the reason to drop TCP is not looked at any more.
    if (this.#isStopped) return;
    this.#sink.frame(header, pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }
}

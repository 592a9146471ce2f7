/**
 * Frames from bytes, read on past whatever is illegal [RFC 6455 §5.2].
 *
 * ```
 * … text │ RSV2 set: fault, and on │ data │ close ◀── how the testee takes its leave is still seen
 * ```
 * An endpoint would stop at the first broken rule. A judge wants to know what comes after it: the
 * answer to the close frame above all. So this is the codec's layout with a law of its own: each
 * rule that a frame breaks is a fault, as soon as it shows, and then the frame counts as what it
 * says it is. A second fault ends the patience of whoever is told: their number matters, and order.
 */
import { ProtocolError, type ViolationCode } from 'barewire/base';
import {
  createFrameHeader,
  type FrameHeader,
  type FrameRules,
  isControlOpcode,
  isDefinedOpcode,
  MAX_HEADER_LENGTH,
  maskInto,
  OPCODE,
  RSV1,
  readFrameHeader,
} from 'barewire/codec';

/** Who is told. */
export interface FrameScanSink {
  /** A frame breaks a rule. Called before the frame, once for each rule. */
  fault(error: ProtocolError): void;
  /** A whole frame, its mask taken off. Both are the receiver's to keep. */
  frame(header: FrameHeader, payload: Buffer): void;
}

type ScanRules = Pick<FrameRules, 'role' | 'allowRsv1'>;

const NOTHING = Buffer.alloc(0);

/** Reads frames from chunks of any size. */
export class FrameScan {
  readonly #sink: FrameScanSink;
  readonly #rules: ScanRules;
  /** Octets of a header that is not complete. */
  #begun = NOTHING;
  #header: FrameHeader | undefined;
  /** Of the frame that is being read: those that were told. */
  #faults = 0;
  #pieces: Buffer[] = [];
  #missing = 0;
  #isInsideMessage = false;
  #isPaused = false;
  #isStopped = false;
  #waiting: Buffer[] = [];

  constructor(rules: ScanRules, sink: FrameScanSink) {
    this.#rules = rules;
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
      if (head.length >= 2) this.#judge(header, false);
      this.#begun = head;
      return bytes.length;
    }
    this.#judge(header, true);
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

  /** Tells the faults that are new since the frame's first octets were judged. */
  #judge(header: FrameHeader, isWhole: boolean): void {
    const faults = listFaults(header, isWhole, this.#rules, this.#isInsideMessage);
    for (const fault of faults.slice(this.#faults)) {
      if (this.#isStopped) return;
      this.#faults += 1;
      this.#sink.fault(new ProtocolError(fault));
    }
  }

  #endFrame(): void {
    const header = this.#header!;
    const pieces = this.#pieces;
    this.#header = undefined;
    this.#pieces = [];
    this.#faults = 0;
    if (header.fin && !isControlOpcode(header.opcode)) this.#isInsideMessage = false;
    // What comes with the reason to drop TCP is not looked at any more.
    if (this.#isStopped) return;
    this.#sink.frame(header, pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }
}

/**
 * All rules that a header breaks, in the order in which the original asks them.
 *
 * @param isWhole whether the length is complete; what the first two octets say comes first.
 */
function listFaults(
  header: FrameHeader,
  isWhole: boolean,
  { role, allowRsv1 }: ScanRules,
  isInsideMessage: boolean,
): ViolationCode[] {
  const { opcode, rsv, fin, masked, payloadLength } = header;
  const lengthBytes = header.headerLength - (masked ? 6 : 2);
  const isControl = isControlOpcode(opcode);
  const isContinuation = opcode === OPCODE.continuation;
  const isCompressed = rsv === RSV1 && allowRsv1;
  const least = lengthBytes === 8 ? 65_536 : lengthBytes === 2 ? 126 : 0;
  const rules: [isBroken: boolean, fault: ViolationCode][] = [
    [rsv !== 0 && !isCompressed, 'reserved-bit'],
    [masked !== (role === 'server'), masked ? 'frame-masked' : 'frame-not-masked'],
    [isControl && !fin, 'control-frame-fragmented'],
    [isControl && lengthBytes > 0, 'control-frame-too-long'],
    [!isDefinedOpcode(opcode), 'reserved-opcode'],
    [isContinuation && !isInsideMessage, 'continuation-without-start'],
    [!isControl && !isContinuation && isInsideMessage, 'message-not-finished'],
    [isCompressed && (isControl || isInsideMessage), 'reserved-bit'],
    [isWhole && payloadLength === Number.POSITIVE_INFINITY, 'length-top-bit'],
    [isWhole && payloadLength < least, 'length-not-minimal'],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, fault]) => fault);
}

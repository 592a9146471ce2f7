/**
 * What comes from the testee: frames judged, messages put together, inflated and checked
 * [RFC 6455 §5.4, §8.1].
 *
 * While a message is being inflated nothing else is read, so everything is reported in the order in
 * which it came. After a broken rule no message counts any more; control frames are still read.
 */
import { isUtf8 } from 'node:buffer';
import type { ProtocolError } from 'barewire/base';
import { type FrameHeader, OPCODE } from 'barewire/codec';
import { FrameScan } from './frame-scan.ts';
import type { Deflating } from './message-deflate.ts';
import type { Role } from './model.ts';
import type { WireLog } from './wire-log.ts';

/** Who is told. */
export interface IncomingSink {
  message(payload: Buffer, isBinary: boolean): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  close(payload: Buffer): void;
  /** A frame breaks a rule. It is read on. */
  broken(error: ProtocolError): void;
  /** A text is not UTF-8; or only ends in the middle of a character. */
  badText(reason: string, isCutOff: boolean): void;
  /** A message cannot be inflated: nothing behind it can be made sense of. */
  lost(reason: string): void;
  /** What was inflated has been reported: a good moment to write. */
  turnEnded(): void;
}

/** Octets of messages: as the application sees them, and as frames carry them. */
export interface MessageCounts {
  messages: number;
  app: number;
  payload: number;
}

/** Reads what the testee sends. */
export class Incoming {
  readonly counts: MessageCounts = { messages: 0, app: 0, payload: 0 };
  readonly #sink: IncomingSink;
  readonly #log: WireLog;
  readonly #deflate: Deflating | undefined;
  readonly #scan: FrameScan;
  #message: { isBinary: boolean; isCompressed: boolean; fragments: Buffer[] } | undefined;
  #isBroken = false;
  #isStopped = false;

  constructor(
    parts: {
      readonly role: Role;
      readonly log: WireLog;
      readonly deflate?: Deflating | undefined;
    },
    sink: IncomingSink,
  ) {
    this.#sink = sink;
    this.#log = parts.log;
    this.#deflate = parts.deflate;
    const rules = { role: parts.role, allowRsv1: parts.deflate !== undefined };
    this.#scan = new FrameScan(rules, {
      fault: (error) => {
        this.#isBroken = true;
        sink.broken(error);
      },
      frame: (header, payload) => this.#frame(header, payload),
    });
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    this.#scan.receive(bytes);
  }

  /** Reports nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#scan.stop();
  }

  #frame(header: FrameHeader, payload: Buffer): void {
    this.#log.frame(false, header, payload);
    if (header.opcode === OPCODE.close) this.#sink.close(payload);
    else if (header.opcode === OPCODE.ping) this.#sink.ping(payload);
    else if (header.opcode === OPCODE.pong) this.#sink.pong(payload);
    else if (!this.#isBroken) this.#dataArrived(header, payload);
  }

  #dataArrived(header: FrameHeader, payload: Buffer): void {
    this.#message ??= {
      isBinary: header.opcode === OPCODE.binary,
      isCompressed: header.rsv !== 0,
      fragments: [],
    };
    this.#message.fragments.push(payload);
    if (!header.fin) return;
    const { isBinary, isCompressed, fragments } = this.#message;
    this.#message = undefined;
    const whole = fragments.length === 1 ? fragments[0]! : Buffer.concat(fragments);
    this.counts.payload += whole.length;
    if (isCompressed) this.#inflate(whole, isBinary);
    else this.#messageArrived(whole, isBinary);
  }

  #inflate(payload: Buffer, isBinary: boolean): void {
    this.#scan.pause();
    this.#deflate!.inflate(payload, (error, inflated) => {
      if (this.#isStopped) return;
      if (error === undefined) {
        this.#log.content(false, inflated);
        this.#messageArrived(inflated, isBinary);
      } else this.#sink.lost(`A compressed message cannot be inflated: ${error.message}`);
      this.#scan.resume();
      this.#sink.turnEnded();
    });
  }

  #messageArrived(payload: Buffer, isBinary: boolean): void {
    this.counts.messages += 1;
    this.counts.app += payload.length;
    if (isBinary || isUtf8(payload)) this.#sink.message(payload, isBinary);
    else this.#sink.badText('A text message of the testee is not UTF-8.', isCutOff(payload));
  }
}

/** Whether text that is not UTF-8 would be, if only it went on. */
function isCutOff(text: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text, { stream: true });
    return true;
  } catch {
    return false;
  }
}

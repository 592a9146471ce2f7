/**
 * What comes from the testee: frames read strictly, messages put together, inflated and checked
 * [RFC 6455 §5.4, §8.1].
 *
 * While a message is being inflated nothing else is read, so everything is reported in the order in
 * which it came.
 */
import { isUtf8 } from 'node:buffer';
import type { ProtocolError } from 'barewire/base';
import { type FrameHeader, FrameReader, OPCODE } from 'barewire/codec';
import type { Deflating } from './message-deflate.ts';
import type { Role } from './model.ts';
import type { WireLog } from './wire-log.ts';

/** Who is told. */
export interface IncomingSink {
  message(payload: Buffer, isBinary: boolean): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  close(payload: Buffer): void;
  /** A frame broke a rule: nothing more is read. */
  broken(error: ProtocolError): void;
  /** A message was text and not UTF-8, or could not be inflated. */
  badMessage(reason: string): void;
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
  readonly #reader: FrameReader;
  #header: FrameHeader | undefined;
  #pieces: Buffer[] = [];
  #message: { isBinary: boolean; isCompressed: boolean; fragments: Buffer[] } | undefined;
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
    this.#reader = new FrameReader(
      {
        frame: (header) => {
          this.#header = { ...header };
          this.#pieces = [];
        },
        payload: (bytes, start, end) => this.#pieces.push(Buffer.from(bytes.subarray(start, end))),
        frameEnd: () => this.#frameEnd(),
        failed: (error) => sink.broken(error),
      },
      {
        role: parts.role,
        allowRsv1: parts.deflate !== undefined,
        maxFrameBytes: Number.POSITIVE_INFINITY,
      },
    );
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    this.#reader.receive(bytes);
  }

  /** Reports nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #frameEnd(): void {
    // What comes in the same read as the reason to drop TCP is not looked at any more.
    if (this.#isStopped) return;
    const header = this.#header!;
    const payload = Buffer.concat(this.#pieces);
    this.#log.frame(false, header, payload);
    if (header.opcode === OPCODE.close) this.#sink.close(payload);
    else if (header.opcode === OPCODE.ping) this.#sink.ping(payload);
    else if (header.opcode === OPCODE.pong) this.#sink.pong(payload);
    else this.#dataArrived(header, payload);
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
    this.#reader.pause();
    this.#deflate!.inflate(payload, (error, inflated) => {
      if (this.#isStopped) return;
      if (error === undefined) this.#messageArrived(inflated, isBinary);
      else this.#sink.badMessage(`A compressed message cannot be inflated: ${error.message}`);
      this.#reader.resume();
      this.#sink.turnEnded();
    });
  }

  #messageArrived(payload: Buffer, isBinary: boolean): void {
    this.counts.messages += 1;
    this.counts.app += payload.length;
    if (isBinary || isUtf8(payload)) this.#sink.message(payload, isBinary);
    else this.#sink.badMessage('A text message of the testee is not UTF-8.');
  }
}

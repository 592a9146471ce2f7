/**
 * The fuzzer's end of an open connection: strict about what it reads, free in what it writes
 * [RFC 6455 §5 – §7].
 *
 * ```
 * open ──close frame sent or received──▶ closing ──TCP given up──▶ closed ──▶ gone (TCP is away)
 *
 * its own close frame is answered within 1 s, or TCP is dropped
 * as client: when both close frames were exchanged the server has 1 s to drop TCP, or we do
 * as server: TCP is dropped as soon as both were exchanged
 * ```
 * Bytes in (`receive`, `receiveEnd`), bytes out (`transport`), time from a clock: no sockets here. It
 * answers pings, puts messages together, and fails the connection when the testee breaks a rule. What
 * to send and how to judge is the business of `CaseRun`.
 */
import { isUtf8 } from 'node:buffer';
import type { ProtocolError } from 'barewire/base';
import {
  encodeClosePayload,
  type FrameHeader,
  FrameReader,
  OPCODE,
  parseClosePayload,
} from 'barewire/codec';
import type { Clock, Timer } from './clock.ts';
import { FrameOutput, type FrameToWrite } from './frame-output.ts';
import type { MessageDeflate } from './message-deflate.ts';
import type { Role } from './model.ts';
import type { WireLog } from './wire-log.ts';

/** How the bytes leave. */
export interface Transport {
  /** @param sync the bytes want a write of their own. */
  write(bytes: Buffer, sync: boolean): void;
  /** Drops TCP in order: what was written still arrives. */
  end(): void;
  /** Drops TCP at once. */
  abort(): void;
}

/** Who is told. */
export interface PeerListener {
  message(payload: Buffer, isBinary: boolean): void;
  pong(payload: Buffer): void;
  /** TCP is gone. Called once, nothing after it. */
  gone(): void;
}

/** How the connection ended, as far as it has: the facts that verdicts are made of. */
export interface CloseFacts {
  closedByMe: boolean;
  failedByMe: boolean;
  droppedByMe: boolean;
  wasClean: boolean;
  wasNotCleanReason: string | undefined;
  wasCloseHandshakeTimeout: boolean;
  wasServerConnectionDropTimeout: boolean;
  localCloseCode: number | undefined;
  localCloseReason: string | undefined;
  remoteCloseCode: number | undefined;
  remoteCloseReason: string | undefined;
}

/** What the peer is made of. */
export interface PeerParts {
  readonly role: Role;
  readonly clock: Clock;
  readonly log: WireLog;
  readonly transport: Transport;
  readonly listener: PeerListener;
  /** A masking key a frame; as client only. */
  readonly nextMaskingKey: () => number;
  /** Set when permessage-deflate was negotiated. */
  readonly deflate?: MessageDeflate | undefined;
}

/** Seconds for the testee to answer a close frame, and for a server to drop TCP afterwards. */
const CLOSE_SECONDS = 1;

/** The close facts of a connection on which nothing has happened yet. */
export function noCloseFacts(): CloseFacts {
  return {
    closedByMe: false,
    failedByMe: false,
    droppedByMe: false,
    wasClean: false,
    wasNotCleanReason: undefined,
    wasCloseHandshakeTimeout: false,
    wasServerConnectionDropTimeout: false,
    localCloseCode: undefined,
    localCloseReason: undefined,
    remoteCloseCode: undefined,
    remoteCloseReason: undefined,
  };
}

/** The fuzzer's end of a connection. */
export class FuzzerPeer {
  readonly facts: CloseFacts = noCloseFacts();
  /** Octets of messages before compression and after, each way: see traffic.ts. */
  readonly traffic = {
    outMessages: 0,
    outApp: 0,
    outPayload: 0,
    inMessages: 0,
    inApp: 0,
    inPayload: 0,
  };
  readonly #parts: PeerParts;
  readonly #reader: FrameReader;
  readonly #output: FrameOutput;
  #state: 'open' | 'closing' | 'closed' | 'gone' = 'open';
  #closeTimer: Timer | undefined;
  /** The frame that is being read, its payload so far, and the message it belongs to. */
  #header: FrameHeader | undefined;
  #pieces: Buffer[] = [];
  #message: { isBinary: boolean; isCompressed: boolean; fragments: Buffer[] } | undefined;

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.#output = new FrameOutput(parts);
    this.#reader = new FrameReader(
      {
        frame: (header) => {
          this.#header = { ...header };
          this.#pieces = [];
        },
        payload: (bytes, start, end) => this.#pieces.push(Buffer.from(bytes.subarray(start, end))),
        frameEnd: () => this.#frameEnd(),
        failed: (error) => this.#broken(error),
      },
      {
        role: parts.role,
        allowRsv1: parts.deflate !== undefined,
        maxFrameBytes: Number.POSITIVE_INFINITY,
      },
    );
  }

  /** Whether messages are compressed. */
  get isCompressed(): boolean {
    return this.#parts.deflate !== undefined;
  }

  /** True until TCP has been given up by either side. */
  get isAlive(): boolean {
    return this.#state === 'open' || this.#state === 'closing';
  }

  /** Takes what has come from the testee. */
  receive(bytes: Buffer): void {
    if (!this.isAlive) return;
    this.#parts.log.octets(false, bytes);
    this.#reader.receive(bytes);
    this.flush();
  }

  /** The testee has dropped TCP, or TCP has broken down. */
  receiveEnd(reason = 'The testee dropped TCP without a closing handshake.'): void {
    if (this.#state === 'gone') return;
    if (this.facts.wasClean) this.facts.wasNotCleanReason = undefined;
    else this.facts.wasNotCleanReason ??= reason;
    this.#state = 'gone';
    this.#closeTimer?.cancel();
    this.#output.close();
    this.#parts.deflate?.close();
    this.#parts.listener.gone();
  }

  /** Writes a frame exactly as given, in any state but closed. */
  sendFrame(frame: FrameToWrite): void {
    if (this.isAlive) this.#output.frame(frame);
  }

  /** Writes octets as they are. */
  sendOctets(bytes: Buffer): void {
    if (this.isAlive) this.#output.octets(bytes);
  }

  /** Announces a frame whose payload follows with `sendPiece`. */
  sendFrameHead(opcode: number, fin: boolean, length: number, rsv: number): void {
    if (this.isAlive) this.#output.head(opcode, fin, length, rsv);
  }

  /** Writes the next octets of the frame announced last. */
  sendPiece(bytes: Buffer): void {
    if (this.isAlive) this.#output.piece(bytes);
  }

  /** Writes what has been sent in this turn. */
  flush(): void {
    this.#output.flush();
  }

  /** Deflates a message and hands back its compressed payload, unless the connection has gone. */
  deflate(payload: Buffer, done: (compressed: Buffer) => void): void {
    this.#parts.deflate?.deflate(payload, (_error, bytes) => {
      if (this.isAlive) done(bytes);
    });
  }

  /** Starts the closing handshake. Only the first call has an effect. */
  sendClose(payload: Buffer): void {
    if (this.#state !== 'open') return;
    this.facts.closedByMe = true;
    this.#writeClose(payload);
    this.#closeTimer = this.#parts.clock.after(CLOSE_SECONDS * 1000, () => {
      this.facts.wasCloseHandshakeTimeout = true;
      this.facts.wasNotCleanReason = 'The testee did not answer the close frame in time.';
      this.#drop(true);
    });
  }

  /** Fails the connection: with a close frame, or, when one was sent before, by dropping TCP. */
  fail(code: number, reason: string): void {
    if (!this.isAlive) return;
    this.facts.failedByMe = true;
    if (this.#state === 'closing') this.#drop(false);
    else this.sendClose(encodeClosePayload(code, reason));
  }

  #writeClose(payload: Buffer): void {
    this.#state = 'closing';
    if (payload.length >= 2) {
      this.facts.localCloseCode = payload.readUInt16BE(0);
      this.facts.localCloseReason = payload.toString('utf8', 2);
    }
    this.#output.frame({
      opcode: OPCODE.close,
      payload: { pattern: payload, length: payload.length },
    });
    this.flush();
  }

  #drop(atOnce: boolean): void {
    if (!this.isAlive) return;
    this.facts.droppedByMe = true;
    this.#state = 'closed';
    this.#closeTimer?.cancel();
    if (atOnce) this.#parts.transport.abort();
    else this.#output.whenEmpty(() => this.#parts.transport.end());
  }

  #broken(error: ProtocolError): void {
    this.#parts.log.note(`The testee broke a rule: ${error.message}`);
    this.facts.wasNotCleanReason ??= `The testee broke a rule: ${error.message}`;
    this.fail(error.closeCode ?? 1002, error.code);
  }

  #frameEnd(): void {
    // What comes in the same read as the reason to drop TCP is not looked at any more.
    if (!this.isAlive) return;
    const header = this.#header!;
    const payload = Buffer.concat(this.#pieces);
    this.#parts.log.frame(false, header, payload);
    switch (header.opcode) {
      case OPCODE.close:
        this.#closeArrived(payload);
        break;
      case OPCODE.ping:
        this.sendFrame({
          opcode: OPCODE.pong,
          payload: { pattern: payload, length: payload.length },
        });
        break;
      case OPCODE.pong:
        this.#parts.listener.pong(payload);
        break;
      default:
        this.#dataArrived(header, payload);
    }
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
    this.traffic.inPayload += whole.length;
    if (!isCompressed) {
      this.#messageArrived(whole, isBinary);
      return;
    }
    // Frames that come after must wait, or events would be recorded out of order.
    this.#reader.pause();
    this.#parts.deflate!.inflate(whole, (error, inflated) => {
      if (!this.isAlive) return;
      if (error === undefined) this.#messageArrived(inflated, isBinary);
      else this.#badMessage(`A compressed message cannot be inflated: ${error.message}`);
      this.#reader.resume();
      this.flush();
    });
  }

  #messageArrived(payload: Buffer, isBinary: boolean): void {
    this.traffic.inMessages += 1;
    this.traffic.inApp += payload.length;
    if (isBinary || isUtf8(payload)) this.#parts.listener.message(payload, isBinary);
    else this.#badMessage('A text message of the testee is not UTF-8.');
  }

  #badMessage(reason: string): void {
    this.#parts.log.note(reason);
    this.facts.wasNotCleanReason ??= reason;
    this.fail(1007, reason.slice(0, 100));
  }

  #closeArrived(payload: Buffer): void {
    try {
      const { code, reason } = parseClosePayload(payload);
      if (payload.length > 0) {
        this.facts.remoteCloseCode = code;
        this.facts.remoteCloseReason = reason;
      }
    } catch (error) {
      this.#broken(error as ProtocolError);
      return;
    }
    if (this.facts.wasClean) return;
    this.#closeTimer?.cancel();
    this.facts.wasClean = true;
    const isAnswer = this.#state === 'closing';
    if (!isAnswer) this.#writeClose(encodeClosePayload(1000));
    if (this.#parts.role === 'server') {
      this.#drop(false);
      return;
    }
    this.#closeTimer = this.#parts.clock.after(CLOSE_SECONDS * 1000, () => {
      this.facts.wasServerConnectionDropTimeout = true;
      this.facts.wasClean = false;
      this.facts.wasNotCleanReason = 'The testee, a server, did not drop TCP in time.';
      this.#drop(true);
    });
  }
}

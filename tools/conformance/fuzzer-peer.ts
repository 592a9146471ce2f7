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
 * Bytes in (`receive`, `receiveEnd`), bytes out (`transport`), time from a clock: no sockets here.
 * It answers pings, and fails the connection when the testee breaks a rule. What to send and how to
 * judge is the business of `CaseRun`.
 */
import type { ProtocolError } from 'barewire/base';
import { encodeClosePayload, OPCODE } from 'barewire/codec';
import type { Timer } from './clock.ts';
import { type CloseFacts, findCloseFault, noCloseFacts } from './close-facts.ts';
import { FrameOutput, type FrameToWrite } from './frame-output.ts';
import { Incoming, type MessageCounts } from './incoming.ts';
import type { PeerParts } from './peer-parts.ts';

/** Seconds for the testee to answer a close frame, and for a server to drop TCP afterwards. */
const CLOSE_SECONDS = 1;

/** Pings of the testee that are answered: some testees send one with everything they say. */
const MOST_PINGS = 100_000;

/** The fuzzer's end of a connection. */
export class FuzzerPeer {
  readonly facts: CloseFacts = noCloseFacts();
  /** What was sent; kept by whoever sends. What has come is in `received`. */
  readonly sent: MessageCounts = { messages: 0, app: 0, payload: 0 };
  /** Whatever they were. */
  octetsReceived = 0;
  #pings = 0;
  readonly #parts: PeerParts;
  readonly #incoming: Incoming;
  readonly #output: FrameOutput;
  #state: 'open' | 'closing' | 'closed' | 'gone' = 'open';
  #closeTimer: Timer | undefined;

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.#output = new FrameOutput(parts);
    this.#incoming = new Incoming(parts, {
      // An echo that comes when the connection has been failed is too late.
      message: (...message) => this.facts.failedByMe || parts.listener.message(...message),
      ping: (payload) => this.#answerPing(payload),
      pong: (payload) => parts.listener.pong(payload),
      close: (payload) => this.#closeArrived(payload),
      broken: (error) => this.#broken(error),
      badText: (reason, isCutOff) => this.#badText(reason, isCutOff),
      lost: (reason) => this.giveUp(reason),
      turnEnded: () => this.flush(),
    });
  }

  get received(): MessageCounts {
    return this.#incoming.counts;
  }

  /** Whether messages are compressed. */
  get isCompressed(): boolean {
    return this.#parts.deflate !== undefined;
  }

  /** Whether a compressed message may refer to the ones before it. */
  get sendsWithContext(): boolean {
    return this.#parts.deflate?.sendsWithContext === true;
  }

  /** True until a close frame has been sent or received. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** True until TCP has been given up by either side. */
  get isAlive(): boolean {
    return this.#state === 'open' || this.#state === 'closing';
  }

  /** Takes what has come from the testee. */
  receive(bytes: Buffer): void {
    if (!this.isAlive) return;
    this.#parts.log.octets(false, bytes);
    this.octetsReceived += bytes.length;
    const { mostOctets = Number.POSITIVE_INFINITY, listener } = this.#parts;
    if (this.octetsReceived > mostOctets) {
      return listener.flooded(`more than ${mostOctets / 2 ** 20} MiB`);
    }
    this.#incoming.receive(bytes);
    this.flush();
  }

  /** The testee has dropped TCP, or TCP has broken down. */
  receiveEnd(reason = 'The testee dropped TCP without a closing handshake.'): void {
    if (this.#state === 'gone') return;
    const { wasClean, wasNotCleanReason = reason } = this.facts;
    this.facts.wasNotCleanReason = wasClean ? undefined : wasNotCleanReason;
    this.#state = 'gone';
    this.#incoming.stop();
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

  /** Writes what has been sent, and calls `run` when it was taken, if we are open then. */
  whenTaken(run: () => void): void {
    this.flush();
    this.#parts.transport.whenTaken(() => {
      if (this.isOpen) run();
    });
  }

  /** Deflates a message and hands back its compressed payload, unless the connection has gone. */
  deflate(payload: Buffer, done: (compressed: Buffer) => void): void {
    if (this.isCompressed) this.#parts.log.content(true, payload);
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

  /** Nothing is sent after a close frame, not even a pong [RFC 6455 §5.5.1]. */
  #answerPing(payload: Buffer): void {
    this.#pings += 1;
    if (this.#pings > MOST_PINGS) this.#parts.listener.flooded(`more than ${MOST_PINGS} pings`);
    else if (this.isOpen) this.sendFrame({ opcode: OPCODE.pong, payload: whole(payload) });
  }

  #writeClose(payload: Buffer): void {
    this.#state = 'closing';
    if (payload.length >= 2) this.facts.localCloseCode = payload.readUInt16BE(0);
    // What is too short for a code counts as the reason, as in the original (7.3.2).
    const reason = payload.subarray(payload.length < 2 ? 0 : 2);
    this.facts.localCloseReason = reason.toString('utf8') || undefined;
    this.#output.frame({ opcode: OPCODE.close, payload: whole(payload) });
    this.flush();
  }

  #drop(atOnce: boolean): void {
    if (!this.isAlive) return;
    this.facts.droppedByMe = true;
    this.#state = 'closed';
    this.#incoming.stop();
    this.#closeTimer?.cancel();
    if (atOnce) this.#parts.transport.abort();
    else this.#output.whenEmpty(() => this.#parts.transport.end());
  }

  #broken(error: ProtocolError): void {
    this.#parts.log.note(`The testee broke a rule: ${error.message}`);
    this.facts.wasNotCleanReason ??= `The testee broke a rule: ${error.message}`;
    this.fail(error.closeCode ?? 1002, error.code);
  }

  /** Text that is wrong in the middle has been wrong twice by its end: TCP is dropped at once. */
  #badText(reason: string, isCutOff: boolean): void {
    this.#parts.log.note(reason);
    this.facts.wasNotCleanReason ??= reason;
    this.fail(1007, reason);
    if (!isCutOff) this.fail(1007, reason);
  }

  /** There is no going on, not even to a close frame. */
  giveUp(reason: string): void {
    this.#parts.log.note(reason);
    this.facts.wasNotCleanReason ??= reason;
    this.#drop(true);
  }

  /** A close frame may be wrong itself, and still takes part in the closing handshake. */
  #closeArrived(payload: Buffer): void {
    if (payload.length >= 2) {
      this.facts.remoteCloseCode = payload.readUInt16BE(0);
      this.facts.remoteCloseReason = payload.toString('utf8', 2) || undefined;
    }
    this.#judgeClosePayload(payload);
    if (!this.isAlive || this.facts.wasClean) return;
    this.#closeTimer?.cancel();
    this.facts.wasClean = true;
    if (this.isOpen) this.#writeClose(encodeClosePayload(1000));
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

  #judgeClosePayload(payload: Buffer): void {
    const error = findCloseFault(payload, this.facts.localCloseCode);
    if (error === undefined) return;
    this.facts.hasIllegalCloseCode = error.code === 'close-code-invalid';
    this.#broken(error);
  }
}

const whole = (pattern: Buffer) => ({ pattern, length: pattern.length });

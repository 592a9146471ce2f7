/**
 * The reading half of an HTTP connection: from bytes to one request at a time.
 *
 * ```
 *   bytes ─► RequestReader ─► head ─► (paused while the request is answered)
 *              ▲ waiting        body ─► RequestBody ─► the application, at its pace
 *              └ at most maxUnreadBytes; then the socket is paused
 * ```
 * The socket is read a little ahead even while nobody wants the bytes, because that is the only way
 * to notice that a client has ended its side; one that is paused is asked otherwise, see reset.ts.
 * The deadline for bodies is here too: each portion must arrive within the body timeout, which
 * runs only while we are reading. Answers are unknown here.
 *
 * Longer than the house allows: a body is wanted, paused, left and drained under one deadline.
 */
import type { ProtocolError } from '../base/index.ts';
import { type Fields, type RequestHead, RequestReader, type RequestSink } from '../http/index.ts';
import type { Deadline } from './clock.ts';
import { type BodySource, RequestBody } from './request-body.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SocketPump } from './socket-pump.ts';

/** What the input reports to its connection. */
export interface InputOwner {
  readonly pump: SocketPump;
  readonly settings: ServerSettings;
  /** A request has begun. */
  requestBegan(head: RequestHead, body: RequestBody): void;
  /** The request has been read to its end. */
  requestEnded(): void;
  /** Nothing more can be read. */
  inputFailed(error: ProtocolError): void;
  /** The rest of an answered request is larger than what we care to read. */
  drainedTooMuch(): void;
  /** The reader has had its turn. */
  hasRead(): void;
  /** The client waits for 100 (Continue). */
  sendContinue(): void;
  /** Whoever reads the body is slow; it has no deadline now. */
  bodyPaused(): void;
  /** Whoever read the body has stopped before its end. */
  bodyLeft(): void;
}

/** Reads requests for one connection. */
export class RequestInput implements RequestSink, BodySource {
  readonly #owner: InputOwner;
  readonly #deadline: Deadline<unknown>;
  readonly #reader: RequestReader;
  #head: RequestHead | undefined;
  #body: RequestBody | undefined;
  #hasContinued = false;
  #isDone = true;
  #isBroken = false;
  #isDraining = false;
  /** Count of body bytes at which the deadline moves, or behind which draining goes too far. */
  #mark = 0;
  /**
   * What the portion that has begun has left of its time, in ms, while nobody wants it: whoever
   * takes a body piece by piece must not give its sender more time with each of them.
   */
  #leftMs: number | undefined;
  #isPortionDue = false;
  /** The request is answered: whoever reads its body must not hold the connection by not reading. */
  #arePausesLimited = false;
  #isPumpPaused = false;
  #isOver = false;

  /** @param deadline the connection's; set here only for the body of a request. */
  constructor(owner: InputOwner, deadline: Deadline<unknown>) {
    this.#owner = owner;
    this.#deadline = deadline;
    this.#reader = new RequestReader(this, owner.settings.http);
  }

  /** True between two requests, and when the current one has been read to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** True when nothing after the current request can be read. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Bytes that have come and were not read. */
  get waitingBytes(): number {
    return this.#reader.waitingBytes;
  }

  /** Whether a head has begun to come that is not complete. */
  get hasBegun(): boolean {
    return this.#isDone && this.#reader.phase !== 'idle';
  }

  /**
   * Whether more than the current request has come already. A chunked body that has not been read
   * hides what comes behind it: rather a last answer without `close` than a request without one.
   */
  get hasNext(): boolean {
    const body = this.#body!;
    const isKnown = body.isComplete || body.length === undefined;
    const due = isKnown ? 0 : body.length! - body.receivedBytes;
    return this.#reader.waitingBytes > due;
  }

  /** Whether another request can follow the current one, as far as reading goes. */
  get mayGoOn(): boolean {
    const [head, body] = [this.#head!, this.#body!];
    if (!head.keepAlive || this.#isBroken) return false;
    // What follows CONNECT may be meant for the tunnel that was refused, whatever it looks like.
    if (head.method === 'CONNECT') return false;
    if (body.isComplete) return true;
    // A client that was not told to go on may send its body or not: nobody can tell what comes
    // [RFC 9110 §10.1.1].
    if (body.hasFailed || (head.expectContinue && !this.#hasContinued)) return false;
    if (body.isBeingRead) return true;
    return (body.length ?? 0) - body.receivedBytes <= this.#owner.settings.maxDrainBytes;
  }

  /** Takes what the socket delivers. */
  receive(bytes: Buffer): void {
    this.#reader.receive(bytes);
    this.#afterReading();
  }

  /** The client has ended its side. */
  receiveEnd(): void {
    this.#reader.receiveEnd();
    this.#afterReading();
  }

  /** Reads on: the current request has been answered. */
  resume(): void {
    this.#reader.resume();
    this.#afterReading();
  }

  /** Between two requests that are far apart: keeps nothing of the last one. */
  rest(): void {
    this.#reader.forget();
    this.#head = undefined;
    this.#body = undefined;
  }

  /** Reads the rest of the current request and throws it away. */
  drain(): void {
    const body = this.#body!;
    body.discard();
    this.#isDraining = true;
    this.#isPortionDue = false;
    this.#mark = body.receivedBytes + this.#owner.settings.maxDrainBytes;
    this.#deadline.setIn(this.#owner.settings.bodyTimeoutMs);
    this.resume();
  }

  /** From now on, whoever reads the body must not pause for longer than its sender may. */
  limitPauses(): void {
    this.#arePausesLimited = true;
    if (!this.#isPortionDue) this.#deadline.setIn(this.#owner.settings.bodyTimeoutMs);
  }

  /** When the deadline is over: whether it was that of a pause. */
  get isPausedTooLong(): boolean {
    return this.#arePausesLimited && !this.#isPortionDue && !this.#isDraining;
  }

  /** Stops for good and returns the bytes that were not read: of an unread body, or behind one. */
  handOver(): Buffer {
    this.#isOver = true;
    return this.#reader.handOver();
  }

  /** Stops for good. */
  stop(): void {
    this.#isOver = true;
    this.#reader.stop();
  }

  /** Lets the socket flow again: what comes is for somebody else. */
  openPump(): void {
    if (this.#isPumpPaused) this.#owner.pump.resume();
    this.#isPumpPaused = false;
  }

  // ── what the body asks ─────────────────────────────────────────────────────────────────────

  wantBody(): void {
    if (this.#isDone || this.#isBroken || this.#isOver) return;
    if (this.#head!.expectContinue && !this.#hasContinued) {
      this.#hasContinued = true;
      this.#owner.sendContinue();
    }
    if (!this.#isPortionDue) this.#expectPortion(this.#leftMs);
    this.resume();
  }

  pauseBody(): void {
    if (this.#isDone || this.#isDraining || this.#isOver) return;
    this.#reader.pause();
    if (!this.#isPortionDue) return;
    this.#isPortionDue = false;
    this.#leftMs = Math.max(0, this.#deadline.dueAt - this.#owner.settings.wheel.time.now());
    this.#deadline.clear();
    if (this.#arePausesLimited) this.limitPauses();
    else this.#owner.bodyPaused();
  }

  leaveBody(): void {
    if (this.#isDone || this.#isDraining || this.#isOver) return;
    this.pauseBody();
    this.#owner.bodyLeft();
  }

  // ── what the reader says ───────────────────────────────────────────────────────────────────

  head(head: RequestHead): void {
    const body = new RequestBody(head, this, this.#owner.settings.maxBodyBytes);
    this.#head = head;
    this.#body = body;
    this.#hasContinued = false;
    this.#isDraining = false;
    this.#arePausesLimited = false;
    this.#isDone = false;
    this.#isPortionDue = false;
    this.#leftMs = undefined;
    this.#deadline.clear();
    this.#owner.requestBegan(head, body);
    // Without a body the end follows at once, and with it the pause.
    if (body.isComplete || body.isWanted || this.#isDraining) return;
    this.#reader.pause();
  }

  body(bytes: Buffer): void {
    const body = this.#body!;
    body.push(bytes);
    if (this.#isDraining) {
      // A body of exactly so many bytes was promised to be read.
      if (body.receivedBytes > this.#mark) this.#owner.drainedTooMuch();
      return;
    }
    if (body.receivedBytes < this.#mark) return;
    if (this.#isPortionDue) this.#expectPortion();
    else this.#leftMs = undefined;
  }

  end(trailers: Fields | undefined): void {
    this.#isDone = true;
    this.#isPortionDue = false;
    this.#deadline.clear();
    this.#reader.pause();
    this.#body!.end(trailers);
    this.#owner.requestEnded();
  }

  failed(error: ProtocolError): void {
    this.#isBroken = true;
    this.#isPortionDue = false;
    this.#deadline.clear();
    this.#owner.inputFailed(error);
  }

  /** A portion of the body is due: the next one, or what is left of the one that has begun. */
  #expectPortion(leftMs?: number): void {
    this.#isPortionDue = true;
    this.#leftMs = undefined;
    const { bodyPortionBytes, bodyTimeoutMs } = this.#owner.settings;
    if (leftMs === undefined) this.#mark = this.#body!.receivedBytes + bodyPortionBytes;
    this.#deadline.setIn(leftMs ?? bodyTimeoutMs);
  }

  #afterReading(): void {
    const { pump, settings } = this.#owner;
    if (this.#isOver || pump.isGone) return;
    const isFull = this.#reader.waitingBytes > settings.maxUnreadBytes;
    if (isFull !== this.#isPumpPaused) {
      this.#isPumpPaused = isFull;
      if (isFull) pump.pause();
      else pump.resume();
    }
    this.#owner.hasRead();
  }
}

/**
 * The life of one HTTP connection: requests in, one exchange at a time, until somebody has enough.
 *
 * ```
 *            first byte         head                     answered, read to the end
 *   idle ──────────────► head ───────► exchange ───────────────────────────► idle …
 *    │ keep-alive timeout │ malformed,    │  │ close, or too much left to read
 *    ▼                    │ too slow      │  └─────────► lingering ──► closed
 *  closed                 └─► error ──────│────────────────▲
 *                                         └─ hijack, accept ─► handed over
 * ```
 * While a request is answered the reader is paused, so pipelined requests are answered in order and
 * an error comes last. The socket is still read a little ahead, to notice a client that leaves.
 * Lingering: after the last response our side is ended and input thrown away, because closing with
 * unread input resets the connection and takes the response with it [RFC 9112 §9.6].
 */
import { ProtocolError } from '../base/index.ts';
import { type Fields, type RequestHead, RequestReader, type RequestSink } from '../http/index.ts';
import { type ClientAddress, readClientAddress } from './client-address.ts';
import { Deadline } from './clock.ts';
import { formatErrorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeTransport } from './exchange-transport.ts';
import { type BodySource, RequestBody } from './request-body.ts';
import type { ServerSettings } from './server-settings.ts';
import type { PumpSink, SocketPump, TransportEnd } from './socket-pump.ts';

/** What a connection asks of its server. */
export interface ConnectionOwner {
  readonly settings: ServerSettings;
  /** The server lets nobody in any more: each connection ends with its current answer. */
  readonly isClosing: boolean;
  /** A request came: answer it. Must not throw. */
  dispatch(exchange: Exchange): void;
  /** The peer broke a rule or a deadline. */
  refused(error: ProtocolError): void;
  /** Code of the application threw where nobody catches it. */
  reportError(error: unknown): void;
  /** The connection is over for HTTP: closed, or handed over to another protocol. */
  left(connection: HttpConnection, end: TransportEnd | 'handed-over', wasBusy: boolean): void;
}

/** Where the connection stands; see the diagram. */
export type ConnectionPhase = 'idle' | 'head' | 'exchange' | 'lingering' | 'handed-over' | 'closed';

/** Body bytes that must arrive within the body timeout: at 30 s, 546 bytes/s are fast enough. */
const BODY_PORTION_BYTES = 16 * 1024;
/** Input thrown away while lingering. */
const LINGER_BYTES = 16 * 1024 * 1024;

/** One connection that speaks HTTP/1. */
export class HttpConnection implements RequestSink, PumpSink, BodySource, ExchangeTransport {
  readonly pump: SocketPump;
  readonly settings: ServerSettings;
  readonly isSecure: boolean;
  readonly #owner: ConnectionOwner;
  readonly #reader: RequestReader;
  readonly #deadline: Deadline<HttpConnection>;
  #phase: ConnectionPhase = 'idle';
  #requests = 0;
  #client: ClientAddress | undefined;
  /** The request being answered. */
  #exchange: Exchange | undefined;
  #head: RequestHead | undefined;
  /** The request has been read to its end. */
  #isInputDone = false;
  /** The rest of the request cannot be read, so nothing after it can. */
  #isInputBroken = false;
  #hasContinued = false;
  /** Count of body bytes at which the body deadline moves, or draining has gone too far. */
  #mark = 0;
  #isPumpPaused = false;
  /** The next request waits until the answers to earlier ones have left. */
  #isWaitingForDrain = false;
  #lingeredBytes = 0;

  /** Takes a connection; nothing happens before {@link start}. */
  constructor(makePump: (sink: PumpSink) => SocketPump, owner: ConnectionOwner, isSecure: boolean) {
    this.settings = owner.settings;
    this.isSecure = isSecure;
    this.#owner = owner;
    this.#reader = new RequestReader(this, owner.settings.http);
    this.#deadline = new Deadline<HttpConnection>(owner.settings.wheel, this, whenDue);
    this.pump = makePump(this);
  }

  /** Where it stands. */
  get phase(): ConnectionPhase {
    return this.#phase;
  }

  get client(): ClientAddress {
    this.#client ??= readClientAddress(this.pump.socket);
    return this.#client;
  }

  /** Begins to read. The first head is due, from now on, within the head timeout. */
  start(): void {
    this.#deadline.setIn(this.settings.headTimeoutMs);
    this.pump.start();
  }

  /** Ends the connection as soon as nothing is being answered. */
  shutDown(): void {
    if (this.#phase === 'idle') this.#finish();
    else this.#exchange?.shutDown();
  }

  // ── what the socket says ───────────────────────────────────────────────────────────────────

  receive(bytes: Buffer): void {
    if (this.#phase === 'lingering') {
      this.#lingeredBytes += bytes.length;
      if (this.#lingeredBytes > LINGER_BYTES) this.pump.cut('ended');
      return;
    }
    if (this.#phase === 'idle' && !this.#isWaitingForDrain) {
      this.#phase = 'head';
      // The very first head is due from the beginning of the connection.
      if (this.#requests > 0) this.#deadline.setIn(this.settings.headTimeoutMs);
    }
    this.#reader.receive(bytes);
    this.#afterReading();
  }

  receiveEnd(): void {
    if (this.#phase === 'lingering') return;
    this.#exchange?.clientEnded();
    if (this.pump.isGone) return;
    this.#reader.receiveEnd();
    this.#afterReading();
    // Whoever has not answered by then, answers nobody.
    if (this.#exchange !== undefined && !this.settings.allowHalfOpen) {
      this.#deadline.setIn(this.settings.lingerTimeoutMs);
    }
  }

  drained(): void {
    this.#exchange?.drained();
    if (!this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = false;
    this.#nextRequest();
  }

  closed(end: TransportEnd, error: Error | undefined): void {
    const exchange = this.#exchange;
    const wasBusy = exchange !== undefined && !exchange.isDone;
    this.#leave('closed');
    if (exchange !== undefined) {
      if (!exchange.body.isComplete) exchange.body.fail(new ProtocolError('premature-eof'));
      exchange.transportClosed(end === 'ended' ? 'cut' : end, error);
    }
    this.#owner.left(this, end, wasBusy);
  }

  // ── what the reader says ───────────────────────────────────────────────────────────────────

  head(head: RequestHead): void {
    this.#requests += 1;
    this.#phase = 'exchange';
    this.#deadline.clear();
    this.#isInputDone = false;
    this.#hasContinued = false;
    this.#head = head;
    const body = new RequestBody(head, this, this.settings.maxBodyBytes);
    const exchange = new Exchange(head, body, this);
    this.#exchange = exchange;
    this.#owner.dispatch(exchange);
    if (this.#exchange !== exchange || body.isComplete || exchange.isDone) return;
    if (!body.isWanted) this.#reader.pause();
  }

  body(bytes: Buffer): void {
    const exchange = this.#exchange!;
    exchange.body.push(bytes);
    if (exchange.body.receivedBytes < this.#mark) return;
    if (exchange.isDone) this.#finish();
    else if (this.#deadline.isSet) this.#expectPortion();
  }

  end(trailers: Fields | undefined): void {
    const exchange = this.#exchange!;
    this.#isInputDone = true;
    this.#deadline.clear();
    exchange.body.end(trailers);
    if (exchange.isDone) this.#next();
    else this.#reader.pause();
  }

  failed(error: ProtocolError): void {
    this.#owner.refused(error);
    this.#isInputBroken = true;
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isDone) {
      this.#refuse(error);
    } else if (error.status === undefined) {
      // The request will never be complete: there is nobody to answer.
      this.pump.cut('peer-ended');
    } else {
      this.#deadline.clear();
      exchange.body.fail(error);
    }
  }

  // ── what the exchange asks ─────────────────────────────────────────────────────────────────

  wantBody(): void {
    if (this.#phase !== 'exchange' || this.#isInputDone || this.#isInputBroken) return;
    if (this.#head!.expectContinue && !this.#hasContinued) {
      this.#hasContinued = true;
      this.#exchange!.sendContinue();
    }
    this.#expectPortion();
    this.#resumeReading();
  }

  pauseBody(): void {
    if (this.#phase !== 'exchange' || this.#isInputDone) return;
    this.#reader.pause();
    this.#deadline.clear();
  }

  mayKeepAlive(): boolean {
    const { head, body } = { head: this.#head!, body: this.#exchange!.body };
    if (!head.keepAlive || this.#owner.isClosing || this.#isInputBroken) return false;
    if (this.#requests >= this.settings.maxRequestsPerConnection) return false;
    if (this.pump.hasPeerEnded) return false;
    if (body.isComplete) return true;
    // A client that was not told to go on may send its body or not: nobody can tell what comes.
    if (body.hasFailed || (head.expectContinue && !this.#hasContinued)) return false;
    return (body.length ?? 0) - body.receivedBytes <= this.settings.maxDrainBytes;
  }

  responseEnded(): void {
    if (this.#phase !== 'exchange') return;
    const { body, keepsConnection } = this.#exchange!;
    if (!keepsConnection || this.#isInputBroken) this.#finish();
    else if (this.#isInputDone) this.#next();
    else if (!body.isComplete) this.#drain(body);
  }

  handOver(): Buffer {
    const rest = this.#reader.handOver();
    this.#leave('handed-over');
    this.#owner.left(this, 'handed-over', false);
    return rest;
  }

  reportError(error: unknown): void {
    this.#owner.reportError(error);
  }

  // ── from one request to the next ───────────────────────────────────────────────────────────

  #next(): void {
    this.#exchange = undefined;
    if (this.#owner.isClosing) {
      this.#finish();
    } else if (this.pump.isCongested) {
      // A client that sends requests and does not read the answers is not served further.
      this.#phase = 'idle';
      this.#isWaitingForDrain = true;
      this.#reader.pause();
    } else {
      this.#nextRequest();
    }
  }

  #nextRequest(): void {
    const hasBegun = this.#reader.waitingBytes > 0;
    const { headTimeoutMs, keepAliveTimeoutMs } = this.settings;
    this.#phase = hasBegun ? 'head' : 'idle';
    this.#deadline.setIn(hasBegun ? headTimeoutMs : keepAliveTimeoutMs);
    this.#resumeReading();
  }

  /** The answer is complete and the request is not: reads the rest, up to a bound. */
  #drain(body: RequestBody): void {
    body.discard();
    this.#mark = body.receivedBytes + this.settings.maxDrainBytes;
    this.#deadline.setIn(this.settings.bodyTimeoutMs);
    this.#resumeReading();
  }

  /** The next portion of the body is due. */
  #expectPortion(): void {
    this.#mark = this.#exchange!.body.receivedBytes + BODY_PORTION_BYTES;
    this.#deadline.setIn(this.settings.bodyTimeoutMs);
  }

  #resumeReading(): void {
    this.#reader.resume();
    this.#afterReading();
  }

  /** After each time the reader had its turn: reads ahead a little, and notices the end. */
  #afterReading(): void {
    if (this.#phase === 'lingering' || this.#phase === 'handed-over') return;
    const isFull = this.#reader.waitingBytes > this.settings.maxUnreadBytes;
    if (isFull !== this.#isPumpPaused) {
      this.#isPumpPaused = isFull;
      if (isFull) this.pump.pause();
      else this.pump.resume();
    }
    const isOver = this.pump.hasPeerEnded && this.#exchange === undefined;
    if (isOver && !this.#isWaitingForDrain && this.#phase !== 'closed') this.#finish();
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────

  /** Answers what cannot be read, if it can be answered, and ends. */
  #refuse(error: ProtocolError): void {
    const isAnswerable = error.status !== undefined && this.#exchange === undefined;
    if (isAnswerable) this.pump.writeText(formatErrorResponse(error, this.settings.date), 'latin1');
    this.#finish();
  }

  /** Ends our side, and lingers until the peer has ended its own. */
  #finish(): void {
    if (this.#phase === 'lingering' || this.#phase === 'closed') return;
    const body = this.#exchange?.body;
    this.#leave('lingering');
    if (body?.isComplete === false)
      body.fail(new ProtocolError('premature-eof', 'answered before'));
    if (this.#isPumpPaused) this.pump.resume();
    this.pump.end();
    this.pump.whenFlushed(() => this.#deadline.setIn(this.settings.lingerTimeoutMs));
  }

  /** Speaks HTTP no more. */
  #leave(phase: ConnectionPhase): void {
    this.#phase = phase;
    this.#exchange = undefined;
    this.#deadline.clear();
    this.#reader.handOver();
  }

  /** @internal The deadline has come. */
  whenDue(): void {
    switch (this.#phase) {
      case 'idle':
        this.#finish();
        break;
      case 'head':
        this.failed(new ProtocolError('head-timeout', `${this.settings.headTimeoutMs} ms`));
        break;
      case 'exchange':
        if (this.pump.hasPeerEnded) this.pump.cut('peer-ended');
        else this.failed(new ProtocolError('body-timeout', `${this.settings.bodyTimeoutMs} ms`));
        break;
      default:
        this.pump.cut('ended');
    }
  }
}

function whenDue(connection: HttpConnection): void {
  connection.whenDue();
}

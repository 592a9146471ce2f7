/**
 * The life of one HTTP connection: requests in, one exchange at a time, until somebody has enough.
 *
 * ```
 *            first letter       head                     answered, read to the end
 *   idle ──────────────► head ───────► exchange ───────────────────────────► idle …
 *    │ keep-alive timeout │ malformed,    │  │ close, or too much left to read
 *    ▼                    │ too slow      │  └─────────► lingering ──► closed
 *  closed                 └─► error ──────│────────────────▲
 *                                         └─ hijack, accept ─► handed over
 * ```
 * Empty lines before a head begin nothing [RFC 9112 §2.2]. While a request is answered no other one
 * is read, so pipelined requests are answered in order and an error comes last [RFC 9112 §9.3.2],
 * also to a client that has ended its side. Lingering is told in lingering.ts.
 *
 * Longer than the house allows: one connection has one life, and its diagram stands above it.
 */
import { ProtocolError, settleShape, UsageError } from '../base/index.ts';
import type { RequestHead } from '../http/index.ts';
import { type ClientAddress, readClientAddress } from '../peer/index.ts';
import { Deadline } from './clock.ts';
import { formatErrorResponse } from './error-response.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeTransport } from './exchange-request.ts';
import { Lingering } from './lingering.ts';
import type { PeerSet } from './peer-set.ts';
import type { PumpSink, TransportEnd } from './pump-sink.ts';
import type { RequestBody } from './request-body.ts';
import { type InputOwner, RequestInput } from './request-input.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SocketPump } from './socket-pump.ts';

/** What a connection asks of its server. */
export interface ConnectionOwner {
  readonly settings: ServerSettings;
  readonly isClosing: boolean;
  /** A request came: answer it. Must not throw. */
  dispatch(exchange: Exchange): void;
  /** The peer broke a rule or a deadline. */
  refused(error: ProtocolError): void;
  /** Takes what the application threw where nobody catches it. */
  reportError(error: unknown): void;
  /** The WebSockets that handlers have accepted by themselves. */
  readonly guests: PeerSet;
  /** The connection is over for HTTP: closed, or handed over to another protocol. */
  left(connection: HttpConnection, end: TransportEnd | 'handed-over', wasBusy: boolean): void;
}

/** Where the connection stands; see the diagram. */
type Phase = 'idle' | 'head' | 'exchange' | 'lingering' | 'handed-over' | 'closed';

/** After so long without a request, what helps with the next one is not worth its memory. */
const REST_MS = 1_000;

/** One connection that speaks HTTP/1. */
export class HttpConnection implements PumpSink, InputOwner, ExchangeTransport {
  readonly pump: SocketPump;
  readonly settings: ServerSettings;
  readonly isSecure: boolean;
  readonly #owner: ConnectionOwner;
  readonly #input: RequestInput;
  readonly #deadline: Deadline<HttpConnection>;
  #phase: Phase = 'idle';
  /** When it has been idle for too long. */
  #idleUntil = 0;
  #requests = 0;
  #client: ClientAddress | undefined;
  /** The request being answered. */
  #exchange: Exchange | undefined;
  /** The next request waits until earlier answers have left. */
  #isWaitingForDrain = false;

  /** Takes a connection; nothing happens before {@link start}. */
  constructor(makePump: (sink: PumpSink) => SocketPump, owner: ConnectionOwner, isSecure: boolean) {
    this.settings = owner.settings;
    this.isSecure = isSecure;
    this.#owner = owner;
    this.#deadline = new Deadline<HttpConnection>(owner.settings.wheel, this, whenDue);
    this.#input = new RequestInput(this, this.#deadline as Deadline<unknown>);
    this.pump = makePump(this);
  }

  get client(): ClientAddress {
    this.#client ??= readClientAddress(this.pump.latent ?? this.pump.socket);
    return this.#client;
  }

  /** Begins to read. The first head is due, from now on, within the head timeout. */
  start(): void {
    this.#deadline.setIn(this.settings.headTimeoutMs);
    this.#idleUntil = this.#deadline.dueAt;
    this.pump.start();
  }

  /** Ends the connection as soon as nothing is being answered. */
  shutDown(): void {
    if (this.#phase === 'idle') this.#finish();
    else this.#exchange?.shutDown();
  }

  /** Breaks everything off, so that an answer that ends with the connection is seen to be cut. */
  cut(): void {
    this.pump.cut('cut');
  }

  // ── what the socket says ───────────────────────────────────────────────────────────────────

  receive(bytes: Buffer): void {
    this.#input.receive(bytes);
  }

  receiveEnd(): void {
    this.#exchange?.clientEnded();
    if (!this.pump.isGone) this.#input.receiveEnd();
    this.#limitAnswering();
  }

  drained(): void {
    this.#exchange?.drained();
    if (!this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = false;
    this.#nextRequest();
  }

  closed(end: TransportEnd, error: Error | undefined): void {
    const exchange = this.#exchange;
    const wasBusy = (exchange !== undefined && !exchange.isDone) || this.pump.hasLostOutput;
    this.#leaveBody('closed');
    exchange?.transportClosed(end === 'ended' ? 'cut' : end, error);
    this.#owner.left(this, end, wasBusy);
  }

  // ── what the input says ────────────────────────────────────────────────────────────────────

  requestBegan(head: RequestHead, body: RequestBody): void {
    this.#requests += 1;
    this.#phase = 'exchange';
    const exchange = new Exchange(head, body, this);
    this.#exchange = exchange;
    const { hasPeerEnded } = this.pump;
    this.#owner.dispatch(exchange);
    if (!hasPeerEnded || this.#exchange !== exchange || exchange.isDone) return;
    exchange.clientEnded();
    this.#limitAnswering();
  }

  requestEnded(): void {
    if (this.#exchange!.isDone) this.#next();
    else this.#limitAnswering();
  }

  inputFailed(error: ProtocolError): void {
    this.#owner.refused(error);
    if (this.#exchange === undefined) {
      this.pump.writeText(formatErrorResponse(error, this.settings.date), 'latin1');
    } else {
      this.#exchange.body.fail(error);
      // Whoever reads the body answers; whoever does not will find that the connection ends.
      if (!this.#exchange.isDone) return;
    }
    this.#finish();
  }

  drainedTooMuch(): void {
    this.#finish();
  }

  hasRead(): void {
    if (this.#exchange !== undefined || this.#isWaitingForDrain) return;
    if (this.pump.hasPeerEnded && this.#input.waitingBytes === 0) {
      this.#finish();
    } else if (this.#phase === 'idle' && this.#input.hasBegun) {
      this.#phase = 'head';
      // The very first head is due from the beginning of the connection.
      if (this.#requests > 0) this.#deadline.setIn(this.settings.headTimeoutMs);
    } else if (this.#phase === 'head' && !this.#input.hasBegun) {
      // What had begun was half an empty line, and now it is a whole one.
      this.#phase = 'idle';
      if (this.#owner.isClosing) this.#finish();
      else this.#deadline.setAt(this.#idleUntil);
    }
  }

  // ── what the exchange asks ─────────────────────────────────────────────────────────────────

  sendContinue(): void {
    this.#exchange!.sendContinue();
  }

  get isClosing(): boolean {
    return this.#owner.isClosing;
  }

  get guests(): PeerSet {
    return this.#owner.guests;
  }

  mayKeepAlive(): boolean {
    if (this.#requests >= this.settings.maxRequestsPerConnection) return false;
    // Who has ended its side may have sent more requests before.
    if (this.pump.hasPeerEnded && !this.#input.hasNext) return false;
    return !this.#owner.isClosing && this.#input.mayGoOn;
  }

  responseEnded(): void {
    if (this.#phase !== 'exchange') return;
    if (!this.#exchange!.keepsConnection || this.#input.isBroken) this.#finish();
    else if (this.#input.isDone) this.#next();
    else this.#drainUnread(this.#exchange!.body);
  }

  bodyPaused(): void {
    this.#limitAnswering();
  }

  bodyLeft(): void {
    const exchange = this.#exchange;
    if (this.#phase === 'exchange' && exchange?.isDone === true) this.#drainUnread(exchange.body);
  }

  handOver(): Buffer {
    const body = this.#exchange?.body;
    const rest = this.#input.handOver();
    this.#leave('handed-over');
    if (body?.isComplete === false) {
      body.fail(new UsageError('hijacked', 'the rest of the body went to whoever took the socket'));
    }
    this.#owner.left(this, 'handed-over', false);
    return rest;
  }

  /** What was written before is whole, and leaves; see lingering.ts. */
  breakOff(): void {
    if (!this.pump.endIsMeaningful) {
      this.#finish();
      return;
    }
    // Its end would say that the answer is whole: it is reset instead.
    this.#leaveBody('lingering');
    this.pump.whenFlushed(() => this.pump.cut('cut'));
  }

  reportError(error: unknown): void {
    this.#owner.reportError(error);
  }

  /** Reads what is left of an answered request, unless the handler still does, in good time. */
  #drainUnread(body: RequestBody): void {
    if (body.isComplete) return;
    if (body.isBeingRead) this.#input.limitPauses();
    else this.#input.drain();
  }

  #next(): void {
    this.#exchange = undefined;
    if (this.#owner.isClosing) {
      this.#finish();
    } else if (this.pump.isCongested) {
      // A client that sends requests and does not read the answers is not served further.
      this.#phase = 'idle';
      this.#isWaitingForDrain = true;
    } else {
      this.#nextRequest();
    }
  }

  #nextRequest(): void {
    const { wheel, keepAliveTimeoutMs } = this.settings;
    const now = wheel.time.now();
    this.#phase = 'idle';
    this.#idleUntil = now + keepAliveTimeoutMs;
    this.#deadline.setAt(Math.min(this.#idleUntil, now + REST_MS));
    this.#input.resume();
  }

  /** Whoever has not answered soon after the client ended its side, answers nobody. */
  #limitAnswering(): void {
    if (this.#exchange?.isDone !== false || this.settings.allowHalfOpen) return;
    if (this.pump.hasPeerEnded) this.#deadline.setIn(this.settings.halfCloseTimeoutMs);
  }

  /** Ends our side, and lingers until the peer has ended its own. */
  #finish(): void {
    if (this.#phase === 'lingering' || this.#phase === 'closed') return;
    this.#leaveBody('lingering');
    this.#input.openPump();
    new Lingering(this.pump, this.settings, (end) =>
      this.#owner.left(this, end, this.pump.hasLostOutput),
    );
  }

  /** Speaks HTTP no more; who reads the body will not get all of it. */
  #leaveBody(phase: 'lingering' | 'closed'): void {
    const body = this.#exchange?.body;
    this.#leave(phase);
    if (body?.isComplete === false) body.fail(new ProtocolError('premature-eof'));
  }

  /** Speaks HTTP no more. */
  #leave(phase: Phase): void {
    this.#phase = phase;
    this.#exchange = undefined;
    this.#deadline.clear();
    this.#input.stop();
  }

  /** @internal */
  whenDue(): void {
    const { headTimeoutMs, bodyTimeoutMs } = this.settings;
    if (this.#phase === 'idle' && this.settings.wheel.time.now() < this.#idleUntil) {
      this.#input.rest();
      this.#deadline.setAt(this.#idleUntil);
    } else if (this.#phase === 'idle') {
      this.#finish();
    } else if (this.#phase === 'head') {
      this.inputFailed(new ProtocolError('head-timeout', `${headTimeoutMs} ms`));
    } else if (this.#input.isPausedTooLong) {
      this.#finish();
    } else if (this.pump.hasPeerEnded) {
      this.pump.cut('peer-ended');
    } else {
      this.#input.failed(new ProtocolError('body-timeout', `${bodyTimeoutMs} ms`));
    }
  }
}

function whenDue(connection: HttpConnection): void {
  connection.whenDue();
}

const OWNER = { settings: {} } as ConnectionOwner;

settleShape(() => new HttpConnection(() => ({}) as SocketPump, OWNER, false));

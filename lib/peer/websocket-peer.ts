/**
 * The other end of an open WebSocket, as an application sees it: a connection joined to a
 * transport.
 *
 * Two ways to read, over one core: a handler object, or `for await (const message of peer)`.
 * Nothing is delivered before one of them is there, and nothing is lost meanwhile. No call throws
 * because of the peer, and no `'error'` needs a listener: how it ended is in the close report.
 *
 * Longer than the house allows: it is the public face of a connection, and half of it says what a
 * caller may rely on; what it does is done in the files around it.
 */
import debug from 'debug';
import { UsageError } from '../base/index.ts';
import { type CloseReport, Connection, type ConnectionSink } from '../connection/index.ts';
import type { PreparedMessage } from './broadcast.ts';
import {
  type IncomingMessage,
  IncomingQueue,
  MessageQueue,
  type QueueControl,
} from './incoming.ts';
import type { MessageWriter } from './message-writer.ts';
import { isPieceSource, type MessageData, type PieceSource } from './payload.ts';
import type {
  PeerCounters,
  PeerOwner,
  PeerSettings,
  WebSocketHandler,
  WebSocketOptions,
} from './peer-options.ts';
import { PeerOutput, type PeerSendOptions, type SendOutcome } from './peer-output.ts';
import { clockOf, systemTicker, type Ticker } from './ticker.ts';
import type { Transport, TransportSink } from './transport.ts';
import { flushAtTurnEnd } from './turn.ts';

const log = debug('barewire:peer');

/** One open WebSocket. */
export class WebSocketPeer implements AsyncIterable<string | Buffer> {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string;
  /** The extensions in use, as in the response's field; empty when there are none. */
  readonly extensions: string;
  /** Your own data about this peer. */
  data: unknown;
  readonly #transport: Transport;
  readonly #connection: Connection;
  readonly #ticker: Ticker;
  readonly #output: PeerOutput;
  readonly #options: WebSocketOptions;
  readonly #owner: PeerOwner | undefined;
  #closed: Promise<CloseReport> | undefined;
  #resolveClosed: ((report: CloseReport) => void) | undefined;
  #handler: WebSocketHandler | undefined;
  #messages: MessageQueue | undefined;
  #incoming: IncomingQueue | undefined;
  #pingWaiters: Set<(error: Error) => void> | undefined;
  #aborter: AbortController | undefined;
  #report: CloseReport | undefined;
  #isAttached = false;

  /**
   * Joins a transport on which the opening handshake has just been finished.
   *
   * @throws UsageError `invalid-option` for an option out of range.
   */
  constructor(transport: Transport, settings: PeerSettings, options: WebSocketOptions = {}) {
    this.#transport = transport;
    this.#options = options;
    this.#ticker = settings.ticker ?? systemTicker;
    this.protocol = settings.protocol ?? '';
    this.extensions = settings.extensions ?? '';
    this.#owner = settings.owner;
    this.data = settings.data;
    this.#connection = this.#connect(settings);
    this.#output = new PeerOutput(this.#connection, transport, settings, options);
    this.#connection.pause();
    this.#start(settings.head);
  }

  #connect(settings: PeerSettings): Connection {
    const options = this.#options;
    // Spelled out: an object that is copied together has a shape of its own for every connection.
    return new Connection(new WebSocketPeer.#Wiring(this), {
      role: settings.role,
      takeMaskingKey: settings.takeMaskingKey,
      deflate: settings.deflate,
      ownsInput: this.#transport.ownsBytes,
      now: clockOf(this.#ticker),
      delivery: options.delivery,
      compressThresholdBytes: options.compressThresholdBytes,
      maxFrameBytes: options.maxFrameBytes,
      maxMessageBytes: options.maxMessageBytes,
      maxFragments: options.maxFragments,
      messageTimeoutMs: options.messageTimeoutMs,
      closeTimeoutMs: options.closeTimeoutMs,
      pingIntervalMs: options.pingIntervalMs,
      pongTimeoutMs: options.pongTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs,
    });
  }

  /** What the connection tells and asks: one object that may look inside, not a dozen closures. */
  static readonly #Wiring = class implements ConnectionSink {
    readonly #peer: WebSocketPeer;

    constructor(peer: WebSocketPeer) {
      this.#peer = peer;
    }

    message(data: string | Buffer): void {
      this.#peer.#deliver(data);
    }

    messageStart(isText: boolean): void {
      this.#peer.#deliverStart(isText);
    }

    messagePiece(piece: string | Buffer): void {
      this.#peer.#incoming?.piece(piece);
    }

    messageEnd(): void {
      this.#peer.#incoming?.end();
    }

    ping(payload: Buffer): void {
      this.#peer.#call('ping', payload);
    }

    pong(payload: Buffer, roundTripMs: number | undefined): void {
      this.#peer.#call('pong', payload, roundTripMs);
    }

    write(bytes: Buffer, hasMore: boolean): boolean {
      return this.#peer.#transport.write(bytes, hasMore);
    }

    wantsFlush(): void {
      flushAtTurnEnd(this.#peer.#connection);
    }

    queueMoved(): void {
      this.#peer.#goOn();
    }

    isCongested(): boolean {
      return this.#peer.#transport.isCongested;
    }

    wantsInput(isWanted: boolean): void {
      if (isWanted) this.#peer.#transport.resume();
      else this.#peer.#transport.pause();
    }

    endTransport(): void {
      this.#peer.#transport.end();
    }

    abortTransport(): void {
      this.#peer.#transport.destroy();
    }

    closed(report: CloseReport): void {
      this.#peer.#finish(report);
    }
  };

  /** What the transport tells. */
  static readonly #Intake = class implements TransportSink {
    readonly #peer: WebSocketPeer;

    constructor(peer: WebSocketPeer) {
      this.#peer = peer;
    }

    data(bytes: Buffer): void {
      this.#peer.#connection.receive(bytes);
    }

    end(): void {
      this.#peer.#connection.receiveEnd();
    }

    drain(): void {
      this.#peer.#connection.drained();
      this.#peer.#goOn();
    }

    closed(error: Error | undefined): void {
      this.#peer.#connection.transportClosed(error);
    }
  };

  #start(head: Buffer | undefined): void {
    const connection = this.#connection;
    if (head !== undefined && head.length > 0) connection.receive(head);
    this.#transport.start(new WebSocketPeer.#Intake(this));
    this.#ticker.add(connection);
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────

  /**
   * Reads by call-backs from now on, beginning with what has come already.
   *
   * @throws UsageError `already-reading` when a handler or an iterator is there; `invalid-argument`
   *   for a handler of whole messages with `delivery: 'pieces'`.
   */
  attach(handler: WebSocketHandler): void {
    if (this.#options.delivery === 'pieces' && handler.message && !handler.stream) {
      throw new UsageError('invalid-argument', "delivery: 'pieces' needs a handler with stream");
    }
    this.#claimReading();
    this.#handler = handler;
    this.#call('open');
    if (this.#report !== undefined) this.#call('close', this.#report);
    else this.#connection.resume();
  }

  /**
   * Reads message by message; the peer is slowed down when the loop is slow. The loop ends when the
   * connection does; leaving it closes the connection with 1000.
   *
   * @throws UsageError `already-reading` when a handler or an iterator is there; `invalid-state`
   *   with `delivery: 'pieces'`.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    if (this.#options.delivery === 'pieces') {
      throw new UsageError('invalid-state', "with delivery: 'pieces' read streams()");
    }
    this.#claimReading();
    this.#messages = new MessageQueue(this.#queueControl());
    if (this.#report !== undefined) this.#messages.close();
    else this.#connection.resume();
    return this.#messages;
  }

  /**
   * Reads messages as they arrive, piece by piece. Needs `delivery: 'pieces'`.
   *
   * @throws UsageError `already-reading`, or `invalid-state` with whole-message delivery.
   */
  streams(): AsyncIterableIterator<IncomingMessage> {
    if (this.#options.delivery !== 'pieces') {
      throw new UsageError('invalid-state', "streams() needs the option delivery: 'pieces'");
    }
    this.#claimReading();
    const queue = this.#openIncoming();
    if (this.#report !== undefined) queue.close();
    else this.#connection.resume();
    return queue;
  }

  #openIncoming(): IncomingQueue {
    this.#incoming ??= new IncomingQueue(this.#queueControl(), this.#handler === undefined);
    return this.#incoming;
  }

  #queueControl(): QueueControl {
    return {
      pause: () => this.#connection.pause(),
      resume: () => this.#connection.resume(),
      leave: () => void this.close(1000),
    };
  }

  #claimReading(): void {
    if (this.#isAttached)
      throw new UsageError('already-reading', 'somebody reads this peer already');
    this.#isAttached = true;
  }

  /** Every message passes here: called directly, without the arrays that `#call` makes. */
  #deliver(data: string | Buffer): void {
    const handler = this.#handler;
    if (handler === undefined) {
      this.#messages?.push(data);
    } else if (handler.message !== undefined) {
      try {
        const result = handler.message(this, data);
        if (result instanceof Promise) result.catch((error: unknown) => this.#handlerFailed(error));
      } catch (error) {
        this.#handlerFailed(error);
      }
    }
  }

  #deliverStart(isText: boolean): void {
    const message = this.#openIncoming().start(isText);
    if (this.#handler !== undefined) this.#call('stream', message);
  }

  /** Calls a handler; what it throws closes the connection with 1011 and is never lost. */
  #call(name: keyof WebSocketHandler, ...rest: unknown[]): void {
    const handler = this.#handler;
    const method = handler?.[name] as ((...all: unknown[]) => unknown) | undefined;
    if (method === undefined) return;
    try {
      const result = method.call(handler, this, ...rest);
      if (result instanceof Promise) result.catch((error: unknown) => this.#handlerFailed(error));
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #handlerFailed(error: unknown): void {
    log('handler failed: %O', error);
    this.close(1011, 'handler failed');
    try {
      if (this.#options.handlerFailed !== undefined) this.#options.handlerFailed(error, this);
      else console.error('barewire: a WebSocket handler failed:', error);
    } catch (secondError) {
      // Nobody is left to be told, and one connection must not end the process.
      console.error('barewire: handlerFailed failed itself:', secondError);
    }
  }

  /** Stops delivery; the peer is slowed down by flow control. */
  pause(): void {
    this.#connection.pause();
  }

  /** Goes on with delivery. */
  resume(): void {
    if (this.#isAttached) this.#connection.resume();
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends one message: text for strings, binary for bytes. Bytes must not be changed before they
   * have left (`drained()`).
   *
   * A Blob or an (async) iterable is sent piece by piece as one message, at the pace of the peer.
   *
   * @returns whether the peer takes more at once; false also when the message was dropped or the
   *   connection is closing. For pieces a promise: true when the whole message was accepted, false
   *   when the connection ended first; it rejects with what the iterable threw, and the connection
   *   is then closed with 1011 if a part of the message had left.
   * @throws UsageError `invalid-argument` for anything that is no message.
   */
  send(data: MessageData, options?: PeerSendOptions): boolean;
  send(data: PieceSource, options?: PeerSendOptions): Promise<boolean>;
  send(data: MessageData | PieceSource, options?: PeerSendOptions): boolean | Promise<boolean> {
    if (!isPieceSource(data)) return this.#output.offer(data, options) === 'sent';
    return this.#output.sendPieces(data, options, () => {
      void this.close(1011, 'a message broke off');
    });
  }

  /** As {@link send}, and tells what became of the message. */
  offer(data: MessageData, options?: PeerSendOptions): SendOutcome {
    return this.#output.offer(data, options);
  }

  /** Sends a prepared message by the cheapest way this peer allows; for `broadcast`. */
  offerPrepared(message: PreparedMessage, options?: PeerSendOptions): SendOutcome {
    return this.#output.offerPrepared(message, options);
  }

  /**
   * Begins a message that is written piece by piece; other messages wait for its end.
   *
   * @param type left out, the first piece decides: text for a string, else binary.
   * @throws UsageError `invalid-state` when the connection is closing.
   */
  startMessage(
    type?: 'text' | 'binary',
    options?: { compress?: boolean | undefined },
  ): MessageWriter {
    return this.#output.startMessage(type, options);
  }

  /** Bytes that were accepted and have not left this process. */
  get bufferedAmount(): number {
    return this.#output.bufferedAmount;
  }

  /**
   * Resolves when the peer takes more, at once if it does already; also when the connection ends.
   */
  drained(): Promise<void> {
    return this.#report === undefined ? this.#output.drained() : Promise.resolve();
  }

  #goOn(): void {
    if (this.#output.goOn()) this.#call('drain');
  }

  /**
   * Sends a ping. Its pong is read in its turn: a peer that is paused, or read by nobody yet, waits.
   *
   * @param payload at most 125 bytes; by default a serial number.
   * @returns the round-trip time in ms; rejects with UsageError `invalid-state` when the connection
   *   ends before the pong comes.
   */
  ping(payload?: Uint8Array): Promise<number> {
    this.#pingWaiters ??= new Set();
    const waiters = this.#pingWaiters;
    return new Promise((resolve, reject) => {
      const isSent = this.#connection.ping(payload, (roundTripMs) => {
        waiters.delete(reject);
        resolve(roundTripMs);
      });
      if (isSent) waiters.add(reject);
      else reject(new UsageError('invalid-state', 'the connection is closing'));
    });
  }

  // ── ending ─────────────────────────────────────────────────────────────────────────────────

  /** Resolves when the connection is over. Never rejects. */
  get closed(): Promise<CloseReport> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#report === undefined) this.#resolveClosed = resolve;
      else resolve(this.#report);
    });
    return this.#closed;
  }

  /** True until either side begins to close. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Where the closing handshake stands. */
  get state(): Connection['state'] {
    return this.#connection.state;
  }

  /** What went through, and what was dropped. */
  get counters(): PeerCounters {
    return { ...this.#connection.counters, messagesDropped: this.#output.messagesDropped };
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#report !== undefined) this.#aborter.abort();
    }
    return this.#aborter.signal;
  }

  /**
   * Begins the closing handshake, behind everything accepted before. Messages that still come are
   * delivered; when nobody reads, they are dropped.
   *
   * @param code 1000 – 1003, 1007 – 1014 or 3000 – 4999; `undefined` sends none. 1010 is for clients.
   * @param reason at most 123 bytes of UTF-8.
   * @returns the close report, when it is over.
   * @throws UsageError `invalid-close-code` or `invalid-argument`.
   */
  close(code?: number, reason?: string): Promise<CloseReport> {
    this.#connection.checkClose(code, reason);
    // What the policy held back was accepted before: it leaves first, however slow the peer is.
    this.#output.sendEverything();
    this.#connection.close(code, reason);
    // Nobody reads: what still comes is for nobody, and must not keep the peer's answer waiting.
    if (!this.#isAttached) this.#connection.resume();
    return this.closed;
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#connection.terminate();
  }

  #finish(report: CloseReport): void {
    this.#report = report;
    this.#owner?.peerClosed(this);
    this.#ticker.delete(this.#connection);
    this.#output.stop();
    log('closed by %s: %d %s', report.closedBy, report.code, report.error?.code ?? report.reason);
    for (const reject of this.#pingWaiters ?? []) {
      reject(new UsageError('invalid-state', 'the connection ended before the pong came'));
    }
    this.#pingWaiters = undefined;
    this.#messages?.close();
    this.#incoming?.close();
    this.#aborter?.abort();
    this.#call('close', report);
    this.#resolveClosed?.(report);
  }
}

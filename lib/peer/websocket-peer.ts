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
import { ProtocolError, UsageError } from '../base/index.ts';
import {
  type CloseReport,
  Connection,
  type ConnectionCounters,
  type ConnectionOptions,
  type ConnectionSink,
  type SendOptions,
} from '../connection/index.ts';
import { Backlog, type SlowConsumerPolicy } from './backlog.ts';
import type { PreparedMessage } from './broadcast.ts';
import {
  type IncomingMessage,
  IncomingQueue,
  MessageQueue,
  type QueueControl,
} from './incoming.ts';
import { MessageWriter } from './message-writer.ts';
import { isPieceSource, type MessageData, type PieceSource, toPayload } from './payload.ts';
import { systemTicker, type Ticker } from './ticker.ts';
import type { Transport, TransportSink } from './transport.ts';
import { flushAtTurnEnd } from './turn.ts';

const log = debug('barewire:peer');

const systemNow = (): number => systemTicker.now();

/** Output of one turn above which it is written before the turn ends. */
const FLUSH_BYTES = 64 * 1024;

/** Reads a connection by call-backs. Each may be left out. */
export interface WebSocketHandler<Peer = WebSocketPeer> {
  /** The connection is open. */
  open?(peer: Peer): unknown;
  /** A message came: a string for text, a Buffer of your own for binary. */
  message?(peer: Peer, data: string | Buffer): unknown;
  /** With `delivery: 'pieces'`: a message begins; read it as it comes. */
  stream?(peer: Peer, message: IncomingMessage): unknown;
  /** Output that had piled up has left: sending makes sense again. */
  drain?(peer: Peer): unknown;
  /** A ping came, and has been answered. */
  ping?(peer: Peer, payload: Buffer): unknown;
  /** A pong came; with the round-trip time when it answers a ping of ours. */
  pong?(peer: Peer, payload: Buffer, roundTripMs: number | undefined): unknown;
  /** The connection is over. Called exactly once, last. */
  close?(peer: Peer, report: CloseReport): unknown;
}

/** Options of one WebSocket, the same for servers and clients. */
export interface WebSocketOptions
  extends Omit<ConnectionOptions, 'role' | 'now' | 'takeMaskingKey' | 'ownsInput' | 'deflate'> {
  /** What to do when the peer reads too slowly; default `wait`. */
  readonly slowConsumer?: SlowConsumerPolicy | undefined;
  /** Bytes of output kept for one peer; default 16 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Called with what a handler threw; the connection is closed with 1011. Default: printed. */
  readonly handlerFailed?: ((error: unknown, peer: WebSocketPeer) => void) | undefined;
}

/** What the opening handshake settled. */
export interface PeerSettings
  extends Pick<ConnectionOptions, 'role' | 'takeMaskingKey' | 'deflate'> {
  /** The subprotocol, empty when there is none. */
  readonly protocol?: string;
  /** The extensions in use, as in the response's field; empty when there are none. */
  readonly extensions?: string;
  /** With permessage-deflate: the window that the peer's inflater has for us, in bits, 8 – 15. */
  readonly windowBits?: number | undefined;
  /** Bytes that came behind the handshake and belong to the connection. */
  readonly head?: Buffer | undefined;
  /** Your own data, for `peer.data`. */
  readonly data?: unknown;
  readonly ticker?: Ticker | undefined;
}

/** What became of a message. `queued`: accepted, but the peer reads slowly. */
export type SendOutcome = 'sent' | 'queued' | 'dropped' | 'closed';

/** Options of {@link WebSocketPeer.send}. */
export interface PeerSendOptions extends SendOptions {
  /** With `conflate`: replaces an older message of the same key that still waits. */
  readonly key?: string | undefined;
}

/** Counters of a connection, and what the slow-consumer policy dropped. */
export interface PeerCounters extends ConnectionCounters {
  messagesDropped: number;
}

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
  readonly #backlog: Backlog;
  readonly #options: WebSocketOptions;
  readonly #role: 'client' | 'server';
  readonly #windowBits: number | undefined;
  #closed: Promise<CloseReport> | undefined;
  #resolveClosed: ((report: CloseReport) => void) | undefined;
  #messagesDropped = 0;
  #handler: WebSocketHandler | undefined;
  #messages: MessageQueue | undefined;
  #incoming: IncomingQueue | undefined;
  #drainWaiters: (() => void)[] | undefined;
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
    this.#role = settings.role;
    this.#ticker = settings.ticker ?? systemTicker;
    this.#backlog = new Backlog(options.slowConsumer, options.maxBufferedBytes);
    this.protocol = settings.protocol ?? '';
    this.extensions = settings.extensions ?? '';
    this.#windowBits = settings.windowBits;
    this.data = settings.data;
    this.#connection = this.#connect(settings);
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
      now: settings.ticker === undefined ? systemNow : () => this.#ticker.now(),
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
      this.#peer.#drain();
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
   * @throws UsageError `already-reading` when a handler or an iterator is there.
   */
  attach(handler: WebSocketHandler): void {
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
   * @throws UsageError `already-reading` when a handler or an iterator is there.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
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
    if (this.#options.handlerFailed !== undefined) this.#options.handlerFailed(error, this);
    else console.error('barewire: a WebSocket handler failed:', error);
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
    if (isPieceSource(data)) return this.#sendPieces(data, options);
    return this.offer(data, options) === 'sent';
  }

  /** As {@link send}, and tells what became of the message. */
  offer(data: MessageData, options?: PeerSendOptions): SendOutcome {
    const payload = toPayload(data);
    if (this.#mustWait(payload.length)) {
      return this.#hold(payload.length, options?.key, () =>
        this.#connection.send(payload, options),
      );
    }
    return this.#outcome(this.#connection.send(payload, options));
  }

  /** Sends a prepared message by the cheapest way this peer allows; for {@link broadcast}. */
  offerPrepared(message: PreparedMessage, options?: PeerSendOptions): SendOutcome {
    const { payload, type } = message;
    const isCompressed = this.#connection.wouldCompress(payload, options?.compress);
    // zlib has no window of 8 bits; such a peer gets a frame of its own.
    const canShare = !isCompressed || (this.#windowBits ?? 0) > 8;
    const isShareable = this.#role === 'server' && canShare;
    if (!isShareable) return this.offer(payload, { ...options, type });
    const frame = isCompressed ? message.compressedFrame(this.#windowBits!) : message.plainFrame;
    if (this.#mustWait(frame.length)) {
      return this.#hold(frame.length, options?.key, () =>
        this.#connection.sendEncoded(frame, isCompressed),
      );
    }
    return this.#outcome(this.#connection.sendEncoded(frame, isCompressed));
  }

  #outcome(isAccepted: boolean): SendOutcome {
    if (!isAccepted) return 'closed';
    // A long turn must not pile up unseen: what is due leaves now, and congestion shows.
    if (this.#connection.pendingBytes > FLUSH_BYTES) this.#connection.flush();
    return this.#transport.isCongested ? 'queued' : 'sent';
  }

  /** Whether the slow-consumer policy has a say about a message of so many bytes. */
  #mustWait(bytes: number): boolean {
    if (!this.#transport.isCongested) return this.#backlog.length > 0;
    const isOverBound = bytes > this.#backlog.maxBytes - this.bufferedAmount;
    return this.#backlog.policy !== 'wait' || isOverBound;
  }

  #hold(bytes: number, key: string | undefined, send: () => boolean): SendOutcome {
    if (!this.#connection.isOpen) return 'closed';
    if (this.#backlog.policy === 'wait') {
      const detail = `${this.bufferedAmount} bytes wait`;
      this.#connection.fail(new ProtocolError('slow-consumer', detail));
      return 'closed';
    }
    const dropped = this.#backlog.add({ bytes, key, send });
    this.#messagesDropped += dropped;
    return this.#backlog.policy === 'drop-newest' ? 'dropped' : 'queued';
  }

  async #sendPieces(source: PieceSource, options?: PeerSendOptions): Promise<boolean> {
    if (!this.#connection.isOpen) return false;
    // The message takes its place in the order now, not when its first piece comes.
    const writer = this.startMessage(options?.type, options);
    try {
      const pieces = source instanceof Blob ? source.stream() : source;
      for await (const piece of pieces as AsyncIterable<MessageData>) {
        if (!(await writer.write(piece))) return false;
      }
      return await writer.end();
    } catch (error) {
      if (!writer.abandon()) void this.close(1011, 'a message broke off');
      throw error;
    }
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
    const compress = options?.compress;
    const message = this.#connection.startMessage(type, compress === undefined ? {} : { compress });
    return new MessageWriter(message, () =>
      this.#transport.isCongested ? this.drained() : undefined,
    );
  }

  /** Bytes that were accepted and have not left this process. */
  get bufferedAmount(): number {
    return this.#connection.pendingBytes + this.#backlog.bytes + this.#transport.bufferedBytes;
  }

  /**
   * Resolves when the peer takes more, at once if it does already; also when the connection ends.
   */
  drained(): Promise<void> {
    const hasRoom = !this.#transport.isCongested && this.#backlog.length === 0;
    if (hasRoom || this.#report !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters ??= [];
      this.#drainWaiters.push(resolve);
    });
  }

  #drain(): void {
    this.#connection.drained();
    this.#backlog.release(() => !this.#transport.isCongested);
    if (this.#transport.isCongested) return;
    this.#releaseDrainWaiters();
    this.#call('drain');
  }

  #releaseDrainWaiters(): void {
    const waiters = this.#drainWaiters ?? [];
    this.#drainWaiters = undefined;
    for (const resolve of waiters) resolve();
  }

  /**
   * Sends a ping.
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
    return { ...this.#connection.counters, messagesDropped: this.#messagesDropped };
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
   * @param code 1000 – 1003, 1007 – 1014 or 3000 – 4999; `undefined` sends none.
   * @param reason at most 123 bytes of UTF-8.
   * @returns the close report, when it is over.
   * @throws UsageError `invalid-close-code` or `invalid-argument`.
   */
  close(code?: number, reason?: string): Promise<CloseReport> {
    // What the policy held back was accepted before: it leaves first, however slow the peer is.
    if (this.#connection.isOpen) this.#backlog.release(() => true);
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
    this.#ticker.delete(this.#connection);
    this.#messagesDropped += this.#backlog.clear();
    log('closed by %s: %d %s', report.closedBy, report.code, report.error?.code ?? report.reason);
    for (const reject of this.#pingWaiters ?? []) {
      reject(new UsageError('invalid-state', 'the connection ended before the pong came'));
    }
    this.#pingWaiters = undefined;
    this.#releaseDrainWaiters();
    this.#messages?.close();
    this.#incoming?.close();
    this.#aborter?.abort();
    this.#call('close', report);
    this.#resolveClosed?.(report);
  }
}

/**
 * The other end of an open WebSocket, as an application sees it: a connection joined to a
 * transport.
 *
 * Two ways to read, over one core: a handler object, or `for await (const message of peer)`.
 * Nothing is delivered before one of them is there, and nothing is lost meanwhile. No call throws
 * because of the peer, and no `'error'` needs a listener: how it ended is in the close report. No
 * promise has to be awaited either: one that is rejected because the connection ended, because a
 * signal was aborted, or because a source broke off is no unhandled rejection. Bad arguments are.
 *
 * Longer than the house allows: it is the public face of a connection, and half of it says what a
 * caller may rely on. Reading is in peer-reading.ts, writing in peer-output.ts.
 */
import debug from 'debug';
import { AN_ABORT_SIGNAL, checkOptions, settleShape } from '../base/index.ts';
import { type CloseReport, Connection, type ConnectionSink } from '../connection/index.ts';
import type { PreparedMessage } from './broadcast.ts';
import { GuardedTransport, type TransportOwner } from './guarded-transport.ts';
import type { IncomingMessage } from './incoming.ts';
import type { MessageWriter } from './message-writer.ts';
import { isPieceSource, type MessageData, type PieceSource } from './payload.ts';
import { PEER_CHANNELS } from './peer-channels.ts';
import { PeerEnd } from './peer-end.ts';
import {
  connectionOptions,
  type PeerCounters,
  type PeerOwner,
  type PeerSettings,
  type WebSocketHandler,
  type WebSocketOptions,
} from './peer-options.ts';
import {
  PeerOutput,
  type PeerSendOptions,
  type SendOutcome,
  type StartOptions,
} from './peer-output.ts';
import { PeerReading } from './peer-reading.ts';
import { unlessAborted, waitQuietly } from './signals.ts';
import { clockOf, systemTicker, type Ticker } from './ticker.ts';
import type { Transport } from './transport.ts';
import { TransportIntake } from './transport-intake.ts';
import { type Flushable, flushAtTurnEnd } from './turn.ts';

const log = debug('barewire:peer');

/** Who waits, and no longer than until a signal. */
export interface WaitOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const WAITING = { signal: AN_ABORT_SIGNAL };

/** The transport of peers that are made for the sake of their shape, and of which nobody hears. */
const NOWHERE = { ownsBytes: true, neverThrows: true } as Transport;

/** What `join` needs to know of the wiring. */
interface Wiring {
  readonly transport: Transport;
  readonly intake: TransportIntake;
}

/** One open WebSocket. */
export class WebSocketPeer implements AsyncIterable<string | Buffer> {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string;
  /** The extensions in use, as in the response's field; empty when there are none. */
  readonly extensions: string;
  /** Your own data about this peer. */
  data: unknown;
  readonly #connection: Connection;
  readonly #ticker: Ticker;
  readonly #output: PeerOutput;
  readonly #reading: PeerReading;
  readonly #owner: PeerOwner | undefined;
  #madeEnd: PeerEnd | undefined;

  /**
   * Joins a transport on which the opening handshake has just been finished.
   *
   * @throws UsageError `invalid-option` for an option out of range.
   */
  constructor(transport: Transport, settings: PeerSettings, options: WebSocketOptions = {}) {
    const wiring = new WebSocketPeer.#Wiring(this, options);
    const isSafe = transport.neverThrows === true;
    wiring.transport = isSafe ? transport : new GuardedTransport(transport, wiring);
    this.#ticker = settings.ticker ?? systemTicker;
    this.protocol = settings.protocol ?? '';
    this.extensions = settings.extensions ?? '';
    this.#owner = settings.owner;
    this.data = settings.data;
    this.#reading = wiring;
    const now = clockOf(this.#ticker);
    const { ownsBytes } = transport;
    const connection = new Connection(wiring, connectionOptions(settings, options, ownsBytes, now));
    this.#connection = connection;
    this.#output = new PeerOutput(connection, wiring.transport, settings, options);
    wiring.intake = new TransportIntake(wiring);
    wiring.connection = connection;
    this.join(wiring, settings.head);
  }

  /** What the connection tells and asks: one object that may look inside, not a dozen closures. */
  static readonly #Wiring = class extends PeerReading implements ConnectionSink, TransportOwner {
    /** Not asked of the peer: each write would touch its memory for nothing else. */
    transport!: Transport;
    intake!: TransportIntake;

    write(bytes: Buffer, hasMore: boolean): boolean {
      return this.transport.write(bytes, hasMore);
    }

    transportLost(error: Error): void {
      this.peer.#connection.transportClosed(error);
    }

    wantsFlush(output: Flushable): void {
      flushAtTurnEnd(output);
    }

    queueMoved(): void {
      this.peer.goOn();
    }

    isCongested(): boolean {
      return this.transport.isCongested;
    }

    unsentBytes(): number {
      return this.transport.bufferedBytes;
    }

    wantsInput(isWanted: boolean): void {
      this.intake.wantsInput(isWanted);
    }

    endTransport(): void {
      this.transport.end();
    }

    abortTransport(): void {
      this.transport.destroy();
    }

    closed(report: CloseReport): void {
      this.peer.ended(report);
    }
  };

  private join({ transport, intake }: Wiring, head: Buffer | undefined): void {
    if (transport === NOWHERE) return;
    const connection = this.#connection;
    if (head !== undefined && head.length > 0) connection.receive(head);
    transport.start(intake);
    this.#ticker.add(connection);
    if (PEER_CHANNELS.open.hasSubscribers) PEER_CHANNELS.open.publish({ peer: this });
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────

  /**
   * Reads by call-backs from now on, beginning with what has come already.
   *
   * @throws UsageError `already-reading` when a handler or an iterator is there; `invalid-argument`
   *   for what is no handler, and for one of whole messages with `delivery: 'pieces'`.
   */
  attach(handler: WebSocketHandler): void {
    this.#reading.attach(handler, this.#madeEnd?.report);
  }

  /**
   * Reads message by message; the peer is slowed down when the loop is slow. The loop ends when the
   * connection does; leaving it closes the connection with 1000.
   *
   * @throws UsageError `already-reading` when a handler or an iterator is there; `invalid-state`
   *   with `delivery: 'pieces'`.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    return this.#reading.messages(this.#madeEnd?.report);
  }

  /**
   * Reads messages as they arrive, piece by piece. Needs `delivery: 'pieces'`. Who asks for the
   * next message without having begun to read one skips that.
   *
   * @throws UsageError `already-reading`, or `invalid-state` with whole-message delivery.
   */
  streams(): AsyncIterableIterator<IncomingMessage> {
    return this.#reading.streams(this.#madeEnd?.report);
  }

  /**
   * Stops delivery until {@link resume}, also to who comes to read later or pauses in `open`; the
   * peer is slowed down by flow control.
   *
   * @param holder who wants the pause; one of several that know nothing of each other, if you like.
   */
  pause(holder: object = this): void {
    this.#reading.pause(holder);
  }

  /**
   * Goes on with delivery, as soon as somebody reads and a loop has room, and no other holder of a
   * pause is left.
   */
  resume(holder: object = this): void {
    this.#reading.resume(holder);
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends one message: text for strings, binary for bytes. Bytes must not be changed before they
   * have left, as they all have when `bufferedAmount` is 0 (`drained` resolves earlier), unless
   * `options.copy` is true: then those that have to wait are copied.
   *
   * A Blob or an (async) iterable is sent piece by piece as one message, at the pace of the peer.
   *
   * @returns whether the peer takes more at once; false also when the message was dropped or the
   *   connection is closing. For pieces a promise: true when the whole message was accepted, false
   *   when the connection ended first; it rejects with what the iterable threw, and the connection
   *   is then closed with 1011 if a part of the message had left. So it is when `options.signal`
   *   aborts: the promise rejects with its reason.
   * @throws UsageError `invalid-argument` for anything that is no message, `invalid-option`; for a
   *   message that is not in pieces the reason of a signal that is aborted already. A signal that
   *   is aborted later withdraws what has not begun to leave (`counters.messagesWithdrawn`).
   */
  send(data: MessageData, options?: PeerSendOptions): boolean;
  send(data: PieceSource, options?: PeerSendOptions): Promise<boolean>;
  send(data: MessageData | PieceSource, options?: PeerSendOptions): boolean | Promise<boolean> {
    if (!isPieceSource(data)) return this.#output.offer(data, options) === 'sent';
    return this.sendPieces(data, options);
  }

  /** Apart, since the memory that closures share is made where they might be: for every message. */
  private sendPieces(data: PieceSource, options: PeerSendOptions | undefined): Promise<boolean> {
    return waitQuietly(() =>
      this.#output.sendPieces(data, options, () => {
        void this.close(1011, 'a message broke off');
      }),
    );
  }

  /** As {@link send}, and tells what became of the message. */
  offer(data: MessageData, options?: PeerSendOptions): SendOutcome {
    return this.#output.offer(data, options);
  }

  /**
   * Sends a prepared message by the cheapest way this peer allows; for `broadcast`.
   *
   * @throws UsageError `invalid-option`.
   */
  offerPrepared(message: PreparedMessage, options?: PeerSendOptions): SendOutcome {
    return this.#output.offerPrepared(message, options);
  }

  /**
   * Begins a message that is written piece by piece; other messages wait for its end. What a
   * slow-consumer policy keeps back goes before it, and cannot be dropped any more.
   *
   * @param type left out, the first piece decides: text for a string, else binary.
   * @throws UsageError `invalid-state` when the connection is closing.
   */
  startMessage(type?: 'text' | 'binary', options?: StartOptions): MessageWriter {
    return this.#output.startMessage(type, options);
  }

  /** Bytes that were accepted and have not left this process; at the end, those that never did. */
  get bufferedAmount(): number {
    return this.#output.bufferedAmount;
  }

  /**
   * Resolves when the peer takes more, at once if it does already; also when the connection ends.
   * Up to 64 KiB may wait then. Rejects with the reason of `options.signal`.
   */
  drained(options: WaitOptions = {}): Promise<void> {
    return waitQuietly(() => {
      checkOptions(options, WAITING);
      return this.#output.drained(options.signal);
    });
  }

  private goOn(): void {
    if (this.#output.goOn()) this.#reading.call('drain');
  }

  /**
   * Sends a ping. Its pong is read in its turn: a peer that is paused, or read by nobody yet, waits.
   *
   * @param payload at most 125 bytes; by default a serial number.
   * @returns the round-trip time in ms; rejects with UsageError `invalid-state` when the connection
   *   ends before the pong comes or `maxPingsInFlight` are unanswered, or with the reason of
   *   `options.signal`.
   */
  ping(payload?: Uint8Array, options: WaitOptions = {}): Promise<number> {
    return waitQuietly(() => {
      checkOptions(options, WAITING);
      const { signal } = options;
      if (signal?.aborted) return Promise.reject(signal.reason);
      const pong = this.sendPing(payload);
      return signal === undefined ? pong : unlessAborted(pong, signal);
    });
  }

  private sendPing(payload: Uint8Array | undefined): Promise<number> {
    const end = this.openEnd();
    return end.pong(
      (answered) => this.#connection.ping(payload, answered),
      () => (this.isOpen ? `${end.pingsInFlight} pings wait` : 'the connection is closing'),
    );
  }

  // ── ending ─────────────────────────────────────────────────────────────────────────────────

  /** Resolves when the connection is over. Never rejects. */
  get closed(): Promise<CloseReport> {
    return this.openEnd().closed;
  }

  private openEnd(): PeerEnd {
    this.#madeEnd ??= new PeerEnd();
    return this.#madeEnd;
  }

  /** True until either side begins to close. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Where the closing handshake stands. */
  get state(): Connection['state'] {
    return this.#connection.state;
  }

  /** What went through, what was dropped, and what was taken back. */
  get counters(): PeerCounters {
    const { messagesWithdrawn } = this.#output;
    const { counters } = this.#connection;
    const messagesDropped = counters.messagesDropped + this.#output.messagesDropped;
    const messagesDiscarded = counters.messagesDiscarded + this.#reading.messagesDiscarded;
    return { ...counters, messagesDiscarded, messagesDropped, messagesWithdrawn };
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    return this.openEnd().signal;
  }

  /**
   * Begins the closing handshake, behind everything accepted before. Messages that still come are
   * delivered to a handler that has not paused; a loop finds as many as its queue holds twice. What
   * comes beyond that, or for nobody, is thrown away: `counters.messagesDiscarded`.
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
    this.#reading.finish();
    this.#connection.close(code, reason);
    return this.closed;
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#connection.terminate();
  }

  /** @internal Checks all deadlines; for a ticker that knows its peers. */
  tick(nowMs: number): void {
    this.#connection.tick(nowMs);
  }

  private ended(report: CloseReport): void {
    const end = this.openEnd();
    end.report = report;
    this.#owner?.peerClosed(this);
    this.#ticker.delete(this.#connection);
    this.#output.stop();
    log('closed by %s: %d %s', report.closedBy, report.code, report.error?.code ?? report.reason);
    end.failPings();
    this.#reading.end();
    end.abort();
    if (PEER_CHANNELS.close.hasSubscribers) PEER_CHANNELS.close.publish({ peer: this, report });
    this.#reading.call('close', report);
    end.tell();
  }
}

const TIMELESS = { now: () => 0 } as Ticker;

settleShape(() => new WebSocketPeer(NOWHERE, { role: 'server', ticker: TIMELESS }));

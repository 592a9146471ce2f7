/**
 * One request and the way it is answered.
 *
 * ```
 *            ┌─ respond ─────► a whole response
 *            ├─ stream ──────► a body piece by piece, framed or raw
 *   open ────┼─ eventStream ─► server-sent events
 *            ├─ accept ──────► a WebSocket
 *            └─ hijack ──────► the socket itself
 * ```
 * There are exactly these five endings, and an exchange has one of them: the others throw from then
 * on. A client that goes away is not an exception here: `signal` is aborted, writing returns false,
 * and what was registered with `onClose` runs.
 *
 * Longer than the house allows: the five endings share one state, and people read them together.
 */
import { checkOptions, HandshakeRejected, settleShape, UsageError } from '../base/index.ts';
import {
  type BodySize,
  type FieldsInit,
  type RequestHead,
  ResponseWriter,
  reasonPhrase,
} from '../http/index.ts';
import {
  type AcceptedUpgrade,
  type MessageData,
  type PeerOptions,
  toPayload,
  type WebSocketPeer,
} from '../peer/index.ts';
import { BodyStream } from './body-stream.ts';
import { EventStreamPeer } from './event-stream-peer.ts';
import {
  checkEventStream,
  type EventStreamOptions,
  eventStreamFields,
  readLastEventId,
} from './event-stream-settings.ts';
import { type Cleanup, type ExchangeEnd, ExchangeLife } from './exchange-life.ts';
import { ExchangeRequest, type ExchangeTransport } from './exchange-request.ts';
import { type HijackedSocket, releaseSocket } from './hijack.ts';
import type { PeerSet } from './peer-set.ts';
import type { RequestBody } from './request-body.ts';
import { ResponseChannel } from './response-channel.ts';
import { type AcceptOptions, acceptUpgrade, switchToWebSocket } from './websocket-upgrade.ts';

/** How an exchange was answered. */
export type Ending = 'respond' | 'stream' | 'event-stream' | 'websocket' | 'hijack';

/** Options of {@link Exchange.stream}. */
export interface StreamOptions {
  /**
   * `'none'`: the server writes the head and nothing else; what you write goes on the wire as it
   * is, and the connection ends with it. Default `'auto'`: chunked, or as the fields say.
   */
  readonly framing?: 'auto' | 'none' | undefined;
}

const STREAM_OPTIONS = {
  framing: {
    what: "'auto' or 'none'",
    fits: (value: unknown) => value === 'auto' || value === 'none',
  },
};

const TEXT = 'text/plain; charset=utf-8';

/** One request, and its answer. */
export class Exchange extends ExchangeRequest {
  readonly #transport: ExchangeTransport;
  readonly #writer: ResponseWriter;
  readonly #life: ExchangeLife;
  #ending: Ending | undefined;
  #channel: ResponseChannel | undefined;
  #events: EventStreamPeer | undefined;
  #peer: WebSocketPeer | undefined;
  #isFollowingPeer = false;

  /** Made by the server. */
  constructor(head: RequestHead, body: RequestBody, transport: ExchangeTransport) {
    super(head, body, transport);
    this.#transport = transport;
    this.#writer = new ResponseWriter(head, transport.settings.date);
    this.#life = new ExchangeLife((error) => transport.reportError(error));
  }

  // ── its life ───────────────────────────────────────────────────────────────────────────────

  /** How it was answered; `undefined` while it is not. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /**
   * Aborted once when nobody waits for the answer any more: give it to everything that takes time.
   */
  get signal(): AbortSignal {
    this.#followPeer();
    return this.#life.signal;
  }

  /**
   * Registers a clean-up. It runs exactly once, the newest first, when the last byte of the answer
   * has left or when it is known that this will not happen.
   */
  onClose(cleanup: Cleanup): void {
    // The address is gone with the connection, and clean-ups are where it is logged.
    void this.#transport.client;
    this.#followPeer();
    this.#life.onClose(cleanup);
  }

  // ── the answer ─────────────────────────────────────────────────────────────────────────────

  /**
   * Sends 103 (Early Hints) before the answer, as often as you like [RFC 8297 §2]. Hints that pile
   * up for a client that does not read them cut the connection, beyond `maxBufferedBytes`.
   *
   * @throws UsageError `invalid-header`, `already-answered`, `hijacked`.
   */
  earlyHints(fields: FieldsInit): void {
    this.#requireOpen();
    const hints = this.#writer.interim(103, fields);
    if (this.#transport.pump.admits()) this.#transport.pump.writeText(hints, 'latin1');
  }

  /** @internal Sends 100 (Continue), unless the answer has begun. */
  sendContinue(): void {
    if (this.#ending !== undefined || this.#writer.hasHead) return;
    this.#transport.pump.writeText(this.#writer.interim(100), 'latin1');
  }

  /**
   * Answers with a whole response: one write for a small one.
   *
   * @param status 200 – 599.
   * @param fields `content-length` and `date` are added; `connection: close` is obeyed.
   * @param body text, sent as `text/plain` in UTF-8 unless the fields tell another type, or bytes,
   *   which must not change from now on. It is left out where the answer has none: to HEAD, and with
   *   204, 205 and 304.
   * @throws UsageError `invalid-argument`, `invalid-header`: nothing is sent then, and another
   *   answer is possible; `already-answered`, `hijacked`.
   */
  respond(status: number, fields?: FieldsInit, body?: MessageData): void {
    this.#requireOpen();
    const data = body === undefined ? '' : toPayload(body);
    const isText = typeof data === 'string';
    const byteLength = isText ? Buffer.byteLength(data) : data.length;
    const contentType = isText && body !== undefined ? TEXT : undefined;
    const channel = this.#begin('respond', status, fields, byteLength, contentType);
    channel.write(data);
    channel.end();
  }

  /**
   * Answers with a status and a short text that explains it; by default its usual phrase.
   *
   * @throws UsageError as {@link respond}; `invalid-header` too when the status demands a field that
   *   is missing: `www-authenticate` for 401, `allow` for 405, `proxy-authenticate` for 407,
   *   `upgrade` for 426 [RFC 9110 §15.5].
   */
  reject(status: number, text?: string, fields?: FieldsInit): void {
    this.respond(status, fields, `${text ?? `${status} ${reasonPhrase(status)}`}\n`);
  }

  /**
   * Answers with a body that is written piece by piece: chunked for HTTP/1.1, until the connection
   * ends for HTTP/1.0, or of the `content-length` in the fields.
   *
   * @throws UsageError as {@link respond}.
   */
  stream(status: number, fields?: FieldsInit, options: StreamOptions = {}): BodyStream {
    this.#requireOpen();
    checkOptions(options, STREAM_OPTIONS);
    const size = options.framing === 'none' ? 'raw' : 'unknown';
    const channel = this.#begin('stream', status, fields, size);
    return new BodyStream(channel, this);
  }

  /**
   * Answers with an event stream [HTML §9.2.5], after what the client missed.
   *
   * @throws UsageError `invalid-option`, and as {@link respond}.
   */
  eventStream(options: EventStreamOptions = {}): EventStreamPeer {
    this.#requireOpen();
    const settings = checkEventStream(options);
    const fields = eventStreamFields(options.fields);
    const channel = this.#begin('event-stream', 200, fields, 'unknown');
    const { wheel } = this.#transport.settings;
    const lastEventId = readLastEventId(this.fields, this.query);
    this.#events = new EventStreamPeer(channel, this, lastEventId, settings, wheel);
    // Nobody would end it later: the server, or the client, has already told all streams.
    if (this.#transport.isClosing) queueMicrotask(() => this.shutDown());
    if (this.#life.abortedFor !== undefined) this.#endEvents();
    return this.#events;
  }

  /**
   * Accepts the client's WebSocket handshake: 101, and an open peer that delivers nothing before
   * you read it.
   *
   * @throws HandshakeRejected when the request is no correct handshake, or its Origin is refused;
   *   a handler that lets it pass answers with its status. UsageError `invalid-option`,
   *   `invalid-argument`, `invalid-header`, `already-answered`, `hijacked`.
   */
  accept(options: AcceptOptions = {}): WebSocketPeer {
    this.#requireOpen();
    const accepted = acceptUpgrade(this, options);
    if (this.#transport.isClosing) throw new HandshakeRejected(503, 'the server closes');
    const { guests } = this.#transport;
    const peer = this.openPeer(accepted, options, guests);
    guests.know(peer);
    return peer;
  }

  /** @internal Opens the peer of a handshake that was accepted. */
  openPeer(accepted: AcceptedUpgrade, options: PeerOptions, owner: PeerSet): WebSocketPeer {
    this.#requireOpen();
    this.#ending = 'websocket';
    this.#peer = switchToWebSocket(this.#transport, accepted, options, owner);
    if (this.#life.isObserved) this.#followPeer();
    return this.#peer;
  }

  /**
   * An exchange that became a WebSocket is over when the peer is. It follows its peer from the
   * moment on when somebody wants to know: otherwise each WebSocket would keep its handshake.
   */
  #followPeer(): void {
    if (this.#isFollowingPeer || this.#peer === undefined) return;
    this.#isFollowingPeer = true;
    void this.#peer.closed.then(({ transportError }) =>
      this.#life.finish('completed', transportError),
    );
  }

  /**
   * Takes the socket away from the server, which has not written anything and forgets it, but
   * counts it until it is closed. Responses to earlier requests have been handed to the socket. A
   * body that nobody has read is in `head` and on the socket: reading it fails with UsageError
   * `hijacked`. The socket ends when its client does; where that has happened already, after
   * `halfCloseTimeoutMs`, unless `allowHalfOpen` of the server or of the socket is true. A handler
   * that fails afterwards destroys it, with what has not left.
   *
   * @throws UsageError `already-answered`, `hijacked`; `already-reading` when a part of the body was
   *   read and the rest has not come: what was taken off it could not be put back.
   */
  hijack(): HijackedSocket {
    this.#requireOpen();
    if (!this.body.isUnread && !this.body.isComplete) {
      throw new UsageError('already-reading', 'a part of the body has been read');
    }
    this.#ending = 'hijack';
    const { pump, settings } = this.#transport;
    const head = this.#transport.handOver();
    const socket = releaseSocket(pump, settings, () => this.#life.finish('completed'));
    return { socket, head };
  }

  // ── the connection's side ──────────────────────────────────────────────────────────────────

  /** @internal True once the whole answer was written, or there will be none. */
  get isDone(): boolean {
    return this.#writer.isEnded || this.#life.report !== undefined;
  }

  /** @internal True when the client was found to have gone. */
  get isAbandoned(): boolean {
    return this.#life.abortedFor !== undefined;
  }

  /** @internal Whether the connection goes on after the answer. */
  get keepsConnection(): boolean {
    return this.#writer.keepAlive;
  }

  /** @internal Output has drained. */
  drained(): void {
    this.#events?.channelDrained();
    if (!this.#transport.pump.isCongested) this.#channel?.release();
  }

  /** @internal The server closes: what has no end of its own is ended. */
  shutDown(): void {
    this.#events?.close();
  }

  /** @internal An event stream's client reads too slowly. */
  cutSlowConsumer(): void {
    this.#transport.pump.cut('slow-consumer');
  }

  /** @internal The client has ended its side; see the server's `allowHalfOpen`. */
  clientEnded(): void {
    if (this.#transport.settings.allowHalfOpen) return;
    this.#life.abort('peer-ended');
    this.#endEvents();
  }

  /** @internal The connection is gone before the answer was complete. */
  transportClosed(reason: ExchangeEnd, error: unknown): void {
    this.#channel?.close();
    this.#events?.channelClosed();
    this.#life.finish(reason, error);
  }

  /** @internal Ends without a proper end, so that what was sent is seen to be incomplete. */
  breakOff(error: unknown): void {
    if (this.isDone) return;
    this.#channel?.close();
    this.#events?.channelClosed();
    this.#life.finish(this.#life.abortedFor ?? 'broken-off', error);
    if (this.#ending === 'hijack') {
      this.#transport.pump.socket.destroy();
    } else if (this.#peer !== undefined) {
      void this.#peer.close(1011, 'handler failed');
    } else {
      this.#transport.breakOff();
    }
  }

  /** Who listens to events does not end its side, and a stream of them has no other end. */
  #endEvents(): void {
    const { pump } = this.#transport;
    // Behind what was written: answers to earlier requests are whole.
    pump.whenFlushed(() => {
      if (this.#events?.isOpen === true) pump.cut('peer-ended');
    });
  }

  #begin(
    ending: Ending,
    status: number,
    fields: FieldsInit | undefined,
    size: BodySize,
    contentType?: string,
  ): ResponseChannel {
    const keepAlive = this.#transport.mayKeepAlive();
    const head = this.#writer.head(status, fields, size, { keepAlive, contentType });
    this.#ending = ending;
    const { framing } = this.#writer;
    this.#transport.pump.endIsMeaningful = framing === 'until-close' || framing === 'raw';
    this.#transport.pump.writeText(head, 'latin1');
    this.#channel = new ResponseChannel(this.#transport.pump, this.#writer, () => this.#end());
    if (this.#writer.isEnded) this.#end();
    return this.#channel;
  }

  /** The last byte was written; it leaves soon. */
  #end(): void {
    const { pump } = this.#transport;
    if (this.#life.isWatched) pump.whenFlushed(() => this.#finish());
    else this.#finish();
    this.#transport.responseEnded();
  }

  /** Tells what became of an answer that was written to its end. */
  #finish(): void {
    const { cause, error, hasLostOutput } = this.#transport.pump;
    const reason = hasLostOutput ? 'cut' : 'completed';
    this.#life.finish(cause === undefined || cause === 'ended' ? reason : cause, error);
  }

  #requireOpen(): void {
    if (this.#ending === undefined) return;
    if (this.#ending === 'hijack') throw new UsageError('hijacked', 'the socket was taken away');
    throw new UsageError('already-answered', `the exchange was answered by ${this.#ending}`);
  }
}

const TRANSPORT = { settings: {} } as ExchangeTransport;

settleShape(() => new Exchange({} as RequestHead, {} as RequestBody, TRANSPORT));

/**
 * The `WebSocket` of browsers [HTML §9.3], over a {@link WebSocketPeer}.
 *
 * ```
 *   CONNECTING ── 101 ──► OPEN ── close() or a close frame ──► CLOSING ──► CLOSED
 *        └──────────── close(), or an attempt that fails ────────┘
 * ```
 * A program that was written for browsers runs with it unchanged. What browsers do not offer stands
 * beside: fields, TLS and proxies as options, `peer` with everything a peer can do, `for await`.
 *
 * Stricter than the standard: `send` refuses what is neither text, bytes nor a Blob instead of
 * making it a string.
 *
 * Longer than the house allows: the interface is fixed by the standard, member by member.
 */
import {
  asError,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  resolveLimit,
  settleShape,
  UsageError,
} from '../base/index.ts';
import type { CloseReport } from '../connection/index.ts';
import {
  type MessageData,
  MessageQueue,
  type PeerSendOptions,
  SEND_OPTIONS,
  toPayload,
  type WaitOptions,
  type WebSocketPeer,
} from '../peer/index.ts';
import { carryOut } from './connect.ts';
import {
  CloseEvent,
  defineConstants,
  defineInterface,
  ErrorEvent,
  EventHandlers,
  ReconnectingEvent,
  typedTarget,
} from './events.ts';
import { Outgoing } from './outgoing.ts';
import { CONNECT_OPTIONS, type ConnectOptions, makePlan, type Plan } from './plan.ts';
import { type NextAttempt, Reconnection, type ReconnectOptions } from './reconnect.ts';
import type { Sendable } from './send-queue.ts';
import type { Patience } from './source-sending.ts';
import { orSyntaxError } from './syntax-error.ts';
import { type ClientWorld, NOWHERE, SYSTEM_WORLD } from './world.ts';

/** How binary messages are delivered. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'blob';

/** The events of a {@link WebSocket}. */
export interface WebSocketEvents {
  open: Event;
  message: MessageEvent;
  error: ErrorEvent;
  close: CloseEvent;
  /** With `reconnect`: there is no connection, and another attempt follows. */
  reconnecting: ReconnectingEvent;
}

/** Options of a {@link WebSocket}. */
export interface WebSocketClientOptions
  extends Omit<ConnectOptions, 'protocols' | 'delivery' | 'data'> {
  /**
   * Come back when the connection is lost; default `false`. `open` comes again each time, and
   * `close` once, at the very end.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
}

const CLIENT_OPTIONS: OptionTable<WebSocketClientOptions> =
  ((): OptionTable<WebSocketClientOptions> => {
    const { protocols, delivery, data, ...options } = CONNECT_OPTIONS;
    return { ...options, reconnect: CHECKED_LATER };
  })();

type EventHandler<Type extends keyof WebSocketEvents> =
  | ((this: WebSocket, event: WebSocketEvents[Type]) => unknown)
  | null;

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'blob'];
const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** One WebSocket connection, with the interface of browsers. */
export class WebSocket
  extends typedTarget<WebSocketEvents, Event>()
  implements AsyncIterable<string | Buffer>
{
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  readonly #plan: Plan;
  readonly #world: ClientWorld;
  readonly #aborter = new AbortController();
  readonly #reconnection: Reconnection | undefined;
  readonly #outgoing: Outgoing;
  readonly #handlers = new EventHandlers(this);
  #binaryType: BinaryType = 'blob';
  #peer: WebSocketPeer | undefined;
  /** The end has begun before there was a peer, or has been reported. */
  #ended: 'no' | 'closing' | 'closed' = 'no';
  /** Our side wants the end. */
  #hasClosed = false;
  #queue: MessageQueue | undefined;
  /** The loop is slow. */
  #isPaused = false;
  #failure: Error | undefined;

  /**
   * Begins to connect.
   *
   * @param protocols subprotocols to offer, most wanted first.
   * @throws DOMException `SyntaxError` for a bad URL or bad subprotocols; UsageError
   *   `invalid-option` or `invalid-header` for bad options.
   */
  constructor(
    url: string | URL,
    protocols: string | readonly string[] = [],
    options: WebSocketClientOptions = {},
    world: ClientWorld = SYSTEM_WORLD,
  ) {
    super();
    checkOptions(options, CLIENT_OPTIONS);
    const { reconnect, ...others } = options;
    const ours = this.#aborter.signal;
    const signal = others.signal === undefined ? ours : AbortSignal.any([ours, others.signal]);
    this.#plan = orSyntaxError(() => makePlan(url, { ...others, protocols, signal }));
    this.#world = world;
    this.#reconnection = reconnectionOf(reconnect, world);
    this.#outgoing = new Outgoing(this.#reconnection?.maxQueuedBytes ?? 0, world);
    if (world !== NOWHERE) this.#connect();
  }

  #connect(): void {
    carryOut(this.#plan, this.#world).then(
      (peer) => this.#open(peer),
      (error: Error) => this.#lose(error, undefined),
    );
  }

  // ── state ──────────────────────────────────────────────────────────────────────────────────

  /** The URL, with its scheme as `ws:` or `wss:`. */
  get url(): string {
    return this.#plan.hop.address.href;
  }

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): 0 | 1 | 2 | 3 {
    if (this.#ended !== 'no') return this.#ended === 'closed' ? CLOSED : CLOSING;
    if (this.#peer === undefined) return CONNECTING;
    return this.#peer.isOpen && !this.#hasClosed ? OPEN : CLOSING;
  }

  /**
   * Bytes of messages that were given to `send` and have not left this process, without what the
   * protocol adds; what was sent too late, or had not left at the end, stays counted.
   */
  get bufferedAmount(): number {
    return this.#outgoing.bufferedAmount;
  }

  /** The subprotocol that was agreed on; empty when there is none. */
  get protocol(): string {
    return this.#peer?.protocol ?? '';
  }

  /** The extensions in use; empty when there are none. */
  get extensions(): string {
    return this.#peer?.extensions ?? '';
  }

  /** How binary messages are delivered; `blob` unless you say otherwise. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    // An unknown value of an enumeration is ignored, not refused [HTML §9.3.2].
    if (BINARY_TYPES.includes(type)) this.#binaryType = type;
  }

  /** The peer underneath; `undefined` before the connection is open. Do not attach to it. */
  get peer(): WebSocketPeer | undefined {
    return this.#peer;
  }

  // ── sending and closing ────────────────────────────────────────────────────────────────────

  /**
   * Sends a message; after the connection has begun to close it is dropped, and `bufferedAmount`
   * grows. While there is none, `reconnect.maxQueuedBytes` are kept for the next one. Bytes may be
   * changed as soon as it returns: what cannot leave at once is copied.
   *
   * Beyond the standard: an async iterable is sent piece by piece as one message, at the pace of
   * the server. Then a promise says whether it was accepted, as `WebSocketPeer.send` does, and
   * `bufferedAmount` does not count it.
   *
   * @throws DOMException `InvalidStateError` while connecting; UsageError `invalid-argument` for
   *   anything that is no message, `invalid-state` when more waits than the bound allows.
   */
  send(data: MessageData | Blob): void;
  send(data: AsyncIterable<MessageData>, options?: PeerSendOptions): Promise<boolean>;
  send(
    data: MessageData | Blob | AsyncIterable<MessageData>,
    options?: PeerSendOptions,
  ): undefined | Promise<boolean> {
    if (isAsyncIterable(data)) return this.#sendPieces(data, options);
    const payload = data instanceof Blob ? data : toPayload(data);
    const { readyState } = this;
    if (readyState === CONNECTING) this.#keep(payload);
    else if (readyState === OPEN) this.#outgoing.send(payload);
    else this.#outgoing.drop(payload);
    return undefined;
  }

  #sendPieces(data: AsyncIterable<MessageData>, options?: PeerSendOptions): Promise<boolean> {
    if (this.readyState === CONNECTING) {
      const error = new DOMException('the connection is not open yet', 'InvalidStateError');
      return Promise.reject(error);
    }
    if (options !== undefined) {
      try {
        checkOptions(options, SEND_OPTIONS);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.readyState !== OPEN) return Promise.resolve(false);
    return this.#outgoing.sendPieces(data, options);
  }

  #keep(payload: Sendable): void {
    const isRefused = (this.#reconnection?.maxQueuedBytes ?? 0) === 0;
    if (isRefused) throw new DOMException('the connection is not open yet', 'InvalidStateError');
    this.#outgoing.keep(payload);
  }

  /**
   * Closes the connection behind everything that was sent before, or gives the attempt up. For
   * Blobs and iterables it waits no longer than `closeTimeoutMs` while nothing moves, and
   * `maxCloseMs` in all; then it cuts them off.
   *
   * @param code 1000 or 3000 – 4999.
   * @param reason at most 123 bytes of UTF-8.
   * @throws DOMException `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void {
    this.#close(
      code === undefined ? undefined : clampShort(code),
      reason === undefined ? undefined : `${reason}`,
    );
  }

  #close(code: number | undefined, reason: string | undefined): void {
    if (code !== undefined && code !== 1000 && !isApplicationCode(code)) {
      throw new DOMException('a code is 1000 or 3000 – 4999', 'InvalidAccessError');
    }
    if (reason !== undefined && Buffer.byteLength(reason) > 123) {
      throw new DOMException('a reason has 123 bytes at most', 'SyntaxError');
    }
    if (this.#ended !== 'no') return;
    // A listener of `open` closes: what has waited for the connection was sent before.
    if (this.#peer !== undefined) this.#sendKept();
    const isAgain = this.#hasClosed;
    this.#hasClosed = true;
    const peer = this.#peer;
    if (peer !== undefined) {
      if (isAgain) return;
      this.#outgoing.whenSent(this.#patience(), () => {
        // A reason needs a code before it [RFC 6455 §5.5.1].
        void peer.close(code ?? (reason ? 1000 : undefined), reason);
      });
      return;
    }
    this.#ended = 'closing';
    this.#aborter.abort(new DOMException('closed before it was open', 'AbortError'));
  }

  #patience(): Patience {
    const { closeTimeoutMs, maxCloseMs } = this.#plan.options;
    return {
      closeTimeoutMs: resolveLimit('closeTimeoutMs', closeTimeoutMs),
      maxCloseMs: resolveLimit('maxCloseMs', maxCloseMs),
    };
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#hasClosed = true;
    if (this.#peer === undefined) return this.close();
    this.#outgoing.cut();
    this.#peer.terminate();
  }

  /**
   * Sends a ping; resolves with the round-trip time in ms. Rejects with UsageError `invalid-state`
   * when the connection is not open, or ends before the pong comes.
   */
  ping(payload?: Uint8Array, options?: WaitOptions): Promise<number> {
    if (this.#peer !== undefined) return this.#peer.ping(payload, options);
    return Promise.reject(new UsageError('invalid-state', 'the connection is not open yet'));
  }

  /**
   * Resolves when the peer takes more, at once if it does already; also when the connection ends.
   */
  drained(options?: WaitOptions): Promise<void> {
    return this.#peer?.drained(options) ?? Promise.resolve();
  }

  /**
   * Reads message by message, besides the events; the server is slowed down when the loop is slow.
   * The loop ends with the connection, and throws when there never was one; leaving it closes the
   * connection.
   *
   * @throws UsageError `already-reading` when there is a loop already.
   */
  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    if (this.#queue !== undefined) {
      throw new UsageError('already-reading', 'this connection is iterated already');
    }
    this.#queue = new MessageQueue({
      pause: () => this.#setPaused(true),
      resume: () => this.#setPaused(false),
      leave: () => this.close(this.#peer === undefined ? undefined : 1000),
    });
    if (this.#ended === 'closed') this.#queue.close(this.#failure);
    return this.#queue;
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────

  #open(peer: WebSocketPeer): void {
    this.#peer = peer;
    this.#outgoing.opened(peer);
    this.#reconnection?.opened();
    if (this.#ended === 'no') this.dispatchEvent(new Event('open'));
    else peer.terminate();
    // What a listener has just sent comes first: it may have to introduce itself.
    // They are copies of our own: nobody changes them any more.
    this.#sendKept();
    if (this.#isPaused) peer.pause(this);
    // Messages come in later tasks, so that who awaits the opening can still add a listener.
    setImmediate(() => {
      peer.attach({
        message: (_peer, data) => this.#receive(data),
        drain: () => this.#outgoing.drained(),
        close: (_peer, report) => this.#lose(failureOf(report), report),
      });
    });
  }

  #sendKept(): void {
    for (const message of this.#outgoing.takeKept()) {
      if (this.readyState === OPEN) this.#outgoing.send(message, true);
      else this.#outgoing.drop(message);
    }
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#peer?.pause(this);
    else this.#peer?.resume(this);
  }

  #receive(data: string | Buffer): void {
    if (this.readyState !== OPEN) return;
    this.#queue?.push(data);
    const shown = typeof data === 'string' ? data : this.#show(data);
    const { origin } = this.#plan.hop.address;
    this.dispatchEvent(new MessageEvent('message', { data: shown, origin }));
  }

  #show(bytes: Buffer): Buffer | ArrayBuffer | Blob {
    if (this.#binaryType === 'nodebuffer') return bytes;
    if (this.#binaryType === 'blob') return new Blob([bytes]);
    const { buffer, byteOffset, byteLength } = bytes;
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  }

  /** There is no connection any more: another one follows, or this is the end. */
  #lose(failure: Error | undefined, report: CloseReport | undefined): void {
    const { code, reason } = report ?? { code: 1006, reason: '' };
    const unsentBytes = this.#outgoing.lost(report);
    const cause = { error: failure, code, reason, wasOpen: report !== undefined, unsentBytes };
    let next: NextAttempt | undefined;
    try {
      next = this.#isLeaving() ? undefined : this.#reconnection?.next(cause);
    } catch (error) {
      return this.#end(asError(error), report, unsentBytes);
    }
    if (next === undefined) return this.#end(failure, report, unsentBytes);
    this.#peer = undefined;
    this.#waitFor(next.delayMs);
    this.dispatchEvent(new ReconnectingEvent('reconnecting', next, cause));
  }

  #isLeaving(): boolean {
    return this.#hasClosed || this.#plan.options.signal!.aborted;
  }

  #waitFor(delayMs: number): void {
    const signal = this.#plan.options.signal!;
    const cancel = this.#world.after(delayMs, () => {
      signal.removeEventListener('abort', giveUp);
      this.#connect();
    });
    const giveUp = (): void => {
      cancel();
      // As everywhere, events come after the call that causes them.
      queueMicrotask(() => this.#end(signal.reason, undefined, 0));
    };
    signal.addEventListener('abort', giveUp, { once: true });
  }

  #end(failure: Error | undefined, report: CloseReport | undefined, unsentBytes: number): void {
    this.#ended = 'closed';
    this.#failure = report === undefined ? failure : undefined;
    this.#outgoing.end(unsentBytes);
    this.#queue?.close(this.#failure);
    if (failure !== undefined) this.dispatchEvent(new ErrorEvent('error', failure));
    const { code, reason, wasClean } = report ?? { code: 1006, reason: '', wasClean: false };
    this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
  }

  // ── events ─────────────────────────────────────────────────────────────────────────────────

  get onopen(): EventHandler<'open'> {
    return this.#handlers.get('open') as EventHandler<'open'>;
  }
  set onopen(handler: EventHandler<'open'>) {
    this.#handlers.set('open', handler);
  }
  get onmessage(): EventHandler<'message'> {
    return this.#handlers.get('message') as EventHandler<'message'>;
  }
  set onmessage(handler: EventHandler<'message'>) {
    this.#handlers.set('message', handler);
  }
  get onerror(): EventHandler<'error'> {
    return this.#handlers.get('error') as EventHandler<'error'>;
  }
  set onerror(handler: EventHandler<'error'>) {
    this.#handlers.set('error', handler);
  }
  get onclose(): EventHandler<'close'> {
    return this.#handlers.get('close') as EventHandler<'close'>;
  }
  set onclose(handler: EventHandler<'close'>) {
    this.#handlers.set('close', handler);
  }

  get onreconnecting(): EventHandler<'reconnecting'> {
    return this.#handlers.get('reconnecting') as EventHandler<'reconnecting'>;
  }
  set onreconnecting(handler: EventHandler<'reconnecting'>) {
    this.#handlers.set('reconnecting', handler);
  }
}

defineConstants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
defineInterface(WebSocket, 'WebSocket');

function reconnectionOf(
  reconnect: boolean | ReconnectOptions | undefined,
  world: ClientWorld,
): Reconnection | undefined {
  if (reconnect === undefined || reconnect === false) return undefined;
  if (reconnect !== true && (typeof reconnect !== 'object' || reconnect === null)) {
    throw new UsageError('invalid-option', 'reconnect is true, false, or says how');
  }
  return new Reconnection(reconnect === true ? {} : reconnect, world);
}

function isAsyncIterable(data: unknown): data is AsyncIterable<MessageData> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}

/** A number of any kind as browsers take it: `[Clamp] unsigned short` [WebIDL §3.2.4.9]. */
function clampShort(value: unknown): number {
  const number = Math.min(Math.max(Number(value), 0), 0xffff) || 0;
  const floor = Math.floor(number);
  const rest = number - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}

function isApplicationCode(code: number): boolean {
  return Number.isInteger(code) && code >= 3000 && code <= 4999;
}

/** Why a connection failed; `undefined` when it ended as somebody wanted [RFC 6455 §7.1.7]. */
function failureOf(report: CloseReport): Error | undefined {
  if (report.error !== undefined) return report.error;
  const wasLost = report.closedBy === 'transport' && !report.wasClean;
  return wasLost ? (report.transportError ?? new Error('the connection was lost')) : undefined;
}

settleShape(() => new WebSocket('ws://localhost', [], {}, NOWHERE));

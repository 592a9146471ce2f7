/**
 * `EventSource` [HTML §9.2]: listens to an event stream, and comes back when it breaks off.
 *
 * ```
 *   CONNECTING ──► OPEN ──► the stream ends or breaks ──► error, CONNECTING ──► wait ──► again
 *       └─► not 200, another type, 204, a bad certificate ──► error, CLOSED, for good
 * ```
 * What browsers have, and beyond it: fields of your own, TLS options, proxies, unix sockets, a
 * position to begin with, an error that says why, `signal`, and `for await`. The wait is at least
 * the reconnection time; a lot is added, so that not everybody comes back at once, and it grows
 * while attempts fail, as [HTML §9.2.3] allows.
 *
 * Stricter than the standard: a URL that is not `http:` or `https:` is refused at once.
 *
 * Longer than the house allows: it is the whole interface, member by member, and its life.
 */
import { ProtocolError, settleShape, UsageError } from '../base/index.ts';
import { BoundedQueue } from '../peer/index.ts';
import type { EventStreamEvent } from '../sse/index.ts';
import { Backoff } from './backoff.ts';
import {
  type EventSourceOptions,
  type EventStreamPlan,
  makeEventStreamPlan,
} from './event-stream-plan.ts';
import { type EventStreamResponse, openEventStream } from './event-stream-request.ts';
import {
  defineConstants,
  defineInterface,
  ErrorEvent,
  EventHandlers,
  typedTarget,
} from './events.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { IGNORE } from './sockets.ts';
import { orSyntaxError } from './syntax-error.ts';
import { type ClientWorld, NOWHERE, SYSTEM_WORLD } from './world.ts';

type EventHandler<Received> = ((this: EventSource, event: Received) => unknown) | null;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** How `node:tls` says that a certificate is not to be trusted. */
const CERTIFICATE_ERROR = /^ERR_TLS_|CERT|SIGNED|^UNABLE_TO_|^HOSTNAME/;

/** Listens to one event stream. */
export class EventSource
  extends typedTarget<{ open: Event; error: ErrorEvent }, MessageEvent>()
  implements AsyncIterable<EventStreamEvent>
{
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSED: 2;

  readonly #plan: EventStreamPlan;
  readonly #world: ClientWorld;
  readonly #aborter = new AbortController();
  readonly #handlers = new EventHandlers(this);
  #readyState: 0 | 1 | 2 = CONNECTING;
  #response: EventStreamResponse | undefined;
  #stopWatching: () => void = IGNORE;
  #origin = '';
  #lastEventId: string;
  #backoff: Backoff;
  #queue: BoundedQueue<EventStreamEvent> | undefined;
  /** The loop is slow. */
  #isPaused = false;
  #failure: Error | undefined;

  /**
   * Begins to connect.
   *
   * @throws DOMException `SyntaxError` for a bad URL; UsageError `invalid-option` or
   *   `invalid-header` for bad options.
   */
  constructor(
    url: string | URL,
    options: EventSourceOptions = {},
    world: ClientWorld = SYSTEM_WORLD,
  ) {
    super();
    this.#plan = orSyntaxError(() => makeEventStreamPlan(url, options));
    this.#world = world;
    this.#lastEventId = options.lastEventId ?? '';
    this.#backoff = this.#backoffFrom(this.#plan.reconnectionMs);
    this.#follow(options.signal);
    if (this.#readyState === CONNECTING && world !== NOWHERE) void this.#connect();
  }

  /** The signal closes the source; afterwards nobody holds on to it. */
  #follow(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const close = (): void => this.close();
    if (signal.aborted) close();
    signal.addEventListener('abort', close, { once: true, signal: this.#aborter.signal });
  }

  /** A lot behind the reconnection time, and more while attempts fail. */
  #backoffFrom(reconnectionMs: number): Backoff {
    const { maxDelayMs, options } = this.#plan;
    const minDelayMs = Math.max(1, reconnectionMs);
    const longest = Math.max(minDelayMs, maxDelayMs);
    const { maxAttempts } = options;
    return new Backoff({ minDelayMs, maxDelayMs: longest, maxAttempts, stableMs: 0 }, this.#world);
  }

  // ── state ──────────────────────────────────────────────────────────────────────────────────

  /** The URL that was asked for; redirects do not change it. */
  get url(): string {
    return this.#plan.hop.address.href;
  }

  /** 0 connecting, also while waiting to connect again; 1 open; 2 closed for good. */
  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /** What the option says; it changes nothing here. */
  get withCredentials(): boolean {
    return this.#plan.options.withCredentials === true;
  }

  /** The position that the next connection will name; "" for none. */
  get lastEventId(): string {
    return this.#response?.lastEventId ?? this.#lastEventId;
  }

  /** Closes for good. No event follows. */
  close(): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#leaveResponse();
    this.#aborter.abort(new DOMException('the event source was closed', 'AbortError'));
    this.#queue?.close();
  }

  /**
   * Reads event by event, of all types, besides the listeners; the server is slowed down when the
   * loop is slow. It goes on over all connections, ends with `close()`, and throws when the source
   * fails for good. Leaving the loop closes the source.
   *
   * @throws UsageError `already-reading` when there is a loop already.
   */
  [Symbol.asyncIterator](): AsyncIterator<EventStreamEvent, undefined> {
    if (this.#queue !== undefined) {
      throw new UsageError('already-reading', 'this source is iterated already');
    }
    const control = {
      pause: () => this.#setPaused(true),
      resume: () => this.#setPaused(false),
      leave: () => this.close(),
    };
    this.#queue = new BoundedQueue(control, ({ data }) => data.length);
    if (this.#readyState === CLOSED) this.#queue.close(this.#failure);
    return this.#queue;
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#response?.pause();
    else this.#response?.resume();
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────

  async #connect(): Promise<void> {
    const { signal } = this.#aborter;
    const listener = {
      opened: (origin: string) => this.#announce(origin),
      event: (event: EventStreamEvent) => this.#dispatch(event),
      retry: (ms: number) => {
        this.#backoff = this.#backoffFrom(ms);
        this.#backoff.opened();
      },
    };
    try {
      const id = this.#lastEventId;
      const response = await openEventStream(this.#plan, id, listener, signal, this.#world);
      this.#response = response;
      if (this.#readyState === CLOSED) return this.#leaveResponse();
      if (this.#isPaused) response.pause();
      this.#watch(response);
      await response.ended;
      this.#comeBack(new ProtocolError('premature-eof', 'the event stream ended'));
    } catch (error) {
      if (isFutile(error as Error)) this.#fail(error as Error);
      else this.#comeBack(error as Error);
    }
  }

  /** Cuts a stream that brings nothing any more, until it is left. */
  #watch(response: EventStreamResponse): void {
    const { idleTimeoutMs } = this.#plan;
    const look = (): void => {
      const isAlive = response.hasHeard || this.#isPaused;
      response.hasHeard = false;
      if (isAlive) this.#stopWatching = this.#world.after(idleTimeoutMs, look);
      else response.giveUp(new ProtocolError('idle-timeout', `${idleTimeoutMs} ms`));
    };
    if (idleTimeoutMs !== Number.POSITIVE_INFINITY) look();
  }

  #announce(origin: string): void {
    if (this.#readyState === CLOSED) return;
    this.#origin = origin;
    this.#readyState = OPEN;
    this.#backoff.opened();
    this.dispatchEvent(new Event('open'));
  }

  #dispatch(event: EventStreamEvent): void {
    if (this.#readyState === CLOSED) return;
    const { type, data, lastEventId } = event;
    this.#lastEventId = lastEventId;
    this.#queue?.push(event);
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin: this.#origin }));
  }

  #leaveResponse(): void {
    const response = this.#response;
    if (response === undefined) return;
    this.#response = undefined;
    // Not when it ends: a stream whose loop is slow tells nobody any more.
    this.#stopWatching();
    this.#lastEventId = response.lastEventId;
    response.cut();
  }

  /** Re-establishes the connection [HTML §9.2.3]. */
  #comeBack(error: Error): void {
    this.#leaveResponse();
    if (this.#readyState === CLOSED) return;
    const delayMs = this.#backoff.next();
    if (delayMs === undefined) return this.#fail(error);
    this.#readyState = CONNECTING;
    this.dispatchEvent(new ErrorEvent('error', error));
    if (this.#aborter.signal.aborted) return;
    const again = (): void => {
      this.#aborter.signal.removeEventListener('abort', cancel);
      void this.#connect();
    };
    const cancel = this.#world.after(delayMs, again);
    this.#aborter.signal.addEventListener('abort', cancel, { once: true });
  }

  /** Fails the connection: it does not come back [HTML §9.2.3]. */
  #fail(error: Error): void {
    this.#leaveResponse();
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#failure = error;
    this.#aborter.abort(error);
    this.#queue?.close(error);
    this.dispatchEvent(new ErrorEvent('error', error));
  }

  // ── events ─────────────────────────────────────────────────────────────────────────────────

  get onopen(): EventHandler<Event> {
    return this.#handlers.get('open') as EventHandler<Event>;
  }
  set onopen(handler: EventHandler<Event>) {
    this.#handlers.set('open', handler);
  }
  get onmessage(): EventHandler<MessageEvent> {
    return this.#handlers.get('message') as EventHandler<MessageEvent>;
  }
  set onmessage(handler: EventHandler<MessageEvent>) {
    this.#handlers.set('message', handler);
  }
  get onerror(): EventHandler<ErrorEvent> {
    return this.#handlers.get('error') as EventHandler<ErrorEvent>;
  }
  set onerror(handler: EventHandler<ErrorEvent>) {
    this.#handlers.set('error', handler);
  }
}

defineConstants(EventSource, { CONNECTING, OPEN, CLOSED });
defineInterface(EventSource, 'EventSource');

/** Whether the next attempt would be alike [HTML §9.2.3]. */
function isFutile(error: Error): boolean {
  if (error instanceof HandshakeRefused || error instanceof UsageError) return true;
  if (error instanceof ProtocolError) return error.code === 'event-too-large';
  const { code = '' } = error as NodeJS.ErrnoException;
  return error.name === 'AbortError' || CERTIFICATE_ERROR.test(code);
}

settleShape(() => new EventSource('http://localhost', {}, NOWHERE));

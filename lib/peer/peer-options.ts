/**
 * What a peer is told when it is made, and who reads it.
 */
import { UsageError } from '../base/index.ts';
import type { CloseReport, ConnectionCounters, ConnectionOptions } from '../connection/index.ts';
import type { SlowConsumerPolicy } from './backlog.ts';
import type { IncomingMessage } from './incoming.ts';
import { CALL_BACKS, HANDLERS } from './option-tables.ts';
import type { Ticker } from './ticker.ts';
import type { WebSocketPeer } from './websocket-peer.ts';

/** Reads a connection by call-backs. Each may be left out. */
export interface WebSocketHandler<Peer = WebSocketPeer> {
  /** The connection is open. */
  open?(peer: Peer): unknown;
  /** A message came: a string for text, a Buffer of your own for binary. */
  message?(peer: Peer, data: string | Buffer): unknown;
  /**
   * With `delivery: 'pieces'`: a message begins; read it as it comes. What is behind it waits until
   * it was read. One that nobody has begun to read when this returns, or when the promise that it
   * returns is settled, is passed over: thrown away as it comes, and limited like any other.
   */
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
  /**
   * Called with what a handler threw; the connection is closed with 1011. Default: printed, as is
   * what it throws itself or rejects with.
   */
  readonly handlerFailed?: ((error: unknown, peer: WebSocketPeer) => unknown) | undefined;
}

/**
 * Checks that whoever reads by call-backs reads what comes.
 *
 * @throws UsageError `invalid-argument` for what is no object or has something else than functions
 *   in their places, and for a handler of whole messages with `delivery: 'pieces'`.
 */
export function checkHandler(
  handler: WebSocketHandler,
  delivery: WebSocketOptions['delivery'],
): void {
  if (typeof handler !== 'object' || handler === null || Array.isArray(handler)) {
    throw new UsageError('invalid-argument', `a handler is an object, not ${String(handler)}`);
  }
  for (const name of CALL_BACKS) {
    const method: unknown = handler[name];
    if (method === undefined || HANDLERS[name].fits(method)) continue;
    throw new UsageError('invalid-argument', `${name} of a handler must be ${HANDLERS[name].what}`);
  }
  if (delivery !== 'pieces' || !handler.message || handler.stream) return;
  throw new UsageError('invalid-argument', "delivery: 'pieces' needs a handler with stream");
}

/**
 * Checks a handler as {@link checkHandler} does, and that it has a name that is called, if it has
 * any: one with nothing but a slip would throw everything away. An endpoint is a handler too, and
 * has other names beside.
 *
 * @throws UsageError `invalid-argument`.
 */
export function checkReader(
  handler: WebSocketHandler,
  delivery: WebSocketOptions['delivery'],
): void {
  checkHandler(handler, delivery);
  const prototype: unknown = Object.getPrototypeOf(handler);
  if (prototype !== Object.prototype && prototype !== null) return;
  const names = Object.keys(handler);
  if (names.length === 0 || names.some((name) => Object.hasOwn(HANDLERS, name))) return;
  throw new UsageError('invalid-argument', `a handler knows no ${names.join(', ')}`);
}

/** Counts peers; one object for many of them. */
export interface PeerOwner {
  /** A peer is over; called once, before its handler's `close`. */
  peerClosed(peer: WebSocketPeer): void;
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
  /** Is told when the peer is over. */
  readonly owner?: PeerOwner | undefined;
}

/** Counters of a connection, and of the messages that never left. */
export interface PeerCounters extends ConnectionCounters {
  /**
   * Dropped by the slow-consumer policy, or because they still waited inside when the connection
   * closed or ended.
   */
  messagesDropped: number;
  /** Taken back by their signals before they had begun. */
  messagesWithdrawn: number;
}

/** The options of a peer's connection. */
export function connectionOptions(
  settings: PeerSettings,
  options: WebSocketOptions,
  ownsInput: boolean,
  now: () => number,
): ConnectionOptions {
  // Spelled out: an object that is copied together has a shape of its own for every connection.
  return {
    role: settings.role,
    takeMaskingKey: settings.takeMaskingKey,
    deflate: settings.deflate,
    ownsInput,
    now,
    delivery: options.delivery,
    compressThresholdBytes: options.compressThresholdBytes,
    maxFrameBytes: options.maxFrameBytes,
    maxMessageBytes: options.maxMessageBytes,
    maxFragments: options.maxFragments,
    messageTimeoutMs: options.messageTimeoutMs,
    inflateTimeoutMs: options.inflateTimeoutMs,
    endTimeoutMs: options.endTimeoutMs,
    closeTimeoutMs: options.closeTimeoutMs,
    maxCloseMs: options.maxCloseMs,
    pingIntervalMs: options.pingIntervalMs,
    pongTimeoutMs: options.pongTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    maxPingsInFlight: options.maxPingsInFlight,
  };
}

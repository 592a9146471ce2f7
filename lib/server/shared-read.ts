/**
 * Reads of all connections into one buffer.
 *
 * An ordinary socket allocates 64 KiB for every read and sends them through its stream machinery;
 * `net.Socket` can instead read into a buffer of the caller's (`onread`), which saves both: by how
 * much stands in bench/results.md, PATHS, "without shared-read". A listening server does not offer
 * that for the sockets it accepts. So the accepted socket is hijacked: its handle is taken out, and
 * a new socket is built around it. Where the server is one of ours, the handle is taken before
 * there is a first socket.
 * A TLS socket stays what it is, and is told where to read to.
 *
 * ```
 *  net.Server ──► accepted socket ──✂── handle ─┬► new Socket({ handle, onread: shared buffer })
 *  a server of ours ─────────────────── handle ─┘
 * ```
 * Handles are an internal of Node that many programs lean on, but an internal nevertheless. Each
 * part that is used is looked for first, and when anything is missing, or the server was told not
 * to, sockets stay what they are and speak through `'data'`, with the same behaviour.
 */
import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { hasFastPath } from '../base/index.ts';
import { lendReadMemory } from '../codec/index.ts';
import { SOCKET_OPTIONS } from './listening.ts';

const KEEPS_SHAPE = hasFastPath('shapes');

/** The parts of a connection's handle that are used, where it has them. */
export type AnyHandle = { [K in keyof ReadHandle]?: unknown };

/** The parts of a connection's handle that are used. */
export interface ReadHandle {
  /** @returns 0, or libuv's (negative) error number. */
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Buffer): void;
}

/** The parts of an accepted socket that are used. */
interface Internals {
  _handle?: AnyHandle | null;
  _server?: Server | null;
  server?: Server | null;
}

/** The part of a stream that is used. */
interface StreamInternals {
  readonly _readableState?: { reading?: boolean };
}

/** What `net.Socket` really takes. */
interface SocketOptions extends SocketConstructorOpts {
  handle: unknown;
  manualStart: boolean;
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveInitialDelay: number;
  onread: OnReadOpts;
  emitClose: boolean;
  autoDestroy: boolean;
  decodeStrings: boolean;
}

/** What an `onread` socket calls for each read; `this` is the socket. */
export type OnRead = (this: Socket, length: number) => boolean;

/** Where a socket keeps what it was given as `onread`. */
export interface OnReadKeys {
  readonly buffer: symbol;
  readonly callback: symbol;
}

let onReadKeys: OnReadKeys | undefined | false;

/**
 * Rebuilds a socket that a server has just accepted, with `pauseOnConnect`, as one that reads into
 * the shared buffer. The accepted one must not be used any more.
 *
 * @returns `undefined` when this Node offers no way; then the accepted socket is untouched.
 */
export function shareReads(accepted: Socket, onRead: OnRead): Socket | undefined {
  const parts = accepted as unknown as Internals;
  const handle = parts._handle;
  // Subclasses, TLS above all, do more with their handle than we know.
  if (accepted.constructor !== Socket || !isSuitable(handle) || accepted.bytesRead > 0) {
    return undefined;
  }
  const socket = buildSocket(handle, onRead, false);
  const { _server: server } = parts;
  parts._handle = null;
  if (server !== undefined && server !== null) {
    belongTo(socket, server);
    parts._server = null;
    parts.server = null;
  }
  return socket;
}

/**
 * Lets a TLS socket whose handshake is done, and which nobody has read, read into the shared
 * buffer. It cannot be built anew, for its secrets are in it; but what `onread` would have set can
 * be set later. It may go on to deliver for a moment when it is paused: what one read has brought.
 *
 * @returns false when this Node offers no way; then the socket is untouched.
 */
export function shareSecureReads(secure: Socket, onRead: OnRead): boolean {
  onReadKeys ??= learnOnReadKeys() ?? false;
  const { _handle: handle } = secure as unknown as Internals;
  if (onReadKeys === false || !isSuitable(handle) || secure.readableLength > 0) return false;
  if (secure.constructor !== TLSSocket) return false;
  const buffer = lendReadMemory();
  handle.useUserBuffer(buffer);
  Object.assign(secure, { [onReadKeys.buffer]: buffer, [onReadKeys.callback]: onRead });
  return true;
}

/** Looks where a socket of ours keeps them. */
export function learnOnReadKeys(SocketClass: typeof Socket = Socket): OnReadKeys | undefined {
  const onread: OnReadOpts = { buffer: Buffer.alloc(1), callback: () => true };
  return onReadKeysOf(new SocketClass({ onread } as SocketConstructorOpts), onread);
}

/** Looks where a socket keeps what it was given as `onread`. */
export function onReadKeysOf(socket: object, onread: OnReadOpts): OnReadKeys | undefined {
  const kept = new Map<unknown, symbol>();
  for (const key of Object.getOwnPropertySymbols(socket)) {
    kept.set((socket as Record<symbol, unknown>)[key], key);
  }
  const buffer = kept.get(onread.buffer);
  const callback = kept.get(onread.callback);
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}

/**
 * Lets a socket be read as any other: what came through the shared buffer went past its stream,
 * which waits for it still, and would not ask for more when somebody listens to `'readable'`.
 */
export function forgetSharedReads(socket: Duplex): void {
  const { _readableState: state } = socket as unknown as StreamInternals;
  if (state) state.reading = false;
}

/**
 * Builds a socket around a handle. It does not read yet.
 *
 * @param isPrepared the handle has the options of our servers already.
 */
export function buildSocket(handle: ReadHandle, onRead: OnRead, isPrepared: boolean): Socket {
  const options: SocketOptions = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    // What is told here is not set, but known to be set.
    noDelay: isPrepared,
    keepAlive: isPrepared,
    keepAliveInitialDelay: SOCKET_OPTIONS.keepAliveInitialDelay,
    onread: { buffer: lendReadMemory(), callback: onRead as OnReadOpts['callback'] },
    // What every socket sets on its copy of these: what is there already gives each copy the same
    // shape, and V8 would look up each option by name for each socket otherwise.
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  };
  return new Socket(KEEPS_SHAPE ? options : { ...options, readable: true });
}

/** A server counts its connections down through these when a socket closes. */
export function belongTo(socket: Socket, server: Server): void {
  const parts = socket as unknown as Internals;
  parts._server = server;
  parts.server = server;
}

/** Whether a handle can be read into a buffer of ours. */
export function isSuitable(handle: AnyHandle | null | undefined): handle is ReadHandle {
  return (
    typeof handle?.readStart === 'function' &&
    typeof handle.readStop === 'function' &&
    typeof handle.useUserBuffer === 'function'
  );
}

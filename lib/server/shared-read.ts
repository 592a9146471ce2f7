/**
 * Reads of all connections into one buffer.
 *
 * An ordinary socket allocates 64 KiB for every read and sends them through its stream machinery;
 * `net.Socket` can instead read into a buffer of the caller's (`onread`), which saves a third of
 * the CPU time of a small message. A listening server does not offer that for the sockets it
 * accepts. So the accepted socket is hijacked: its handle is taken out, and a new socket is built
 * around it.
 *
 * ```
 *  net.Server ──► accepted socket ──✂── handle ──► new Socket({ handle, onread: shared buffer })
 * ```
 * Handles are an internal of Node that many programs lean on, but an internal nevertheless. Each
 * part that is used is looked for first, and when anything is missing, or the server was told not
 * to, sockets stay what they are and speak through `'data'`, with the same behaviour.
 */
import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';

/** As large as the largest read that libuv does. */
const READ_BYTES = 64 * 1024;

let readBuffer: Buffer | undefined;

/** The parts of an accepted socket that are used. */
interface Internals {
  _handle?: { readStart?: unknown; readStop?: unknown; useUserBuffer?: unknown } | null;
  _server?: Server | null;
  server?: Server | null;
}

/** What `net.Socket` really takes. */
interface SocketOptions extends SocketConstructorOpts {
  handle: unknown;
  manualStart: boolean;
  onread: OnReadOpts;
}

/** What an `onread` socket calls for each read; `this` is the socket. */
export type OnRead = (this: Socket, length: number, buffer: Buffer) => boolean;

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
  readBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const options: SocketOptions = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    onread: { buffer: readBuffer, callback: onRead as OnReadOpts['callback'] },
  };
  const socket = new Socket(options);
  const { _server: server } = parts;
  parts._handle = null;
  if (server !== undefined && server !== null) {
    // The server counts its connections down through these when a socket closes.
    (socket as unknown as Internals)._server = server;
    (socket as unknown as Internals).server = server;
    parts._server = null;
    parts.server = null;
  }
  return socket;
}

function isSuitable(handle: Internals['_handle']): boolean {
  return (
    typeof handle?.readStart === 'function' &&
    typeof handle.readStop === 'function' &&
    typeof handle.useUserBuffer === 'function'
  );
}

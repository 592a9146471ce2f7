/** Making the servers that listen: TCP, unix sockets, TLS. */
import { createServer, type ListenOptions, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { A_BOOLEAN, checkOptions, hasFastPath, UsageError } from '../base/index.ts';
import { teachManners } from './stream-manners.ts';

/** A port, the path of a unix socket, or both in the words of `node:net`. */
export type ListenTarget = number | string | ListenOptions;

/** Where a server listens. */
export interface ListenAddress {
  /** IP address; the path of a unix socket. */
  readonly address: string;
  /** Port; 0 on a unix socket. */
  readonly port: number;
}

/**
 * Dead peers that neither end nor reset are found after half a minute of silence and some probes.
 */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const;

/**
 * Gives a socket the options that {@link makeListener} gives those of its server, wherever it comes
 * from. What is streamed in small pieces would otherwise wait for an acknowledgement that the peer
 * delays by 40 ms. A stream that is no socket has no such options, but may lack their manners.
 *
 * @param hasOptions they are set already.
 */
export function prepareSocket(socket: Duplex, hasOptions = false): void {
  // A peer that half-closes still wants its answer [RFC 9112 §9.6].
  socket.allowHalfOpen = true;
  if (!(socket instanceof Socket)) {
    teachManners(socket);
    return;
  }
  if (hasOptions) return;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, SOCKET_OPTIONS.keepAliveInitialDelay);
}

/** The parts of a handle that set its options; each call returns 0 when it was done. */
export interface OptionHandle {
  setNoDelay?: (isOn: boolean) => number;
  setKeepAlive?: (isOn: boolean, delaySeconds: number) => number;
}

/**
 * Gives a handle the options that {@link prepareSocket} gives a socket.
 *
 * @returns whether it has all of them; pipes have none.
 */
export function prepareHandle(handle: OptionHandle): boolean {
  const seconds = SOCKET_OPTIONS.keepAliveInitialDelay / 1000;
  const noDelay = handle.setNoDelay?.(true);
  const keepAlive = handle.setKeepAlive?.(true, seconds);
  return noDelay === 0 && keepAlive === 0;
}

/**
 * Gives a server that listens the options of its connections. Linux makes the socket of a
 * connection after the image of the one that listens, so that nothing is left to be set: five
 * system calls less for each.
 *
 * @returns tells whether the connections that are accepted now have the options. Those that came
 *   before this was called have not: they are taken in the next turn, all of them.
 */
export function prepareListener(server: Server, platform = process.platform): () => boolean {
  const { _handle: handle } = server as { _handle?: OptionHandle | null };
  let isInherited = false;
  if (hasFastPath('inherited-options') && platform === 'linux' && handle && prepareHandle(handle)) {
    setImmediate(() => {
      setImmediate(() => {
        isInherited = true;
      });
    });
  }
  return () => isInherited;
}

const SERVING = { isSecure: A_BOOLEAN };

/**
 * Refuses what carries no bytes: text that was decoded, or objects, would be read as something else
 * than what came, and what waits to be written could not be counted.
 *
 * @throws UsageError `invalid-argument`; `invalid-option` for bad options.
 */
export function checkServed(socket: Duplex, options: { readonly isSecure?: boolean }): void {
  checkOptions(options, SERVING);
  if (typeof socket?.write !== 'function' || typeof socket.read !== 'function') {
    throw new UsageError('invalid-argument', 'what is served must be a Duplex');
  }
  if (socket.readableEncoding) {
    throw new UsageError('invalid-argument', 'a stream with setEncoding carries no bytes');
  }
  if (socket.readableObjectMode || socket.writableObjectMode) {
    throw new UsageError('invalid-argument', 'a stream in object mode carries no bytes');
  }
  // It would get no 'data' from now on.
  if (socket.listenerCount('readable') > 0) {
    throw new UsageError('invalid-argument', "a stream that somebody reads on 'readable'");
  }
}

/**
 * Refuses servers that read the connections they accept: each would answer what the other has read.
 * They are told by what only they have, so that `node:http` need not be loaded to know them.
 *
 * @throws UsageError `invalid-argument`.
 */
export function checkAttached(server: Server): void {
  if (typeof server?.on !== 'function' || typeof server.off !== 'function') {
    throw new UsageError('invalid-argument', 'what is attached must be a net.Server');
  }
  // First, because a server of node:http2 that speaks HTTP/1.1 as well has the marks of both.
  if ('updateSettings' in server) {
    const how = "acceptStream of barewire/adapters takes the WebSockets of its 'stream'";
    throw new UsageError('invalid-argument', `a server of node:http2 reads for itself: ${how}`);
  }
  if ('closeIdleConnections' in server || 'maxHeadersCount' in server) {
    const how = "acceptUpgrade of barewire/adapters takes the WebSockets of its 'upgrade'";
    throw new UsageError('invalid-argument', `a server of node:http reads for itself: ${how}`);
  }
}

/** The longest time that timers of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Makes a server that does not listen yet.
 *
 * @param handshakeTimeoutMs how long a TLS handshake may take: from 0, or `Infinity`.
 */
export function makeListener(tls: TlsOptions | undefined, handshakeTimeoutMs: number): Server {
  if (tls === undefined) {
    // Paused, so that the handle can be taken over before anything is read.
    return createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true });
  }
  return createTlsServer({
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: toNodeTimeout(handshakeTimeoutMs),
    ...tls,
    ...SOCKET_OPTIONS,
    // Who ends its side in the handshake has gone, and would be waited for until the deadline. It
    // may do so once the handshake is done, see prepareSocket.
    allowHalfOpen: false,
  });
}

/** To Node, 0 is no timeout, and what its timers cannot wait for is an error. */
function toNodeTimeout(ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? 0 : Math.min(Math.max(ms, 1), LONGEST_MS);
}

/**
 * Listens.
 *
 * @throws the system's error, such as EADDRINUSE; UsageError `invalid-argument`.
 */
export function listen(
  server: Server,
  target: ListenTarget,
  host: string | undefined,
): Promise<ListenAddress> {
  const options = toOptions(target, host);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve(addressOf(server));
    });
  });
}

function toOptions(target: ListenTarget, host: string | undefined): ListenOptions {
  if (typeof target === 'string') return { path: target };
  if (typeof target === 'object' && target !== null) return target;
  if (!Number.isInteger(target) || target < 0 || target > 65_535) {
    throw new UsageError('invalid-argument', `a port is 0 – 65535, not ${String(target)}`);
  }
  return host === undefined ? { port: target } : { port: target, host };
}

function addressOf(server: Server): ListenAddress {
  const bound = server.address();
  if (bound === null) return { address: '', port: 0 };
  return typeof bound === 'string'
    ? { address: bound, port: 0 }
    : { address: bound.address, port: bound.port };
}

/**
 * From an address to a stream that leads there: TCP, a unix socket, a proxy, or what the caller
 * brings; and TLS on top [RFC 6455 §4.1 (3), §4.1 (5)].
 *
 * ```
 *   TCP │ unix socket │ proxy CONNECT │ createConnection        one of these
 *       └─────────────┴──────┬────────┴─────┘
 *                           TLS                                 for wss:, over any of them
 * ```
 * With TLS the certificate is verified and must be for the host of the URL, whatever lies below and
 * whatever the environment says; only options of the call change that. No byte of the handshake
 * leaves before.
 */
import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import {
  A_FUNCTION,
  AN_OBJECT,
  CHECKED_LATER,
  type OptionTable,
  UsageError,
} from '../base/index.ts';
import { unlessAborted } from '../peer/index.ts';
import type { WebSocketAddress } from './address.ts';
import { A_PATH, AN_IP_ADDRESS } from './check-options.ts';
import { openTunnel, type ProxySettings, resolveProxy } from './proxy.ts';
import { dialTcp, dialUnix, IGNORE, type ResolvedAddress, startTls } from './sockets.ts';

/** How to reach a server. */
export interface DialOptions {
  /** Options for `wss:`, as of `node:tls`: `ca`, `cert`, `key`, `servername`, … */
  readonly tls?: TlsOptions | undefined;
  /** The path of a unix socket to use instead of host and port. */
  readonly socketPath?: string | undefined;
  /** A proxy that is asked for a tunnel to the server: its URL, or more about it. */
  readonly proxy?: string | URL | ProxySettings | undefined;
  /**
   * Brings a stream to the server. For `wss:` TLS is spoken over it by this client, so that the
   * host's certificate is verified like any other. A stream that comes after the signal is aborted
   * is destroyed.
   */
  readonly createConnection?:
    | ((address: WebSocketAddress, signal: AbortSignal) => Duplex | Promise<Duplex>)
    | undefined;
  /**
   * Resolves the name that is dialled (a proxy's, if there is one); as of `node:dns`. Not for unix
   * sockets and `createConnection`, and neither is `localAddress`.
   */
  readonly lookup?: LookupFunction | undefined;
  /** The local address to connect from. */
  readonly localAddress?: string | undefined;
}

/** Names and kinds of these options. */
export const DIAL_OPTIONS: OptionTable<DialOptions> = {
  tls: AN_OBJECT,
  socketPath: A_PATH,
  proxy: CHECKED_LATER,
  createConnection: A_FUNCTION,
  lookup: A_FUNCTION,
  localAddress: AN_IP_ADDRESS,
};

/**
 * Checks how the options go together, before anything is opened.
 *
 * @throws UsageError `invalid-option` when they name more than one way, say of a way what has no
 *   meaning for it, or for a bad proxy.
 */
export function checkDialOptions(options: DialOptions, address: WebSocketAddress): void {
  const { socketPath, proxy, createConnection } = options;
  const ways = [address.socketPath, socketPath, proxy, createConnection];
  if (ways.filter((way) => way !== undefined).length > 1) {
    const message = 'only one of ws+unix:, socketPath, proxy and createConnection';
    throw new UsageError('invalid-option', message);
  }
  const isUnix = (address.socketPath ?? socketPath) !== undefined;
  const isDialled = !isUnix && createConnection === undefined;
  if (!isDialled && (options.lookup !== undefined || options.localAddress !== undefined)) {
    const message = 'lookup and localAddress are for TCP connections that are dialled here';
    throw new UsageError('invalid-option', message);
  }
  if (options.proxy !== undefined) resolveProxy(options.proxy);
}

/**
 * Resolves the name that will be dialled.
 *
 * @returns `undefined` when no name is dialled here: by way of a proxy, a unix socket, or
 *   `createConnection`. Rejects with the system's error.
 */
export async function resolveAddress(
  { hostname, socketPath }: WebSocketAddress,
  options: DialOptions,
): Promise<readonly ResolvedAddress[] | undefined> {
  const way = socketPath ?? options.socketPath ?? options.proxy ?? options.createConnection;
  if (way !== undefined) return undefined;
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const lookup = (options.lookup ?? systemLookup) as typeof systemLookup;
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/**
 * Opens a stream to the server, and TLS on it for `wss:`.
 *
 * @param resolved what {@link resolveAddress} returned.
 * @returns rejects with the system's error, a HandshakeRefused of the proxy, or the signal's
 *   reason.
 */
export async function dial(
  address: WebSocketAddress,
  resolved: readonly ResolvedAddress[] | undefined,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = await dialPlain(address, resolved, options, signal);
  if (!address.isSecure) return stream;
  return startTls(stream, address.hostname, options.tls, signal);
}

async function dialPlain(
  address: WebSocketAddress,
  resolved: readonly ResolvedAddress[] | undefined,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  if (options.createConnection !== undefined) {
    const stream = await bring(options.createConnection(address, signal), signal);
    if (!isStream(stream)) {
      throw new UsageError('invalid-argument', 'createConnection brought no stream');
    }
    stream.on('error', IGNORE);
    // As of our own sockets: the closing handshake ends our side. TLS on top does as its stream.
    stream.allowHalfOpen = true;
    return stream;
  }
  const socketPath = address.socketPath ?? options.socketPath;
  if (socketPath !== undefined) return dialUnix(socketPath, signal);
  const { localAddress, lookup } = options;
  if (options.proxy !== undefined) {
    return openTunnel(address, resolveProxy(options.proxy), { localAddress, lookup }, signal);
  }
  const { hostname: host, port } = address;
  return dialTcp({ host, port, resolved, localAddress }, signal);
}

/** Waits for a caller's stream, but no longer than until the signal: a late one is destroyed. */
function bring(given: Duplex | Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const brought = Promise.resolve(given);
  return unlessAborted(brought, signal, () => {
    brought.then((stream) => {
      if (!isStream(stream)) return;
      stream.on('error', IGNORE);
      stream.destroy();
    }, IGNORE);
  });
}

function isStream(stream: Partial<Duplex> | undefined): stream is Duplex {
  return typeof stream?.pipe === 'function' && typeof stream.write === 'function';
}

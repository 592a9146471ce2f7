/**
 * TCP and TLS, ready to be used: streams that have connected, and whose certificate was verified.
 */
import { connect, isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { ProtocolError } from '../base/index.ts';

/** An IP address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Where a TCP connection leads, and from where. */
export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  /** What `host` stands for, when it has been looked up already. */
  readonly resolved?: readonly ResolvedAddress[] | undefined;
  readonly localAddress?: string | undefined;
  /** Resolves `host` instead of the system when `resolved` does not say it. */
  readonly lookup?: LookupFunction | undefined;
}

/** The system asks a silent peer whether it is there: one that has vanished is noticed at last. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000 };

/** Opens a TCP connection. Rejects with the system's error or the signal's reason. */
export function dialTcp(place: TcpPlace, signal: AbortSignal): Promise<Socket> {
  const { host, port, resolved, localAddress } = place;
  const from = localAddress === undefined ? {} : { localAddress };
  const lookup = resolved === undefined ? place.lookup : alreadyResolved(resolved);
  const how = { ...from, ...(lookup && { lookup }), ...KEEP_ALIVE };
  return dialSocket({ host, port, noDelay: true, ...how }, signal);
}

/** Opens a connection to a unix socket. Rejects with the system's error or the signal's reason. */
export function dialUnix(path: string, signal: AbortSignal): Promise<Socket> {
  return dialSocket({ path }, signal);
}

function dialSocket(options: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  // Our side is ended by the closing handshake, not by the fact that the server ended its own.
  const socket = connect({ ...options, allowHalfOpen: true });
  return established(socket, 'connect', signal);
}

function alreadyResolved(resolved: readonly ResolvedAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = resolved;
    if (all) done(null, [...resolved]);
    else done(null, first!.address, first!.family);
  };
}

/**
 * Speaks TLS over a stream. The name in the certificate must be `hostname`, or `servername` when
 * the options say so. Rejects with what is wrong about the certificate, or with the options; the
 * stream is destroyed then.
 */
export async function startTls(
  stream: Duplex,
  hostname: string,
  options: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  // An address is verified like a name, but not sent as one [RFC 6066 §3].
  const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
  let secure: Duplex;
  try {
    secure = connectTls({
      // Said aloud, because the default listens to an environment variable.
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...servername,
      ...options,
      host: hostname,
      socket: stream,
    });
  } catch (error) {
    // A key that cannot be read, for instance: nobody but us knows the stream.
    stream.destroy();
    throw error;
  }
  return established(secure, 'secureConnect', signal);
}

/** For errors of streams that nobody waits for any more: they show when the stream is used. */
export const IGNORE = (): void => {};

/** Waits for a stream's event; destroys it when it fails, or when the signal comes first. */
function established<Stream extends Duplex>(
  stream: Stream,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      stream.on('error', IGNORE);
      stream.off('error', fail);
      stream.off('close', close);
      stream.off(event, succeed);
      signal.removeEventListener('abort', abort);
    };
    const fail = (error: unknown): void => {
      release();
      stream.destroy();
      reject(error);
    };
    const succeed = (): void => {
      release();
      resolve(stream);
    };
    const close = (): void =>
      fail(new ProtocolError('premature-eof', 'closed before it was ready'));
    const abort = (): void => fail(signal.reason);
    stream.on('error', fail);
    stream.on('close', close);
    stream.on(event, succeed);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
}

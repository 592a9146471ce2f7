/**
 * A tunnel through an HTTP proxy: CONNECT [RFC 6455 §4.1 (3), RFC 9110 §9.3.6].
 *
 * ```
 * CONNECT server.example:443 HTTP/1.1
 * Host: server.example:443
 * Proxy-Authorization: Basic …          the proxy's own credentials; the server never sees them
 * ```
 * What is sent to the proxy says where to go and nothing else: the handshake itself, its cookies
 * and credentials travel inside the tunnel.
 */
import type { Duplex } from 'node:stream';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import {
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  UsageError,
} from '../base/index.ts';
import { Fields, type FieldsInit } from '../http/index.ts';
import { basicCredentials, type WebSocketAddress } from './address.ts';
import { ask } from './ask.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { dialTcp, startTls, type TcpPlace } from './sockets.ts';

/** An HTTP proxy, and what it wants to know. */
export interface ProxySettings {
  /** `http:` or `https:`; user and password of the URL are its credentials. */
  readonly url: string | URL;
  /** Further fields of the CONNECT request. */
  readonly headers?: FieldsInit | undefined;
  /** Options for an `https:` proxy, as of `node:tls`. */
  readonly tls?: TlsOptions | undefined;
}

const PROXY: OptionTable<ProxySettings> = {
  url: CHECKED_LATER,
  headers: AN_OBJECT,
  tls: AN_OBJECT,
};

/** A proxy whose settings were checked. */
export interface Proxy {
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: number;
  readonly fields: Fields;
  readonly tls: TlsOptions | undefined;
}

/**
 * Checks the settings of a proxy.
 *
 * @throws UsageError `invalid-option` for a bad URL, `invalid-header` for a malformed field.
 */
export function resolveProxy(proxy: string | URL | ProxySettings): Proxy {
  if (proxy === null || !['string', 'object'].includes(typeof proxy)) {
    throw new UsageError('invalid-option', 'a proxy is a URL, or settings with one');
  }
  const settings = typeof proxy === 'string' || proxy instanceof URL ? { url: proxy } : proxy;
  checkOptions(settings, PROXY, "a proxy's settings");
  const text = String(settings.url);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError('invalid-option', 'a proxy has an http: or https: URL');
  }
  const isSecure = url.protocol === 'https:';
  const credentials = basicCredentials(url);
  const given = [...Fields.from(settings.headers ?? {})];
  if (credentials !== undefined) given.push(['Proxy-Authorization', credentials]);
  return {
    isSecure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    fields: Fields.from(given),
    tls: settings.tls,
  };
}

/**
 * Opens a tunnel to the host and port of `address`.
 *
 * @param from how the proxy itself is reached.
 * @returns rejects with a HandshakeRefused when the proxy says no, or as `dialTcp` and `ask` do.
 */
export async function openTunnel(
  address: WebSocketAddress,
  proxy: Proxy,
  from: Pick<TcpPlace, 'localAddress' | 'lookup'>,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, port, tls } = proxy;
  const socket = await dialTcp({ ...from, host: hostname, port }, signal);
  const stream = proxy.isSecure ? await startTls(socket, hostname, tls, signal) : socket;
  try {
    const answer = await ask(stream, formatConnect(address, proxy.fields), 'CONNECT', signal);
    if (!answer.head.isUpgrade) throw new HandshakeRefused('proxy', answer.head, answer.body);
    if (answer.rest.length > 0) stream.unshift(answer.rest);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** The target is host and port, the port always [RFC 9112 §3.2.3]. */
function formatConnect({ hostname, port }: WebSocketAddress, fields: Fields): string {
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  let head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n`;
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

/**
 * Where a WebSocket URL leads [RFC 6455 §3].
 *
 * ```
 * ws-URI  = "ws:"  "//" host [ ":" port ] path [ "?" query ]      port 80
 * wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]      port 443, TLS
 * ```
 * `http:` and `https:` mean the same place and are taken as well, because redirects and page
 * addresses are written that way. `ws+unix:/path/to/socket:/target?query` leads to a unix socket,
 * as users of `ws` know it; only a caller can say so, never a redirect. A fragment must not be
 * used [RFC 6455 §3] and is refused; one in a redirect's location is cut off. An event stream has
 * an `http:` or `https:` URL.
 */
import { UsageError } from '../base/index.ts';

/** A parsed URL of a WebSocket, or of an event stream. */
export interface WebSocketAddress {
  /** The URL; a WebSocket's with its scheme as `ws:` or `wss:`. */
  readonly href: string;
  /** Scheme, host and port: `ws://host:port`, the port left out when it is the scheme's own. */
  readonly origin: string;
  /** TLS before anything else. */
  readonly isSecure: boolean;
  /** The name or address to connect to; an IPv6 address without its brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The value of `Host`: with brackets, and with the port unless it is the scheme's own. */
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  /** The unix socket to connect to instead of host and port; `undefined` without. */
  readonly socketPath: string | undefined;
  /** The value of `Authorization` that user and password of the URL make; `undefined` without. */
  readonly authorization: string | undefined;
}

const WEBSOCKET_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['http:', 'ws:'],
  ['wss:', 'wss:'],
  ['https:', 'wss:'],
]);
const UNIX_SCHEMES: ReadonlySet<string> = new Set(['ws+unix:', 'wss+unix:']);
const HTTP_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http:', 'http:'],
  ['https:', 'https:'],
]);

/**
 * Parses the URL of a WebSocket, relative to `base` if there is one.
 *
 * @throws UsageError `invalid-argument` when it is no URL, or none of a WebSocket, or has a
 *   fragment and no base.
 */
export function parseWebSocketUrl(url: string | URL, base?: WebSocketAddress): WebSocketAddress {
  const parsed = parse(String(url), base?.href);
  if (base === undefined && parsed.href.includes('#')) {
    throw new UsageError('invalid-argument', 'the URL of a WebSocket has no fragment');
  }
  if (base === undefined && UNIX_SCHEMES.has(parsed.protocol)) return unixAddressOf(parsed);
  const scheme = schemeOf(parsed, WEBSOCKET_SCHEMES, 'a WebSocket');
  parsed.protocol = scheme;
  parsed.hash = '';
  return addressOf(parsed, scheme === 'wss:');
}

/**
 * Parses the URL of an event stream, relative to `base` if there is one. A fragment stays in
 * `href`.
 *
 * @throws UsageError `invalid-argument` when it is no URL, or none of HTTP, or its host is none.
 */
export function parseHttpUrl(url: string | URL, base?: WebSocketAddress): WebSocketAddress {
  const parsed = parse(String(url), base?.href);
  return addressOf(parsed, schemeOf(parsed, HTTP_SCHEMES, 'an event stream') === 'https:');
}

function schemeOf(url: URL, schemes: ReadonlyMap<string, string>, what: string): string {
  const scheme = schemes.get(url.protocol);
  if (scheme !== undefined) return scheme;
  throw new UsageError('invalid-argument', `${url.protocol} is no scheme of ${what}`);
}

/**
 * Stricter than the standard: what a URL's host may hold and the Host field may not [RFC 3986
 * §3.2.2].
 */
const NO_HOST = /["`{}]/;

function addressOf(url: URL, isSecure: boolean): WebSocketAddress {
  const { hostname, host, port } = url;
  if (NO_HOST.test(host)) {
    throw new UsageError('invalid-argument', `${JSON.stringify(host)} is not host and port`);
  }
  return {
    href: url.href,
    origin: `${url.protocol}//${host}`,
    isSecure,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    host,
    target: url.pathname + url.search,
    socketPath: undefined,
    authorization: basicCredentials(url),
  };
}

/** The path of the socket ends at the first colon; one inside it is written %3A. */
function unixAddressOf(url: URL): WebSocketAddress {
  const { pathname, search, protocol } = url;
  const colon = pathname.indexOf(':');
  const encoded = colon === -1 ? pathname : pathname.slice(0, colon);
  const socketPath = decode(encoded);
  if (url.host !== '' || socketPath === '' || socketPath.includes('\0')) {
    throw new UsageError('invalid-argument', `${protocol} needs the path of a socket, and no host`);
  }
  const path = colon === -1 ? '' : pathname.slice(colon + 1);
  return atSocket(protocol + encoded, socketPath, new URL(path + search, 'http://localhost/'));
}

/** An address at a unix socket; the server is called localhost there, also in its certificate. */
function atSocket(origin: string, socketPath: string, { pathname, search }: URL): WebSocketAddress {
  const isSecure = origin.startsWith('wss');
  const target = pathname + search;
  return {
    ...{ href: `${origin}:${target}`, origin, isSecure, target, socketPath },
    ...{ hostname: 'localhost', port: isSecure ? 443 : 80, host: 'localhost' },
    authorization: undefined,
  };
}

/**
 * Resolves a location that came over a unix socket: another target there.
 *
 * @returns `undefined` when it leads elsewhere.
 */
export function resolveAtSocket(
  location: string,
  { origin, socketPath, target }: WebSocketAddress,
): WebSocketAddress | undefined {
  const base = `http://localhost${target}`;
  if (socketPath === undefined || !URL.canParse(location, base)) return undefined;
  const there = new URL(location, base);
  return there.origin === 'http://localhost' ? atSocket(origin, socketPath, there) : undefined;
}

function parse(url: string, base: string | undefined): URL {
  if (URL.canParse(url, base)) return new URL(url, base);
  throw new UsageError('invalid-argument', `${JSON.stringify(url)} is no URL`);
}

/**
 * Makes the value of an `Authorization` or `Proxy-Authorization` field from user and password of a
 * URL [RFC 7617 §2], in UTF-8.
 *
 * @throws UsageError `invalid-argument` when they are not percent-encoded UTF-8, or the user's name
 *   holds a colon.
 */
export function basicCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const user = decode(username);
  if (user.includes(':')) {
    throw new UsageError('invalid-argument', 'a user name with a colon cannot be sent');
  }
  return `Basic ${Buffer.from(`${user}:${decode(password)}`).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError('invalid-argument', 'a part of the URL is badly encoded');
  }
}

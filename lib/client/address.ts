/**
 * Where a WebSocket URL leads [RFC 6455 §3].
 *
 * ```
 * ws-URI  = "ws:"  "//" host [ ":" port ] path [ "?" query ]      port 80
 * wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]      port 443, TLS
 * ```
 * `http:` and `https:` mean the same place and are taken as well, because redirects and page
 * addresses are written that way. A fragment must not be used [RFC 6455 §3] and is refused; one in
 * a redirect's location is cut off. An event stream has an `http:` or `https:` URL.
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
  /** The value of `Authorization` that user and password of the URL make; `undefined` without. */
  readonly authorization: string | undefined;
}

const WEBSOCKET_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['http:', 'ws:'],
  ['wss:', 'wss:'],
  ['https:', 'wss:'],
]);
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
  const scheme = schemeOf(parsed, WEBSOCKET_SCHEMES, 'a WebSocket');
  if (base === undefined && parsed.href.includes('#')) {
    throw new UsageError('invalid-argument', 'the URL of a WebSocket has no fragment');
  }
  parsed.protocol = scheme;
  parsed.hash = '';
  return addressOf(parsed, scheme === 'wss:');
}

/**
 * Parses the URL of an event stream, relative to `base` if there is one. A fragment stays in
 * `href`.
 *
 * @throws UsageError `invalid-argument` when it is no URL, or none of HTTP.
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

function addressOf(url: URL, isSecure: boolean): WebSocketAddress {
  const { hostname, host, port } = url;
  return {
    href: url.href,
    origin: `${url.protocol}//${host}`,
    isSecure,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    host,
    target: url.pathname + url.search,
    authorization: basicCredentials(url),
  };
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
    throw new UsageError('invalid-argument', 'user or password of the URL is badly encoded');
  }
}

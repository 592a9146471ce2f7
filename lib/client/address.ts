/**
 * Where a WebSocket URL leads [RFC 6455 §3].
 *
 * ```
 * ws-URI  = "ws:"  "//" host [ ":" port ] path [ "?" query ]      port 80
 * wss-URI = "wss:" "//" host [ ":" port ] path [ "?" query ]      port 443, TLS
 * ```
 * `http:` and `https:` mean the same place and are taken as well, because redirects and page
 * addresses are written that way. Fragments have no meaning here and are cut off, as browsers do.
 */
import { UsageError } from '../base/index.ts';

/** A parsed WebSocket URL. */
export interface WebSocketAddress {
  /** The URL with its scheme as `ws:` or `wss:`, without a fragment. */
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

const SCHEMES: ReadonlyMap<string, 'ws:' | 'wss:'> = new Map([
  ['ws:', 'ws:'],
  ['http:', 'ws:'],
  ['wss:', 'wss:'],
  ['https:', 'wss:'],
]);

/**
 * Parses a URL, relative to `base` if there is one.
 *
 * @throws UsageError `invalid-argument` when it is no URL, or none of a WebSocket.
 */
export function parseWebSocketUrl(url: string | URL, base?: WebSocketAddress): WebSocketAddress {
  const parsed = parse(String(url), base?.href);
  const scheme = SCHEMES.get(parsed.protocol);
  if (scheme === undefined) {
    throw new UsageError('invalid-argument', `${parsed.protocol} is no scheme of a WebSocket`);
  }
  parsed.protocol = scheme;
  parsed.hash = '';
  const isSecure = scheme === 'wss:';
  const { hostname, host, port } = parsed;
  return {
    href: parsed.href,
    origin: `${scheme}//${host}`,
    isSecure,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    host,
    target: parsed.pathname + parsed.search,
    authorization: basicCredentials(parsed),
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

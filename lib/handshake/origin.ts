/**
 * Which pages may connect? [RFC 6455 §10.2]
 *
 * ```
 * Origin = "null" / scheme "://" host [ ":" port ]      set by the browser, not by the page
 * Host   = host [ ":" port ]                            where the browser believes it is
 * ```
 * A browser lets every page open a WebSocket to every server, cookies included; only the server can
 * say no. By default it does unless page and server are the same origin. A request without an
 * `Origin` does not come from a browser's page and passes: who forges headers needs no browser.
 *
 * A page whose name has been rebound to this machine by DNS *is* the same origin. Only a list of
 * the host names that the server goes by stops that one: `hosts`.
 */
import { lowerAscii, readVerdict, UsageError } from '../base/index.ts';

/**
 * Decides about an origin as it was sent; `undefined` when the request has none. It answers at
 * once: what takes time belongs into `accept`.
 */
export type OriginPredicate = (origin: string | undefined) => boolean;

/**
 * Which origins may connect: only the server's own (the default), any, those of a list (as
 * `https://host:port`, and `null` if you really want it), or what a function says.
 */
export type OriginPolicy = 'same-origin' | 'any' | readonly string[] | OriginPredicate;

/**
 * Which names the server goes by: any (the default), only names and addresses of the machine itself
 * (for development servers), or a list of `host` or `host:port`.
 */
export type HostPolicy = 'any' | 'loopback' | readonly string[];

/** An authority in its parts. */
interface Authority {
  /** In lower case; an IPv6 address with its brackets. */
  readonly host: string;
  /** `undefined` when none is given: the scheme's own. */
  readonly port: number | undefined;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** A name, an IPv4 address or a bracketed IPv6 address, in ASCII, and a port. */
const AUTHORITY = /^([a-z0-9._~!$&'()*+,;=%-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/;

const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Decides whether a page of `origin` may connect to `host` [RFC 6455 §4.2.2 (4)].
 *
 * Two origins are the same when scheme, host and port are [RFC 6454 §5]. Hosts compare without
 * case; a missing port is the one of the origin's scheme. International names arrive in their ASCII
 * form from both fields; anything else is refused.
 *
 * @param origin the `Origin` field; `undefined` when there is none, which is allowed unless a
 *   function says otherwise.
 * @param host the `Host` field, or the authority of an absolute target.
 * @param isSecure whether TLS ends at this server: a page of `http:` is no same origin then. Behind
 *   a proxy nobody knows, and both schemes pass.
 * @throws what a function throws; UsageError `invalid-argument` when it answers neither `true` nor
 *   `false`, `invalid-option` for a bad policy.
 */
export function checkOrigin(
  origin: string | undefined,
  host: string,
  policy: OriginPolicy = 'same-origin',
  isSecure = false,
): boolean {
  if (typeof policy === 'function') return readVerdict(policy(origin), 'origins');
  if (policy === 'any' || origin === undefined) return true;
  if (policy === 'same-origin') return isSameOrigin(origin, host, isSecure);
  return originsOf(policy).has(lowerAscii(origin));
}

/**
 * Checks a policy before there is a request.
 *
 * @throws UsageError `invalid-option` for another word, or a list entry that is no origin.
 */
export function checkOriginPolicy(policy: OriginPolicy = 'same-origin'): void {
  if (policy === 'same-origin' || policy === 'any' || typeof policy === 'function') return;
  originsOf(policy);
}

/** Lists in the form that browsers send. A list is read once: changes of it are not seen. */
const readLists = new WeakMap<readonly string[], ReadonlySet<string>>();

function originsOf(list: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(list)) {
    throw new UsageError('invalid-option', `origins cannot be ${JSON.stringify(list)}`);
  }
  let origins = readLists.get(list);
  if (origins === undefined) {
    origins = new Set(list.map(normalizeOrigin));
    readLists.set(list, origins);
  }
  return origins;
}

function isSameOrigin(origin: string, host: string, isSecure: boolean): boolean {
  const [scheme, rest] = splitScheme(lowerAscii(origin));
  const defaultPort = DEFAULT_PORTS.get(scheme);
  if (defaultPort === undefined || (isSecure && scheme !== 'https')) return false;
  const page = parseAuthority(rest);
  const server = parseAuthority(lowerAscii(host));
  if (page === undefined || server === undefined || page.host !== server.host) return false;
  return (page.port ?? defaultPort) === (server.port ?? defaultPort);
}

function splitScheme(origin: string): [scheme: string, rest: string] {
  const end = origin.indexOf('://');
  return end < 0 ? ['', ''] : [origin.slice(0, end), origin.slice(end + 3)];
}

function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  return { host: match[1]!, port: match[2] === undefined ? undefined : Number(match[2]) };
}

/** Brings an entry of an allow-list into the form that browsers send [RFC 6454 §6.2]. */
function normalizeOrigin(allowed: string): string {
  if (allowed === 'null') return allowed;
  const url = URL.canParse(allowed) ? new URL(allowed) : undefined;
  if (url === undefined || url.host === '' || url.pathname.length > 1 || url.search !== '') {
    throw new UsageError('invalid-option', `${JSON.stringify(allowed)} is not an origin`);
  }
  return `${url.protocol}//${url.host}`;
}

/**
 * Decides whether the server goes by the name it was called.
 *
 * @param host the `Host` field, or the authority of an absolute target.
 */
export function checkHost(host: string, policy: HostPolicy = 'any'): boolean {
  if (policy === 'any') return true;
  const called = parseAuthority(lowerAscii(host));
  if (called === undefined) return false;
  if (policy === 'loopback') return LOOPBACK.test(called.host);
  return authoritiesOf(policy).some(
    ({ host, port }) => host === called.host && (port === undefined || port === called.port),
  );
}

/**
 * Checks a policy before there is a request.
 *
 * @throws UsageError `invalid-option` for another word, or a list entry that is no host.
 */
export function checkHostPolicy(policy: HostPolicy = 'any'): void {
  if (policy !== 'any' && policy !== 'loopback') authoritiesOf(policy);
}

function authoritiesOf(list: readonly string[]): Authority[] {
  if (!Array.isArray(list)) {
    throw new UsageError('invalid-option', `hosts cannot be ${JSON.stringify(list)}`);
  }
  return list.map((entry: string) => {
    const authority = parseAuthority(lowerAscii(entry));
    if (authority !== undefined) return authority;
    throw new UsageError('invalid-option', `${JSON.stringify(entry)} is not a host`);
  });
}

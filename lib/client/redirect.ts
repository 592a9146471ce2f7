/**
 * Where a redirect may lead, and what may go along [RFC 9110 §15.4].
 *
 * | from → to                     | followed | our fields, client certificate, credentials  |
 * |-------------------------------|----------|----------------------------------------------|
 * | same scheme, host and port    | yes      | go along                                     |
 * | another host or port          | yes      | stay behind, all but `User-Agent`            |
 * | plain text → TLS              | yes      | stay behind: it is another origin            |
 * | TLS → plain text              | no       | what was meant to be secret would be readable |
 * | a unix socket → elsewhere     | no       | and never from anywhere to a unix socket      |
 *
 * Which field of a caller is a secret nobody here can know, so none leaves the origin that it was
 * given for, and neither does `rejectUnauthorized: false`. Subprotocols go along, because they are
 * the protocol: do not put secrets into them.
 */
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Fields, type FieldsInit } from '../http/index.ts';
import {
  parseHttpUrl,
  parseWebSocketUrl,
  resolveAtSocket,
  type WebSocketAddress,
} from './address.ts';
import type { DialOptions } from './dial.ts';
import { HandshakeRefused } from './handshake-refused.ts';

/** One attempt of several: where to, and what is sent there. */
export interface Hop {
  readonly address: WebSocketAddress;
  /** The caller's fields. */
  readonly fields: Fields;
  readonly tls: TlsOptions | undefined;
  /** It ends at a unix socket, by its URL or an option: no other origin is there. */
  readonly isUnix: boolean;
}

/** Where a way begins. */
export function firstHop(
  address: WebSocketAddress,
  headers: FieldsInit | undefined,
  { tls, socketPath }: Pick<DialOptions, 'tls' | 'socketPath'>,
): Hop {
  const isUnix = (address.socketPath ?? socketPath) !== undefined;
  return { address, fields: Fields.from(headers ?? {}), tls, isUnix };
}

/** Options of TLS that show who we are, or say whom we expect there, or take anybody. */
const IDENTITY: ReadonlySet<string> = new Set<keyof TlsOptions>([
  ...(['cert', 'key', 'pfx', 'passphrase', 'secureContext', 'session', 'pskCallback'] as const),
  ...(['clientCertEngine', 'privateKeyEngine', 'privateKeyIdentifier'] as const),
  ...(['servername', 'checkServerIdentity', 'rejectUnauthorized'] as const),
]);

/** Statuses that mean: the same request, elsewhere [RFC 9110 §15.4]. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Tells where a refusal sends us.
 *
 * @returns `undefined` when it is no redirect.
 * @throws HandshakeRefused the same answer, with the reason why it is not followed.
 */
export function followRedirect(hop: Hop, refusal: HandshakeRefused): Hop | undefined {
  if (refusal.by !== 'server' || !REDIRECTS.has(refusal.status)) return undefined;
  const from = hop.address;
  const address = readLocation(from, refusal);
  if (from.isSecure && !address.isSecure) throw notFollowed(refusal, 'from TLS to plain text');
  if (address.origin === from.origin) {
    // Credentials of a location are the server's idea, not the caller's.
    const { authorization } = from;
    return { ...hop, address: { ...address, authorization } };
  }
  if (hop.isUnix) throw notFollowed(refusal, 'away from a unix socket');
  return {
    address: { ...address, authorization: undefined },
    fields: Fields.from([...hop.fields].filter(([name]) => /^user-agent$/i.test(name))),
    tls: withoutIdentity(hop.tls),
    isUnix: false,
  };
}

function readLocation(from: WebSocketAddress, refusal: HandshakeRefused): WebSocketAddress {
  const [location, ...others] = refusal.fields.getAll('location');
  if (location === undefined || others.length > 0) {
    throw notFollowed(refusal, 'not exactly one location');
  }
  if (from.socketPath !== undefined) {
    const there = resolveAtSocket(location, from);
    if (there === undefined) throw notFollowed(refusal, 'away from a unix socket');
    return there;
  }
  try {
    const parse = from.href.startsWith('http') ? parseHttpUrl : parseWebSocketUrl;
    return parse(location, from);
  } catch {
    throw notFollowed(refusal, 'a bad location');
  }
}

/** Says why a redirect is a refusal after all. */
export function notFollowed(refusal: HandshakeRefused, detail: string): HandshakeRefused {
  return new HandshakeRefused(refusal.by, refusal, refusal.body, detail);
}

/** What was verified and shown to one host is not for another one. */
function withoutIdentity(tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  return Object.fromEntries(Object.entries(tls).filter(([name]) => !IDENTITY.has(name)));
}

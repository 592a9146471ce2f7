/**
 * The client's half of the opening handshake [RFC 6455 §4.1], and extended CONNECT on HTTP/2
 * [RFC 8441 §5].
 *
 * ```
 * ask:    GET target · Host · Upgrade · Connection · Key · Version · [Protocol] · [Extensions]
 * check:  version → status → Upgrade → Connection → Accept → Extensions → Protocol
 * ```
 * Every check of the response that fails has a reason of its own, and the first one counts. The
 * random bytes of the key come from the caller; redirects and authentication are the caller's as
 * well.
 */
import {
  equalsIgnoringCase,
  isFieldValue,
  isToken,
  lowerAscii,
  ProtocolError,
  trimOws,
  UsageError,
} from '../base/index.ts';
import {
  checkResponse,
  type DeflateParameters,
  type Extension,
  parseExtensionList,
} from '../deflate/index.ts';
import { computeAccept, isHandshakeKey } from './accept-key.ts';
import { formatSubprotocols } from './subprotocol.ts';
import { type FieldLookup, hasListElement } from './upgrade-request.ts';

/** What the client asks for. */
export interface UpgradeWishes {
  /** The value of `Host` or `:authority`: host and, unless it is the scheme's own, port. */
  readonly host: string;
  /** Path and query; begins with "/". */
  readonly target: string;
  /** Subprotocols, most wanted first. */
  readonly protocols?: readonly string[] | undefined;
  /** The value of `Sec-WebSocket-Extensions`: what `buildOffer` returns. None when left out. */
  readonly offer?: string | undefined;
  /** Sent as it stands when given, in ASCII; only browsers must have one. */
  readonly origin?: string | undefined;
  /** Further fields, such as `cookie`. */
  readonly headers?: Iterable<readonly [name: string, value: string]> | undefined;
}

/** A parsed response: what `barewire/http` delivers, or an adapter of another parser. */
export interface UpgradeResponseHead {
  readonly version: string;
  readonly status: number;
  readonly fields: FieldLookup;
}

/** The connection is open. */
export interface OpenedUpgrade {
  readonly ok: true;
  /** The subprotocol in use; `undefined` for none. */
  readonly protocol: string | undefined;
  /** permessage-deflate in use; `undefined` without it. */
  readonly extension: DeflateParameters | undefined;
}

/** The client fails the connection. */
export interface FailedUpgrade {
  readonly ok: false;
  readonly error: ProtocolError;
}

/** Fields that belong to the handshake; a body has no place in it either. */
const RESERVED: ReadonlySet<string> = new Set([
  'host',
  'upgrade',
  'connection',
  'origin',
  'content-length',
  'transfer-encoding',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-accept',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
]);

/** Any visible ASCII but "#": a fragment has no meaning in a handshake [RFC 6455 §3]. */
const TARGET = /^\/[!"$-~]*$/;

/**
 * A name, an IPv4 address or a bracketed address, and a port [RFC 3986 §3.2.2]: without user
 * information, and without what our own request reader, and others, would refuse in a Host.
 */
const HOST = /^(?:(?:[-\w.~!$&'()*+,;=]|%[\da-f]{2})+|\[[\da-f:.v]+\])(?::\d{0,5})?$/i;

/**
 * Writes the request that opens a connection, in the bytes of HTTP/1.1.
 *
 * @param key from `encodeHandshakeKey`: 16 random bytes, new for each connection.
 * @returns the head with its empty line, to be written as latin1. Every line has been validated.
 * @throws UsageError `invalid-argument` for a bad key, host, target, subprotocol or offer;
 *   `invalid-header` for a field that is malformed or belongs to the handshake.
 */
export function buildUpgradeRequest(wishes: UpgradeWishes, key: string): string {
  if (!isHandshakeKey(key)) throw new UsageError('invalid-argument', 'not a handshake key');
  checkAddress(wishes);
  let head = `GET ${wishes.target} HTTP/1.1\r\nHost: ${wishes.host}\r\n`;
  head += `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n`;
  for (const [name, value] of commonFields(wishes)) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

/**
 * Builds the header block of an extended CONNECT [RFC 8441 §5]. To be sent only after the server's
 * settings have allowed it [RFC 8441 §3]. Names are in lower case, pseudo-fields come first.
 *
 * @param scheme `https` for `wss:`, `http` for `ws:`.
 * @throws UsageError as {@link buildUpgradeRequest} does.
 */
export function buildExtendedConnect(
  wishes: UpgradeWishes,
  scheme: 'http' | 'https',
): (readonly [name: string, value: string])[] {
  checkAddress(wishes);
  const fields: (readonly [string, string])[] = [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', scheme],
    [':path', wishes.target],
    [':authority', wishes.host],
  ];
  for (const [name, value] of commonFields(wishes)) fields.push([lowerAscii(name), value]);
  return fields;
}

function checkAddress({ host, target }: UpgradeWishes): void {
  if (!TARGET.test(target)) throw new UsageError('invalid-argument', 'not a path with its query');
  if (!HOST.test(host)) {
    throw new UsageError('invalid-argument', `${JSON.stringify(host)} is not host and port`);
  }
}

/** The fields that both handshakes have. */
function* commonFields(wishes: UpgradeWishes): Generator<readonly [string, string]> {
  yield ['Sec-WebSocket-Version', '13'];
  const protocols = formatSubprotocols(wishes.protocols ?? []);
  if (protocols !== undefined) yield ['Sec-WebSocket-Protocol', protocols];
  if (wishes.offer !== undefined) {
    parseOffer(wishes.offer);
    yield checkField('Sec-WebSocket-Extensions', wishes.offer);
  }
  if (wishes.origin !== undefined) yield checkField('Origin', inAscii(wishes.origin));
  for (const [name, value] of wishes.headers ?? []) {
    if (RESERVED.has(lowerAscii(name))) {
      throw new UsageError('invalid-header', `${name} belongs to the handshake`);
    }
    yield checkField(name, value);
  }
}

/** An international name stands in an origin in its encoded form [RFC 6454 §6.2]. */
function inAscii(origin: string): string {
  if (/^[\0-\x7f]*$/.test(origin)) return origin;
  throw new UsageError('invalid-header', `${JSON.stringify(origin)} is not in ASCII`);
}

function checkField(name: string, value: string): readonly [string, string] {
  if (isToken(name) && isFieldValue(value)) return [name, value];
  throw new UsageError('invalid-header', `${JSON.stringify(name)} or its value is malformed`);
}

/**
 * Checks the server's answer [RFC 6455 §4.1]. Never throws because of the response.
 *
 * @param wishes what was asked for.
 * @param key the key that was sent; `undefined` when the request was an extended CONNECT.
 * @returns the error's `code` is one of `bad-version`, `bad-status`, `bad-upgrade`,
 *   `bad-connection`, `bad-accept`, `bad-extension`, `bad-subprotocol`.
 */
export function readUpgradeResponse(
  response: UpgradeResponseHead,
  wishes: Pick<UpgradeWishes, 'protocols' | 'offer'>,
  key: string | undefined,
): OpenedUpgrade | FailedUpgrade {
  try {
    if (key === undefined) checkConnectStatus(response);
    else checkSwitch(response, key);
    return {
      ok: true,
      extension: readExtension(response.fields, wishes.offer),
      protocol: readProtocol(response.fields, wishes.protocols ?? []),
    };
  } catch (error) {
    if (error instanceof ProtocolError) return { ok: false, error };
    throw error;
  }
}

function checkConnectStatus({ status }: UpgradeResponseHead): void {
  if (status < 200 || status > 299) throw new ProtocolError('bad-status', String(status));
}

function checkSwitch({ version, status, fields }: UpgradeResponseHead, key: string): void {
  // HTTP/1.0 knows no 101 [RFC 9110 §15.2].
  if (version !== '1.1') throw new ProtocolError('bad-version', version);
  if (status !== 101) throw new ProtocolError('bad-status', String(status));
  // The whole value, not one of a list: the server has switched to this [RFC 6455 §4.1 (2)].
  if (!equalsIgnoringCase(trimOws(fields.get('upgrade') ?? ''), 'websocket')) {
    throw new ProtocolError('bad-upgrade');
  }
  if (!hasListElement(fields.get('connection'), 'upgrade')) {
    throw new ProtocolError('bad-connection'); // [RFC 6455 §4.1 (3)]
  }
  const accepts = fields.getAll('sec-websocket-accept');
  // Once, and exactly the expected text [RFC 6455 §11.3.3, §4.1 (4)].
  if (accepts.length !== 1 || trimOws(accepts[0]!) !== computeAccept(key)) {
    throw new ProtocolError('bad-accept');
  }
}

function readExtension(
  fields: FieldLookup,
  offer: string | undefined,
): DeflateParameters | undefined {
  const listed = fields.get('sec-websocket-extensions');
  if (listed === undefined) return undefined;
  const offers = offer === undefined ? [] : parseOffer(offer);
  try {
    return checkResponse(parseExtensionList(listed), offers);
  } catch (cause) {
    if (!(cause instanceof ProtocolError) || cause.code === 'bad-extension') throw cause;
    throw new ProtocolError('bad-extension', cause.message, { cause });
  }
}

/** The caller's own list; when it is malformed, that is no fault of the server. */
function parseOffer(offer: string): Extension[] {
  try {
    return parseExtensionList(offer);
  } catch (cause) {
    throw new UsageError('invalid-argument', `offer: ${String(cause)}`);
  }
}

/** One of the wanted names, in one field, or none at all [RFC 6455 §4.1 (6), §11.3.4]. */
function readProtocol(fields: FieldLookup, wanted: readonly string[]): string | undefined {
  const chosen = fields.getAll('sec-websocket-protocol');
  if (chosen.length === 0) return undefined;
  const protocol = trimOws(chosen[0]!);
  if (chosen.length === 1 && wanted.includes(protocol)) return protocol;
  throw new ProtocolError('bad-subprotocol');
}

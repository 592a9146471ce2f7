/**
 * The server's half of the opening handshake [RFC 6455 §4.2], and extended CONNECT, which takes its
 * place on HTTP/2 [RFC 8441 §4].
 *
 * ```
 * GET /chat HTTP/1.1                    :method: CONNECT   :protocol: websocket
 * Host: example.com                     :authority: example.com
 * Upgrade: websocket                    :scheme: https   :path: /chat
 * Connection: Upgrade
 * Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
 * Sec-WebSocket-Version: 13             sec-websocket-version: 13
 *
 * HTTP/1.1 101 Switching Protocols      :status: 200
 * Upgrade: websocket
 * Connection: Upgrade
 * Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
 * ```
 * What is wanted here is a request that has been parsed, by `barewire/http` or by `node:http`; this
 * file reads no bytes. It does not know which services exist: the application decides between
 * {@link readUpgradeRequest} and {@link buildUpgradeResponse}.
 */

import type { ViolationCode } from '../base/index.ts';
import { equalsIgnoringCase, HandshakeRejected, ProtocolError, trimOws } from '../base/index.ts';
import {
  type AcceptedOffer,
  type DeflatePolicy,
  type Extension,
  negotiateServer,
  parseExtensionList,
} from '../deflate/index.ts';
import { computeAccept, isHandshakeKey } from './accept-key.ts';
import { checkHost, checkOrigin, type HostPolicy, type OriginPolicy } from './origin.ts';
import { parseSubprotocols } from './subprotocol.ts';

/** The fields of a parsed message, by case-blind name. */
export interface FieldLookup {
  /** All values joined with ", "; `undefined` when there is no such field. */
  get(name: string): string | undefined;
  /** Each line's value. */
  getAll(name: string): readonly string[];
}

/** A parsed request: what `barewire/http` delivers, or an adapter of another parser. */
export interface UpgradeRequest {
  readonly method: string;
  /** The request target; `:path` on HTTP/2. */
  readonly target: string;
  /** `1.1`, or `2.0` on HTTP/2. */
  readonly version: string;
  readonly fields: FieldLookup;
  /** `:protocol` of an extended CONNECT. */
  readonly protocol?: string | undefined;
  /** `:scheme` of an extended CONNECT. */
  readonly scheme?: string | undefined;
  /**
   * Authority of an absolute target; `:authority` on HTTP/2, where it takes the place of `Host`.
   */
  readonly authority?: string | undefined;
}

/** What the server allows and wants. */
export interface UpgradePolicy {
  /** Default `'same-origin'`. */
  readonly origins?: OriginPolicy | undefined;
  /** Default `'any'`. */
  readonly hosts?: HostPolicy | undefined;
  /** Whether TLS ends at this server: same origin means `https:` then. Default false: not known. */
  readonly isSecure?: boolean | undefined;
  /** permessage-deflate: `true` is the default policy. Default `false`: offers are declined. */
  readonly deflate?: DeflatePolicy | boolean | undefined;
  /** How many extensions a client may list. */
  readonly maxExtensionOffers?: number | undefined;
}

/**
 * A correct handshake that no policy refused: answer it with `buildUpgradeResponse`, or refuse it.
 */
export interface AcceptableUpgrade {
  readonly ok: true;
  /** Which of the two handshakes it is; decides the form of the response. */
  readonly kind: 'upgrade' | 'extended-connect';
  /** The value of `Sec-WebSocket-Accept`; empty for an extended CONNECT, which has none. */
  readonly accept: string;
  /** The authority that the client called, as it was sent. */
  readonly host: string;
  /** The `Origin` field; `undefined` means that no browser's page is behind the request. */
  readonly origin: string | undefined;
  /** Subprotocols that the client offers, most wanted first. */
  readonly protocols: readonly string[];
  /** permessage-deflate as agreed upon; `undefined` without it. */
  readonly extension: AcceptedOffer | undefined;
}

/** A handshake to refuse. */
export interface RefusedUpgrade {
  readonly ok: false;
  readonly status: number;
  /** Fields that must stand in the refusal. */
  readonly headers: Readonly<Record<string, string>>;
  /** The rule that was broken, or the policy that said no. */
  readonly error: ProtocolError | HandshakeRejected;
}

/** The only version there is [RFC 6455 §4.1 (9)]. */
const VERSION = '13';

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** What a refusal has to say, besides its status. */
const REFUSAL_HEADERS: { readonly [Code in ViolationCode]?: Readonly<Record<string, string>> } = {
  'handshake-method': { allow: 'GET' },
  // 426 names the protocol it wants [RFC 9110 §15.5.22].
  'handshake-not-upgrade': { upgrade: 'websocket', connection: 'upgrade' },
  'handshake-version': {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-version': VERSION,
  },
  'handshake-version-missing': { 'sec-websocket-version': VERSION },
};

/**
 * Checks a client's opening handshake [RFC 6455 §4.2.1] and negotiates permessage-deflate.
 *
 * The rules of HTTP itself (grammar, `Host`, framing) are checked here only as far as other parsers
 * may leave them open. O(size of the head).
 *
 * @throws UsageError `invalid-option` for a bad policy. Never throws because of the request.
 */
export function readUpgradeRequest(
  request: UpgradeRequest,
  policy: UpgradePolicy = {},
): AcceptableUpgrade | RefusedUpgrade {
  try {
    return readRequest(request, policy);
  } catch (error) {
    if (error instanceof HandshakeRejected) {
      return { ok: false, status: error.status, headers: error.headers, error };
    }
    if (!(error instanceof ProtocolError)) throw error;
    const headers = REFUSAL_HEADERS[error.code] ?? NO_HEADERS;
    return { ok: false, status: error.status ?? 400, headers, error };
  }
}

function readRequest(request: UpgradeRequest, policy: UpgradePolicy): AcceptableUpgrade {
  const { fields } = request;
  const isConnect = request.protocol !== undefined;
  if (isConnect) checkExtendedConnect(request);
  else checkUpgradeFields(request);
  const host = readHost(request);
  checkNoBody(fields);
  const accept = isConnect ? '' : computeAccept(readKey(fields));
  checkVersion(fields);
  const origin = readOrigin(fields);
  checkPolicy(origin, host, policy);
  const protocols = parseSubprotocols(fields.get('sec-websocket-protocol'));
  const listed = fields.get('sec-websocket-extensions');
  // Malformed is malformed, also for a server that wants no extension [RFC 6455 §9.1].
  const extensions =
    listed === undefined ? [] : parseExtensionList(listed, policy.maxExtensionOffers);
  return {
    ok: true,
    kind: isConnect ? 'extended-connect' : 'upgrade',
    accept,
    host,
    origin,
    protocols,
    extension: negotiate(extensions, policy.deflate),
  };
}

function checkUpgradeFields({ method, version, fields }: UpgradeRequest): void {
  // [RFC 6455 §4.2.1 (1)]
  if (method !== 'GET') throw new ProtocolError('handshake-method', method);
  // HTTP/1.0 has no Upgrade [RFC 9110 §7.8], and HTTP/2 has no such fields [RFC 8441 §5].
  if (version !== '1.1') throw new ProtocolError('handshake-http-version', version);
  if (!hasListElement(fields.get('upgrade'), 'websocket')) {
    throw new ProtocolError('handshake-not-upgrade', 'no Upgrade: websocket');
  }
  if (!hasListElement(fields.get('connection'), 'upgrade')) {
    throw new ProtocolError('handshake-not-upgrade', 'no Connection: Upgrade');
  }
}

function checkExtendedConnect(request: UpgradeRequest): void {
  const { method, protocol, scheme, target, fields } = request;
  if (method !== 'CONNECT')
    throw new ProtocolError('handshake-connect', ':protocol without CONNECT');
  if (!equalsIgnoringCase(protocol ?? '', 'websocket')) {
    throw new ProtocolError('handshake-protocol', protocol);
  }
  // With :protocol the target is a URI, not an authority [RFC 8441 §4].
  if ((scheme !== 'http' && scheme !== 'https') || !target.startsWith('/')) {
    throw new ProtocolError('handshake-connect', ':scheme and :path are needed');
  }
  if (fields.get('connection') !== undefined || fields.get('upgrade') !== undefined) {
    throw new ProtocolError('handshake-connect', 'a field of HTTP/1.1'); // [RFC 8441 §5]
  }
}

/** The authority that counts: that of the target if it has one, else `Host`. */
function readHost({ authority, target, fields, protocol }: UpgradeRequest): string {
  // HTTP/2 needs no Host [RFC 8441 §5].
  if (protocol !== undefined && authority) return authority;
  const hosts = fields.getAll('host');
  if (hosts.length !== 1) throw new ProtocolError('handshake-host', `${hosts.length} Host fields`);
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(target);
  return authority ?? absolute?.[1] ?? hosts[0]!; // [RFC 9112 §3.2.2]
}

/** A body in front of the first frame would be read as frames by somebody else. */
function checkNoBody(fields: FieldLookup): void {
  const length = fields.get('content-length');
  if (
    fields.get('transfer-encoding') !== undefined ||
    (length !== undefined && !/^0+$/.test(length))
  ) {
    throw new ProtocolError('handshake-with-body');
  }
}

function readKey(fields: FieldLookup): string {
  const keys = fields.getAll('sec-websocket-key');
  // Once, and 16 bytes [RFC 6455 §11.3.1, §4.2.1 (5)].
  if (keys.length !== 1) throw new ProtocolError('handshake-key', `${keys.length} keys`);
  const key = trimOws(keys[0]!);
  if (!isHandshakeKey(key)) throw new ProtocolError('handshake-key');
  return key;
}

function checkVersion(fields: FieldLookup): void {
  const version = fields.get('sec-websocket-version');
  if (version === undefined) throw new ProtocolError('handshake-version-missing');
  // Exactly "13": neither a list nor another way to write the number [RFC 6455 §4.2.1 (6), §4.4].
  if (trimOws(version) !== VERSION) throw new ProtocolError('handshake-version', version);
}

function readOrigin(fields: FieldLookup): string | undefined {
  const origins = fields.getAll('origin');
  if (origins.length > 1) throw new ProtocolError('handshake-origin', 'more than one Origin');
  return origins[0] === undefined ? undefined : trimOws(origins[0]);
}

function checkPolicy(origin: string | undefined, host: string, policy: UpgradePolicy): void {
  if (!checkHost(host, policy.hosts)) throw new HandshakeRejected(403, 'unknown host');
  if (!checkOrigin(origin, host, policy.origins, policy.isSecure)) {
    throw new HandshakeRejected(403, 'origin not allowed'); // [RFC 6455 §10.2]
  }
}

function negotiate(
  extensions: readonly Extension[],
  deflate: DeflatePolicy | boolean | undefined,
): AcceptedOffer | undefined {
  if (deflate === undefined || deflate === false) return undefined;
  return negotiateServer(extensions, deflate === true ? {} : deflate);
}

/** Looks for a list element without regard to case, as upgrade tokens and options are compared. */
function hasListElement(value: string | undefined, wanted: string): boolean {
  if (value === undefined) return false;
  return value.split(',').some((element) => equalsIgnoringCase(trimOws(element), wanted));
}

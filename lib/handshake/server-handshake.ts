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

import {
  equalsIgnoringCase,
  HandshakeRejected,
  ProtocolError,
  resolveLimit,
  trimOws,
  type ViolationCode,
} from '../base/index.ts';
import {
  type AcceptedOffer,
  type DeflatePolicy,
  type Extension,
  negotiateServer,
  parseExtensionList,
} from '../deflate/index.ts';
import { computeAccept } from './accept-key.ts';
import {
  checkHost,
  checkHostPolicy,
  checkOrigin,
  checkOriginPolicy,
  type HostPolicy,
  type OriginPolicy,
} from './origin.ts';
import { parseSubprotocols } from './subprotocol.ts';
import {
  checkNoBody,
  type FieldLookup,
  hasListElement,
  readHost,
  readKey,
  readOrigin,
  type UpgradeRequest,
} from './upgrade-request.ts';

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
 * @throws UsageError `invalid-option` for a bad policy, and what a function throws that decides
 *   about origins. Never throws because of the request.
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

/**
 * Checks a policy before there is a request.
 *
 * @throws UsageError `invalid-option`.
 */
export function checkUpgradePolicy(policy: UpgradePolicy): void {
  checkOriginPolicy(policy.origins);
  checkHostPolicy(policy.hosts);
  resolveLimit('maxExtensionOffers', policy.maxExtensionOffers);
  negotiate([], policy.deflate);
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

function checkVersion(fields: FieldLookup): void {
  const version = fields.get('sec-websocket-version');
  if (version === undefined) throw new ProtocolError('handshake-version-missing');
  // Exactly "13": neither a list nor another way to write the number [RFC 6455 §4.2.1 (6), §4.4].
  if (trimOws(version) !== VERSION) throw new ProtocolError('handshake-version', version);
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

/**
 * From an HTTP exchange to an open WebSocket [RFC 6455 §4.2].
 *
 * ```
 *   Exchange ──► UpgradeRequest ──► rules, Host, Origin ──► 101 ──► SocketPump ──► WebSocketPeer
 * ```
 * The pump stays and gets another sink; the reader hands over what came behind the request, which
 * is the client's first frames.
 */
import {
  A_STRING,
  ANYTHING,
  CHECKED_LATER,
  checkOptions,
  HandshakeRejected,
  type OptionTable,
} from '../base/index.ts';
import {
  buildUpgradeResponse,
  checkUpgradePolicy,
  formatUpgradeResponse,
  readUpgradeRequest,
  selectSubprotocol,
  type UpgradeRequest,
} from '../handshake/index.ts';
import { Fields, type FieldsInit } from '../http/index.ts';
import {
  ACCEPT_POLICY,
  type AcceptedUpgrade,
  type AcceptPolicy,
  completePolicy,
  openPeer,
  PEER_OPTIONS,
  type PeerOptions,
  type WebSocketPeer,
} from '../peer/index.ts';
import { answerToFailure } from './error-response.ts';
import type { ExchangeRequest, ExchangeTransport } from './exchange-request.ts';
import type { PeerSet } from './peer-set.ts';
import { PumpTransport } from './pump-transport.ts';

/** Options of `exchange.accept`: the rules, the answer, and how the peer behaves. */
export interface AcceptOptions extends AcceptPolicy, PeerOptions {
  /** One of the subprotocols that the client offers; overrules `protocols`. */
  readonly protocol?: string | undefined;
  /** Further fields of the response, such as `set-cookie`. */
  readonly headers?: FieldsInit | undefined;
  /** Your own data, for `peer.data`. */
  readonly data?: unknown;
}

const ACCEPTING: OptionTable<AcceptOptions> = {
  ...PEER_OPTIONS,
  ...ACCEPT_POLICY,
  protocol: A_STRING,
  headers: CHECKED_LATER,
  data: ANYTHING,
};

/** Shows an exchange as the handshake wants it. */
export function asUpgradeRequest(exchange: ExchangeRequest): UpgradeRequest {
  const { method, target, version, fields } = exchange;
  return { method, target, version, fields };
}

/** @throws HandshakeRejected with the status and fields of the refusal. */
export function acceptUpgrade(exchange: ExchangeRequest, options: AcceptOptions): AcceptedUpgrade {
  checkOptions(options, ACCEPTING);
  checkUpgradePolicy(options);
  const policy = completePolicy(options, exchange.isSecure);
  const upgrade = readUpgradeRequest(asUpgradeRequest(exchange), policy);
  if (!upgrade.ok) {
    const { status, headers, error } = upgrade;
    // Each rule of the handshake has a status, and so a text.
    throw new HandshakeRejected(status, answerToFailure(error)!.text, headers);
  }
  const { data } = options;
  const headers = Fields.from(options.headers ?? {});
  const protocol =
    options.protocol ?? selectSubprotocol(upgrade.protocols, options.protocols ?? []);
  const response = buildUpgradeResponse(upgrade, { protocol, headers });
  return { ok: true, upgrade, response, protocol, data };
}

/** Writes 101 and opens the peer. */
export function switchToWebSocket(
  transport: ExchangeTransport,
  accepted: AcceptedUpgrade,
  options: PeerOptions,
  owner: PeerSet,
): WebSocketPeer {
  const { pump } = transport;
  pump.writeText(formatUpgradeResponse(accepted.response), 'latin1');
  const head = transport.handOver();
  const { upgrade, protocol, data } = accepted;
  return openPeer(
    new PumpTransport(pump),
    {
      role: 'server',
      protocol: protocol ?? '',
      extension: upgrade.extension,
      head,
      data,
      ticker: owner,
      owner,
    },
    options,
  );
}

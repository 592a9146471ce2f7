/**
 * One place in somebody else's server where WebSockets are accepted: its options, and their check.
 */
import {
  A_FUNCTION,
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  resolveLimit,
} from '../base/index.ts';
import { checkUpgradePolicy } from '../handshake/index.ts';
import {
  ACCEPT_POLICY,
  type Alarm,
  checkHandler,
  checkPeerOptions,
  HANDLERS,
  PEER_OPTIONS,
  type RefusedOpening,
  systemAlarm,
  type Ticker,
  type WebSocketEndpoint,
} from '../peer/index.ts';
import type { Caps } from './census.ts';
import type { Opening } from './opening.ts';

/** Everything about the WebSockets that an adapter accepts. */
export interface AdapterEndpoint extends WebSocketEndpoint<Opening>, Caps {
  /**
   * Called when a handshake was refused: by a rule, a cap, a policy, or because `accept` failed
   * (500). What it throws or rejects with is printed.
   */
  refused?(refusal: RefusedOpening): unknown;
  readonly ticker?: Ticker | undefined;
  readonly alarm?: Alarm | undefined;
}

const ENDPOINT: OptionTable<AdapterEndpoint> = {
  ...PEER_OPTIONS,
  ...ACCEPT_POLICY,
  ...HANDLERS,
  accept: A_FUNCTION,
  handshakeTimeoutMs: CHECKED_LATER,
  maxConnections: CHECKED_LATER,
  maxConnectionsPerAddress: CHECKED_LATER,
  refused: A_FUNCTION,
  ticker: AN_OBJECT,
  alarm: A_FUNCTION,
};

/**
 * Checks an endpoint's options, but for its caps. It is asked about every handshake: an endpoint
 * may have been changed, or be made for one request.
 *
 * @throws UsageError `invalid-option`; `invalid-argument` for handlers that cannot read.
 */
export function checkEndpoint(endpoint: AdapterEndpoint): void {
  checkOptions(endpoint, ENDPOINT, 'endpoints');
  checkPeerOptions(endpoint);
  checkUpgradePolicy(endpoint);
  checkHandler(endpoint, endpoint.delivery);
  resolveLimit('handshakeTimeoutMs', endpoint.handshakeTimeoutMs);
}

/** The endpoint's alarm; the system's when there is none, or what is there is refused later. */
export function alarmOf(endpoint: AdapterEndpoint | undefined): Alarm {
  const alarm = endpoint?.alarm;
  return typeof alarm === 'function' ? alarm : systemAlarm;
}

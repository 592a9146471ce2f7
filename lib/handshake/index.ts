/** The WebSocket opening handshake, over HTTP/1.1 and over HTTP/2. */
export { computeAccept, encodeHandshakeKey, isHandshakeKey } from './accept-key.ts';
export {
  buildExtendedConnect,
  buildUpgradeRequest,
  type FailedUpgrade,
  type OpenedUpgrade,
  readUpgradeResponse,
  type UpgradeResponseHead,
  type UpgradeWishes,
} from './client-handshake.ts';
export {
  checkHost,
  checkOrigin,
  type HostPolicy,
  type OriginPolicy,
  type OriginPredicate,
} from './origin.ts';
export {
  type AcceptableUpgrade,
  checkUpgradePolicy,
  type RefusedUpgrade,
  readUpgradeRequest,
  type UpgradePolicy,
} from './server-handshake.ts';
export { formatSubprotocols, parseSubprotocols, selectSubprotocol } from './subprotocol.ts';
export type { FieldLookup, UpgradeRequest } from './upgrade-request.ts';
export {
  buildUpgradeResponse,
  formatUpgradeResponse,
  type UpgradeAnswer,
  type UpgradeResponse,
} from './upgrade-response.ts';

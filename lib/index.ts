/** The roof: what most programs need. Each chapter is a subpath of its own. */
export { HandshakeRejected, ProtocolError, UsageError } from './base/index.ts';
export {
  broadcast,
  PreparedMessage,
  type WebSocketHandler,
  type WebSocketPeer,
} from './peer/index.ts';
export {
  type BodyStream,
  type CloseOptions,
  type CloseResult,
  createServer,
  type EventStreamOptions,
  type EventStreamPeer,
  type Exchange,
  type ExchangeReport,
  type HijackedSocket,
  type ListenAddress,
  type RequestBody,
  type Server,
  type ServerOptions,
  type ServerStats,
  type WebSocketRoute,
} from './server/index.ts';
export {
  type EventFields,
  encodeComment,
  encodeEvent,
  type LoggedEvent,
  ReplayLog,
  type ReplayLogOptions,
} from './sse/index.ts';

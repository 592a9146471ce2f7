/** The roof: what most programs need. Each chapter is a subpath of its own. */
export { HandshakeRejected, ProtocolError, UsageError } from './base/index.ts';
export {
  type EventFields,
  encodeComment,
  encodeEvent,
  type LoggedEvent,
  ReplayLog,
  type ReplayLogOptions,
} from './sse/index.ts';

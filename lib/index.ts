export { HandshakeRejected, ProtocolError, UsageError } from './base/index.ts';

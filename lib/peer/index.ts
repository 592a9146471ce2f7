/** An open WebSocket as an application sees it, over any transport. */
export {
  type AcceptAnswer,
  type Acceptance,
  type AcceptedUpgrade,
  type AcceptPolicy,
  completePolicy,
  decideUpgrade,
  decideUpgradeSoon,
  type RefusedOpening,
  type UpgradeDecision,
} from './accept.ts';
export { type Alarm, systemAlarm } from './alarm.ts';
export { Backlog, emptyBacklog, type SlowConsumerPolicy, type Waiting } from './backlog.ts';
export { BoundedQueue, type QueueControl } from './bounded-queue.ts';
export {
  type BroadcastOptions,
  type BroadcastResult,
  broadcast,
  PreparedMessage,
} from './broadcast.ts';
export { addressGroup, type ClientAddress, readClientAddress } from './client-address.ts';
export { DuplexTransport } from './duplex-transport.ts';
export { hasHandler, type WebSocketEndpoint } from './endpoint.ts';
export { Http2Transport, type ResettableStream } from './http2-transport.ts';
export { IncomingMessage, IncomingQueue, MessageQueue } from './incoming.ts';
export { type FillRandomly, MaskingKeys, takeMaskingKey } from './masking-keys.ts';
export { MessageWriter, type WriterPace } from './message-writer.ts';
export { checkPeerOptions, type Opened, openPeer, type PeerOptions } from './open.ts';
export { ACCEPT_POLICY, HANDLERS, PEER_OPTIONS, SEND_OPTIONS } from './option-tables.ts';
export { isPieceSource, type MessageData, type PieceSource, toPayload } from './payload.ts';
export {
  checkHandler,
  type PeerCounters,
  type PeerOwner,
  type PeerSettings,
  type WebSocketHandler,
  type WebSocketOptions,
} from './peer-options.ts';
export type { PeerSendOptions, SendOutcome, StartOptions } from './peer-output.ts';
export { unlessAborted } from './signals.ts';
export { IntervalTicker, systemTicker, type Tickable, type Ticker } from './ticker.ts';
export type { Transport, TransportSink } from './transport.ts';
export { type Flushable, flushAtTurnEnd } from './turn.ts';
export { type WaitOptions, WebSocketPeer } from './websocket-peer.ts';

/** The life of an open WebSocket connection, without a socket [RFC 6455 §5.4 – §7]. */
export type { AssemblerOptions, AssemblerSink, MessageInflater } from './assembler-options.ts';
export {
  CLOSE_TRANSITIONS,
  type CloseEvent,
  type CloseState,
  isReadable,
  isWritable,
  nextCloseState,
} from './close-handshake.ts';
export { ABNORMAL, type CloseReport } from './close-report.ts';
export { type Awaited, Closing } from './closing.ts';
export { Connection } from './connection.ts';
export { ConnectionInput, type InputOwner } from './connection-input.ts';
export { type ConnectionKind, connectionKind } from './connection-kind.ts';
export {
  type ConnectionLimitOptions,
  type ConnectionLimits,
  connectionLimits,
} from './connection-limits.ts';
export {
  type ConnectionCounters,
  type ConnectionDeflate,
  type ConnectionOptions,
  type ConnectionSink,
  checkConnectionOptions,
  type KeepaliveOptions,
  type MessageDeflater,
} from './connection-options.ts';
export { ConnectionOutput, type Corkable } from './connection-output.ts';
export { Ending, type EndingOwner } from './ending.ts';
export { InputGate, type InputSwitch } from './input-gate.ts';
export { Keepalive, type KeepaliveAction, type KeepaliveLimits } from './keepalive.ts';
export { MessageAssembler } from './message-assembler.ts';
export { MessageBody, type PieceTaker } from './message-body.ts';
export { MessageDeadline } from './message-deadline.ts';
export {
  type MessageOwner,
  MessageReader,
  MessageReaders,
  messageReaders,
  type ReadingOptions,
} from './message-reader.ts';
export { MessageSender, type SenderOwner } from './message-sender.ts';
export { MessageStore } from './message-store.ts';
export { type BytesTaker, COPY_BYTES, Outbox } from './outbox.ts';
export { OutgoingMessage, type PieceSender } from './outgoing-message.ts';
export {
  type FramesToCome,
  isGone,
  type Job,
  ownPayload,
  payloadGone,
  type SendOptions,
  SendQueue,
} from './send-queue.ts';
export { OutgoingText, requireText, TextPieces } from './text.ts';

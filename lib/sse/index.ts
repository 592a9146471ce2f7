/** Event streams: server-sent events, written, read and replayed. */
export {
  type EventStreamEvent,
  EventStreamReader,
  type EventStreamReaderOptions,
  type EventStreamSink,
} from './event-stream-reader.ts';
export { type EventFields, encodeComment, encodeEvent } from './event-stream-writer.ts';
export {
  type GapReason,
  type LoggedEvent,
  type Replay,
  ReplayLog,
  type ReplayLogOptions,
} from './replay-log.ts';

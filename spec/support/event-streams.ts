/** Reads whole event streams in specs, and says what came out. */
import type { ProtocolError } from 'barewire/base';
import {
  type EventStreamEvent,
  EventStreamReader,
  type EventStreamReaderOptions,
} from 'barewire/sse';

/** Everything that a reader reported about one stream. */
export interface ReadStream {
  readonly events: EventStreamEvent[];
  readonly failures: ProtocolError[];
  lastEventId: string;
  retry: number | null;
}

/** Feeds `chunks` to a fresh reader and ends the stream. */
export function readStream(
  chunks: Iterable<Uint8Array>,
  options?: EventStreamReaderOptions,
): ReadStream {
  const result: ReadStream = { events: [], failures: [], lastEventId: '', retry: null };
  const reader = new EventStreamReader(
    {
      event: (event) => result.events.push(event),
      failed: (error) => result.failures.push(error),
      retry: (ms) => {
        result.retry = ms;
      },
    },
    options,
  );
  for (const chunk of chunks) reader.receive(chunk);
  reader.receiveEnd();
  result.lastEventId = reader.lastEventId;
  return result;
}

/**
 * Drives the HTTP readers and writes down what they report, in the shape of the case corpus: one char
 * is one byte everywhere.
 */
import {
  type Fields,
  type HttpLimitOptions,
  type ReaderPhase,
  type RequestHead,
  RequestReader,
} from 'barewire/http';

/** A message as it was reported; the fields after `headers` grow while it arrives. */
export interface RecordedMessage {
  readonly head: Record<string, unknown>;
  body: string;
  trailers: (readonly [string, string])[];
  isComplete: boolean;
}

/** All that was reported for one input. */
export interface Recording {
  readonly messages: readonly RecordedMessage[];
  readonly failure: { code: string; status: number | undefined } | undefined;
  readonly failures: number;
  readonly phase: ReaderPhase;
  /** Bytes not read because of an upgrade or the end of persistence. */
  readonly rest: string;
}

const pairs = (fields: Fields | undefined): (readonly [string, string])[] => [...(fields ?? [])];

/** What a request head says, as the corpus writes it. */
export function requestParts(head: RequestHead): Record<string, unknown> {
  return {
    method: head.method,
    target: head.target,
    version: head.version,
    headers: pairs(head.fields),
    keepAlive: head.keepAlive,
    ...(head.authority === undefined ? {} : { authority: head.authority }),
    ...(head.expectContinue ? { expectContinue: true } : {}),
    ...(head.wantsUpgrade ? { upgrade: true } : {}),
  };
}

/** Feeds requests to a reader. After the last request of a connection the rest is taken over. */
export function recordRequests(
  chunks: readonly Buffer[],
  options: { limits?: HttpLimitOptions | undefined; eof?: boolean | undefined } = {},
): Recording {
  const messages: RecordedMessage[] = [];
  let failure: Recording['failure'];
  let failures = 0;
  let isLast = false;
  const reader = new RequestReader(
    {
      head(head) {
        isLast = !head.keepAlive || head.wantsUpgrade;
        messages.push({ head: requestParts(head), body: '', trailers: [], isComplete: false });
      },
      body(bytes) {
        messages.at(-1)!.body += bytes.toString('latin1');
      },
      end(trailers) {
        const message = messages.at(-1)!;
        message.trailers = pairs(trailers);
        message.isComplete = true;
        if (isLast) reader.pause();
      },
      failed(error) {
        failures += 1;
        failure = { code: error.code, status: error.status };
      },
    },
    options.limits,
  );
  for (const chunk of chunks) reader.receive(chunk);
  if (options.eof === true) reader.receiveEnd();
  const { phase } = reader;
  const rest = reader.isPaused ? reader.handOver().toString('latin1') : '';
  return { messages, failure, failures, phase, rest };
}

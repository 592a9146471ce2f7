/**
 * Drives the HTTP readers and writes down what they report, in the shape of the case corpus: one char
 * is one byte everywhere.
 */
import {
  type BodySink,
  type HttpLimitOptions,
  type ReaderPhase,
  type RequestHead,
  RequestReader,
  type ResponseHead,
  ResponseReader,
} from 'barewire/http';
import { type FieldLines, linesOf } from './field-lines.ts';

/** A message as it was reported. */
export interface RecordedMessage {
  readonly head: Record<string, unknown>;
  body: string;
  trailers: FieldLines;
  isComplete: boolean;
}

/** All that was reported for one input. */
export interface Recording {
  readonly messages: readonly RecordedMessage[];
  readonly failure: { readonly code: string; readonly status: number | undefined } | undefined;
  readonly failures: number;
  readonly phase: ReaderPhase;
  /** Bytes not read because of an upgrade or the end of persistence. */
  readonly rest: string;
}

/** What a recording is made with. */
export interface RecordingOptions {
  readonly limits?: HttpLimitOptions | undefined;
  /** The peer half-closes behind the input. */
  readonly eof?: boolean | undefined;
  /** For responses: the methods they answer; GET when there are more responses. */
  readonly methods?: readonly string[] | undefined;
  /** For requests: nothing is made of an upgrade, and what follows is read as further requests. */
  readonly isUpgradeDeclined?: boolean | undefined;
}

type Reader = RequestReader | ResponseReader;

function requestParts(head: RequestHead): Record<string, unknown> {
  return {
    method: head.method,
    target: head.target,
    version: head.version,
    headers: linesOf(head.fields),
    keepAlive: head.keepAlive,
    ...(head.authority === undefined ? {} : { authority: head.authority }),
    ...(head.expectContinue ? { expectContinue: true } : {}),
    ...(head.wantsUpgrade ? { upgrade: true } : {}),
  };
}

function responseParts(head: ResponseHead): Record<string, unknown> {
  return {
    status: head.status,
    reason: head.reason,
    version: head.version,
    headers: linesOf(head.fields),
    keepAlive: head.keepAlive,
    ...(head.framing.kind === 'until-close' ? { untilClose: true } : {}),
    ...(head.isInterim ? { interim: true } : {}),
    ...(head.isUpgrade ? { upgrade: true } : {}),
  };
}

/** Collects what a reader reports. */
class Recorder {
  readonly messages: RecordedMessage[] = [];
  failure: Recording['failure'];
  failures = 0;

  begin(head: Record<string, unknown>, isComplete: boolean): void {
    this.messages.push({ head, body: '', trailers: [], isComplete });
  }

  sink(onEnd: () => void): BodySink {
    return {
      body: (bytes) => {
        this.messages.at(-1)!.body += bytes.toString('latin1');
      },
      end: (trailers) => {
        const message = this.messages.at(-1)!;
        message.trailers = linesOf(trailers);
        message.isComplete = true;
        onEnd();
      },
      failed: (error) => {
        this.failures += 1;
        this.failure = { code: error.code, status: error.status };
      },
    };
  }

  finish(reader: Reader, chunks: readonly Buffer[], eof: boolean | undefined): Recording {
    for (const chunk of chunks) reader.receive(chunk);
    if (eof === true) reader.receiveEnd();
    const { messages, failure, failures } = this;
    const { phase } = reader;
    const rest = reader.isPaused ? reader.handOver().toString('latin1') : '';
    return { messages, failure, failures, phase, rest };
  }
}

/** Feeds requests to a reader. Behind the last request of a connection the rest is taken over. */
export function recordRequests(
  chunks: readonly Buffer[],
  options: RecordingOptions = {},
): Recording {
  const recorder = new Recorder();
  let isLast = false;
  const onEnd = (): void => {
    if (isLast) reader.pause();
    else if (options.isUpgradeDeclined) reader.resume();
  };
  const reader = new RequestReader(
    {
      ...recorder.sink(onEnd),
      head(head) {
        isLast = !head.keepAlive || (head.wantsUpgrade && !options.isUpgradeDeclined);
        recorder.begin(requestParts(head), false);
      },
    },
    options.limits,
  );
  return recorder.finish(reader, chunks, options.eof);
}

/** Feeds responses to a reader. */
export function recordResponses(
  chunks: readonly Buffer[],
  options: RecordingOptions = {},
): Recording {
  const recorder = new Recorder();
  const methods = [...(options.methods ?? [])];
  let isLast = false;
  const onEnd = (): void => {
    if (isLast) reader.pause();
    else reader.expect(methods.shift() ?? 'GET');
  };
  const reader = new ResponseReader(
    {
      ...recorder.sink(onEnd),
      head(head) {
        isLast = !head.keepAlive || head.isUpgrade;
        recorder.begin(responseParts(head), head.isInterim);
      },
    },
    options.limits,
  );
  reader.expect(methods.shift() ?? 'GET');
  return recorder.finish(reader, chunks, options.eof);
}

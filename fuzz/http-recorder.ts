/**
 * Drives a request or response reader for the fuzz targets, pausing it in its callbacks, and writes
 * down what it reports in a form that can be compared.
 */
import type { ProtocolError } from 'barewire/base';
import {
  type Fields,
  type HttpLimitOptions,
  type RequestHead,
  RequestReader,
  type ResponseHead,
  ResponseReader,
} from 'barewire/http';
import { linesOf } from '../spec/support/field-lines.ts';
import type { Choices } from './engine/choices.ts';
import { Stutter } from './engine/stutter.ts';
import { expectLaw } from './engine/target.ts';

/** One message as it was reported. */
export interface ReadMessage<Head> {
  readonly head: Head;
  readonly lines: string[];
  body: string;
  trailers: string[];
  isComplete: boolean;
}

/** Whether a message of HTTP/1.0 is to be the last one, and not to be [RFC 9112 §9.3]. */
export function asksForBoth({ version, fields }: RequestHead | ResponseHead): boolean {
  const listed = fields.getAll('connection').join().toLowerCase();
  const options = listed.split(',').map((option) => option.trim());
  return version === '1.0' && options.includes('close') && options.includes('keep-alive');
}

/** Whether a line or a trailer has this name, which is given in lower case. */
export function mentions(
  { lines, trailers }: Pick<ReadMessage<unknown>, 'lines' | 'trailers'>,
  name: string,
): boolean {
  return [...lines, ...trailers].some((part, at) => at % 2 === 0 && part.toLowerCase() === name);
}

/** All that a reader reported. */
export interface ReadOutcome<Head> {
  readonly messages: ReadMessage<Head>[];
  code: string | undefined;
  phase: string;
  /** The bytes given back behind the last message of the connection. */
  rest: string;
}

/** How to feed: in which pieces, paused where, ended or not. */
export interface Feed {
  readonly chunks: readonly Buffer[];
  readonly pattern: number;
  readonly ended: boolean;
  readonly limits: HttpLimitOptions;
  /** Nothing is made of an upgrade: what follows is read as further requests. */
  readonly isUpgradeDeclined?: boolean;
}

type AnyReader = RequestReader | ResponseReader;

/** Limits that are met soon; most of the time the defaults. */
export function chooseLimits(choices: Choices): HttpLimitOptions {
  if (!choices.flag()) return {};
  return {
    maxMethodBytes: choices.pick([undefined, 3, 7]),
    maxTargetBytes: choices.pick([undefined, 1, 10]),
    maxHeaderBytes: choices.pick([undefined, 20, 60, 200]),
    maxHeaderCount: choices.pick([undefined, 1, 3]),
    maxChunkExtBytes: choices.pick([undefined, 0, 5]),
    maxTrailerBytes: choices.pick([undefined, 0, 20]),
    maxTrailerCount: choices.pick([undefined, 0, 1]),
    maxBodyBytes: choices.pick([undefined, 0, 1, 10]),
    maxReasonBytes: choices.pick([undefined, 0, 5]),
  };
}

class Recorder<Head extends RequestHead | ResponseHead> {
  readonly outcome: ReadOutcome<Head> = { messages: [], code: undefined, phase: '', rest: '' };
  readonly #stutter: Stutter;
  readonly #mostBody: number;

  constructor(stutter: Stutter, limits: HttpLimitOptions) {
    this.#stutter = stutter;
    this.#mostBody = limits.maxBodyBytes ?? 1024 * 1024;
  }

  begin(head: Head, isComplete: boolean): void {
    this.#step();
    this.outcome.messages.push({
      head,
      lines: linesOf(head.fields).flat(),
      body: '',
      trailers: [],
      isComplete,
    });
  }

  body(bytes: Buffer): void {
    this.#step();
    const message = this.outcome.messages.at(-1)!;
    expectLaw(bytes.length > 0 && !message.isComplete, 'body pieces belong to a message');
    message.body += bytes.toString('latin1');
    expectLaw(message.body.length <= this.#mostBody, 'a body stays within its limit');
  }

  end(trailers: Fields | undefined): void {
    this.#step();
    const message = this.outcome.messages.at(-1)!;
    expectLaw(!message.isComplete, 'a message ends once');
    message.trailers = linesOf(trailers).flat();
    message.isComplete = true;
  }

  failed(error: ProtocolError): void {
    expectLaw(this.outcome.code === undefined, 'fails once');
    this.outcome.code = error.code;
  }

  #step(): void {
    expectLaw(this.outcome.code === undefined, 'is inert after a failure');
    this.#stutter.step();
  }
}

function feed(reader: AnyReader, stutter: Stutter, { chunks, ended }: Feed): void {
  for (const chunk of chunks) {
    const given = Buffer.from(chunk);
    reader.receive(given);
    expectLaw(given.equals(chunk), 'the input is not changed');
    stutter.settle();
  }
  if (!ended) return;
  reader.receiveEnd();
  stutter.settle();
}

function finish<Head>(reader: AnyReader, outcome: ReadOutcome<Head>): ReadOutcome<Head> {
  outcome.phase = reader.phase;
  if (reader.isPaused) outcome.rest = reader.handOver().toString('latin1');
  return outcome;
}

/** Reads requests. Behind an upgrade the rest is taken over. */
export function readRequests(given: Feed): ReadOutcome<RequestHead> {
  const stutter = new Stutter(given.pattern);
  const recorder = new Recorder<RequestHead>(stutter, given.limits);
  /** The stutter has paused it, and not an upgrade. */
  let isHeld = false;
  const reader: RequestReader = new RequestReader(
    {
      head: (head) => recorder.begin(head, false),
      body: (bytes) => recorder.body(bytes),
      end: (trailers) => {
        const { head } = recorder.outcome.messages.at(-1)!;
        // The reader pauses by itself for an upgrade: a stutter would resume it.
        if (head.wantsUpgrade && !given.isUpgradeDeclined) stutter.stop();
        recorder.end(trailers);
        if (head.wantsUpgrade && given.isUpgradeDeclined && !isHeld) reader.resume();
      },
      failed: (error) => recorder.failed(error),
    },
    given.limits,
  );
  stutter.attach({
    pause: () => {
      isHeld = true;
      reader.pause();
    },
    resume: () => {
      isHeld = false;
      reader.resume();
    },
  });
  feed(reader, stutter, given);
  return finish(reader, recorder.outcome);
}

/** Reads responses to `asked`, and to GET when there are more. */
export function readResponses(given: Feed, asked: readonly string[]): ReadOutcome<ResponseHead> {
  const stutter = new Stutter(given.pattern);
  const recorder = new Recorder<ResponseHead>(stutter, given.limits);
  const reader = new ResponseReader(
    {
      head: (head) => recorder.begin(head, head.isInterim),
      body: (bytes) => recorder.body(bytes),
      end: (trailers) => {
        const { head } = recorder.outcome.messages.at(-1)!;
        if (head.isUpgrade) stutter.stop();
        recorder.end(trailers);
      },
      failed: (error) => recorder.failed(error),
    },
    given.limits,
  );
  stutter.attach(reader);
  for (const method of asked) reader.expect(method);
  feed(reader, stutter, given);
  return finish(reader, recorder.outcome);
}

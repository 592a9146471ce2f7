/** How an event stream is set up: its options, its fields, and where the client stopped. */
import {
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import { Fields, type FieldsInit } from '../http/index.ts';
import { type Backlog, emptyBacklog, type SlowConsumerPolicy } from '../peer/index.ts';
import { encodeComment, encodeEvent, type ReplayLog } from '../sse/index.ts';

const KEEP_ALIVE_MS = 15_000;

/** How an event stream behaves. */
export interface EventStreamOptions {
  /** A comment is sent after so long without an event, in ms; 0 for never. Default 15 s. */
  readonly keepAliveMs?: number | undefined;
  /** Where missed events come from; send what its `append` returns. */
  readonly replay?: ReplayLog | undefined;
  /**
   * How long the client waits before it comes back, in ms. Two numbers: something between them,
   * drawn for each client, so that they do not all come at the same moment after a restart.
   */
  readonly retry?: number | readonly [from: number, to: number] | undefined;
  /**
   * Begins with a comment of so many bytes, for proxies that hold back the first ones. Default 0.
   */
  readonly padding?: number | undefined;
  /** What to do when the client reads too slowly; default `wait`: until the bound, then cut it. */
  readonly slowConsumer?: SlowConsumerPolicy | undefined;
  /** Bytes of output that may wait for the client. Default 16 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Further fields of the response. */
  readonly fields?: FieldsInit | undefined;
}

const EVENT_STREAM: OptionTable<EventStreamOptions> = {
  keepAliveMs: CHECKED_LATER,
  replay: AN_OBJECT,
  retry: CHECKED_LATER,
  padding: CHECKED_LATER,
  slowConsumer: CHECKED_LATER,
  maxBufferedBytes: CHECKED_LATER,
  fields: AN_OBJECT,
};

/** Settings that were found to be good. */
export interface EventStreamSettings {
  readonly keepAliveMs: number;
  readonly replay: ReplayLog | undefined;
  readonly backlog: Backlog;
  /** What stands before the first event. */
  readonly opening: string;
}

/** @throws UsageError `invalid-option`. */
export function checkEventStream(settings: EventStreamOptions): EventStreamSettings {
  checkOptions(settings, EVENT_STREAM);
  const keepAliveMs = checkCount('keepAliveMs', settings.keepAliveMs, KEEP_ALIVE_MS);
  const padding = checkCount('padding', settings.padding, 0);
  const maxBufferedBytes = resolveLimit('maxBufferedBytes', settings.maxBufferedBytes);
  // A first line at once makes proxies pass the head on.
  let opening = padding > 0 ? encodeComment(' '.repeat(padding)) : encodeComment();
  if (settings.retry !== undefined) opening += encodeEvent({ retry: drawRetry(settings.retry) });
  const backlog = emptyBacklog(settings.slowConsumer, maxBufferedBytes);
  return { keepAliveMs, replay: settings.replay, backlog, opening };
}

function drawRetry(retry: number | readonly [from: number, to: number]): number {
  if (typeof retry === 'number') return checkCount('retry', retry, 0);
  const from = checkCount('retry', retry[0], 0);
  const to = checkCount('retry', retry[1], 0);
  return from + Math.floor(Math.random() * Math.max(0, to - from + 1));
}

function checkCount(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (Number.isSafeInteger(given) && given >= 0) return given;
  throw new UsageError(
    'invalid-option',
    `${name} must be a whole number from 0, not ${String(given)}`,
  );
}

const DEFAULT_FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['content-type', 'text/event-stream'],
  // A cache or a compressing proxy would hold events back.
  ['cache-control', 'no-cache, no-transform'],
  ['x-accel-buffering', 'no'],
];

/**
 * Returns the fields of the response; the application's take the place of the usual ones.
 *
 * @throws UsageError `invalid-header`, also for another type than `text/event-stream`.
 */
export function eventStreamFields(given: FieldsInit | undefined): FieldsInit {
  const fields = Fields.from(given ?? {});
  const type = fields.get('content-type');
  if (type !== undefined && !/^text\/event-stream(?:\s*;|$)/i.test(type)) {
    throw new UsageError('invalid-header', 'an event stream has the type text/event-stream');
  }
  return [...DEFAULT_FIELDS.filter(([name]) => !fields.has(name)), ...fields];
}

/**
 * Where the client stopped: its `Last-Event-ID` field, or else the query parameter `lastEventId`,
 * which clients send that cannot set fields. The field holds UTF-8 [HTML §9.2.4].
 */
export function readLastEventId(fields: Fields, query: URLSearchParams): string {
  const value = fields.get('last-event-id');
  if (value === undefined) return query.get('lastEventId') ?? '';
  return Buffer.from(value, 'latin1').toString('utf8');
}

/**
 * What the caller of an event source wants, checked before anything is opened, and the request that
 * says so [HTML §9.2.2, §9.2.3].
 *
 * ```
 * GET /news HTTP/1.1
 * Host: server.example
 * Accept: text/event-stream
 * Accept-Encoding: identity          nothing here could inflate it
 * Cache-Control: no-cache
 * Connection: close
 * Last-Event-ID: m3x9-42             UTF-8; from the second connection on
 * ```
 */
import {
  A_BOOLEAN,
  AN_ABORT_SIGNAL,
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  type LimitOptions,
  type OptionTable,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import type { Fields, FieldsInit } from '../http/index.ts';
import { parseHttpUrl } from './address.ts';
import { inRange } from './backoff.ts';
import { checkDialOptions, DIAL_OPTIONS, type DialOptions } from './dial.ts';
import { firstHop, type Hop } from './redirect.ts';

/** Options of an `EventSource`. */
export interface EventSourceOptions extends DialOptions, LimitOptions<'maxEventBytes'> {
  /** Shown by the property of that name. There are no cookies here: give them as `headers`. */
  readonly withCredentials?: boolean | undefined;
  /** Further fields of the request, such as `authorization`. */
  readonly headers?: FieldsInit | undefined;
  /** The position to begin with; default none. */
  readonly lastEventId?: string | undefined;
  /** The reconnection time until the server sets one, in ms; default 3 s. */
  readonly reconnectionMs?: number | undefined;
  /** The longest delay after failures in a row, in ms; default 60 s. */
  readonly maxDelayMs?: number | undefined;
  /** Attempts in a row without a stream; default Infinity. */
  readonly maxAttempts?: number | undefined;
  /** How long it may take until the response begins, in ms; default 10 s. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Break a stream off that brings no byte for so long, or twice as long; default Infinity. */
  readonly idleTimeoutMs?: number | undefined;
  /** Redirects to follow for each connection; default 20, as browsers do. */
  readonly maxRedirects?: number | undefined;
  /** Closes the source. */
  readonly signal?: AbortSignal | undefined;
}

const EVENT_SOURCE_OPTIONS: OptionTable<EventSourceOptions> = {
  ...DIAL_OPTIONS,
  maxEventBytes: CHECKED_LATER,
  withCredentials: A_BOOLEAN,
  headers: AN_OBJECT,
  lastEventId: CHECKED_LATER,
  reconnectionMs: CHECKED_LATER,
  maxDelayMs: CHECKED_LATER,
  maxAttempts: CHECKED_LATER,
  handshakeTimeoutMs: CHECKED_LATER,
  idleTimeoutMs: CHECKED_LATER,
  maxRedirects: CHECKED_LATER,
  signal: AN_ABORT_SIGNAL,
};

/** A checked wish for an event stream. Made by {@link makeEventStreamPlan}. */
export interface EventStreamPlan {
  readonly hop: Hop;
  readonly options: EventSourceOptions;
  readonly maxRedirects: number;
  readonly timeoutMs: number;
  readonly reconnectionMs: number;
  readonly maxDelayMs: number;
  readonly idleTimeoutMs: number;
}

/** Fields that belong to the request. */
const RESERVED: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'cache-control',
  'connection',
  'content-length',
  'host',
  'last-event-id',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** What a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks everything that the caller gave.
 *
 * @throws UsageError `invalid-argument` for the URL, `invalid-header`, `invalid-option`.
 */
export function makeEventStreamPlan(
  url: string | URL,
  options: EventSourceOptions,
): EventStreamPlan {
  checkOptions(options, EVENT_SOURCE_OPTIONS);
  const address = parseHttpUrl(url);
  checkDialOptions(options, address);
  const { maxRedirects = 20, lastEventId = '', idleTimeoutMs = Number.POSITIVE_INFINITY } = options;
  if (!Number.isSafeInteger(maxRedirects) || maxRedirects < 0) {
    throw new UsageError('invalid-option', 'maxRedirects is a whole number from 0');
  }
  if (typeof lastEventId !== 'string' || /[\0\r\n]/.test(lastEventId)) {
    throw new UsageError('invalid-option', 'lastEventId is a string without NUL, CR and LF');
  }
  if (idleTimeoutMs !== Number.POSITIVE_INFINITY) {
    inRange('idleTimeoutMs', idleTimeoutMs, 1, MAX_TIMER_MS);
  }
  resolveLimit('maxEventBytes', options.maxEventBytes);
  const hop = firstHop(address, options.headers, options);
  checkFields(hop.fields);
  return {
    hop,
    options,
    maxRedirects,
    timeoutMs: resolveLimit('handshakeTimeoutMs', options.handshakeTimeoutMs),
    reconnectionMs: inRange('reconnectionMs', options.reconnectionMs ?? 3000, 0, MAX_TIMER_MS),
    maxDelayMs: inRange('maxDelayMs', options.maxDelayMs ?? 60_000, 1, MAX_TIMER_MS),
    idleTimeoutMs,
  };
}

function checkFields(fields: Fields): void {
  for (const [name] of fields) {
    if (RESERVED.has(name.toLowerCase())) {
      throw new UsageError('invalid-header', `${name} belongs to the request`);
    }
  }
}

/** The head of a request, to be written as Latin-1. */
export function formatRequest({ address, fields }: Hop, lastEventId: string): string {
  let head = `GET ${address.target} HTTP/1.1\r\nHost: ${address.host}\r\n`;
  head += 'Accept: text/event-stream\r\nAccept-Encoding: identity\r\nCache-Control: no-cache\r\n';
  // No connection is used twice, and its server should know [RFC 9112 §9.3].
  head += 'Connection: close\r\n';
  if (lastEventId !== '') {
    head += `Last-Event-ID: ${Buffer.from(lastEventId).toString('latin1')}\r\n`;
  }
  const { authorization } = address;
  if (authorization !== undefined && !fields.has('authorization')) {
    head += `Authorization: ${authorization}\r\n`;
  }
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

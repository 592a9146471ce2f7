/**
 * The writing half of an event stream: one event in, its lines out [HTML §9.2.5].
 *
 * ```
 * event: price\n        at most one; left out for the type "message"
 * id: 7-42\n            at most one
 * retry: 3000\n         at most one
 * data: first line\n    one for each line of the data
 * data: second line\n
 * \n                    the empty line that makes the client dispatch
 * ```
 * Three things end a line for the reader (CRLF, LF, CR), so a value that holds one of them would
 * begin a line of its own: a field, or a whole event, of the attacker's choice. Data is split at
 * all three; the values that cannot be split are refused. This file knows nothing of sockets,
 * chunks or clients, and what it returns is text that the transport encodes as UTF-8.
 */
import { UsageError } from '../base/index.ts';

/** What one event may carry. What is left out is not written. */
export interface EventFields {
  /** The payload. Its line ends reach the client as LF, whatever they were. */
  readonly data?: string | undefined;
  /** The type, "message" when left out. No CR, LF or NUL. */
  readonly event?: string | undefined;
  /** The client's position after this event; "" makes it forget its position. No CR, LF or NUL. */
  readonly id?: string | undefined;
  /** Sets how long the client waits before it connects again, in ms: a whole number from 0. */
  readonly retry?: number | undefined;
}

/** Every line end of the format: CR LF counts once [HTML §9.2.5]. */
const LINE_ENDS = /\r\n|\r|\n/g;
/** What a line end in the data becomes. */
const FIELD_END = '\ndata: ';

/**
 * Writes one event, the empty line included.
 *
 * @returns the text, which the transport must encode as UTF-8: send it in one write. A lone
 *   surrogate becomes U+FFFD there.
 * @throws UsageError `invalid-argument` when a field has the wrong type, when `event` or `id` holds
 *   CR, LF or NUL, when nothing is given at all, or when a type is given without data.
 * @see [HTML §9.2.5]
 */
export function encodeEvent(fields: EventFields): string {
  const { data, event, id, retry } = fields;
  let text = '';
  if (event !== undefined) {
    // A client drops a block without data and forgets its type [HTML §9.2.6], so sending it would
    // be a mistake that nobody notices.
    if (data === undefined) refuse('an event needs data beside its type; data may be empty');
    requireOneLine('event', event);
    if (event !== '') text += `event: ${event}\n`;
  }
  if (id !== undefined) {
    requireOneLine('id', id);
    text += `id: ${id}\n`;
  }
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) {
      refuse(`retry must be a whole number of milliseconds from 0, not ${String(retry)}`);
    }
    text += `retry: ${retry}\n`;
  }
  if (data !== undefined) return `${text}data: ${withFieldPerLine(data)}\n\n`;
  if (text === '') refuse('an event needs at least one of data, id and retry');
  return `${text}\n`;
}

/**
 * Writes a comment, which clients skip: the heartbeat of an event stream [HTML §9.2.7].
 *
 * @param text one line; "" gives the shortest heartbeat there is, three bytes.
 * @throws UsageError `invalid-argument` when `text` is not a string or holds CR, LF or NUL.
 */
export function encodeComment(text = ''): string {
  requireOneLine('comment', text);
  return text === '' ? ':\n\n' : `: ${text}\n\n`;
}

/** One space after the colon keeps a value that begins with a space whole [HTML §9.2.6]. */
function withFieldPerLine(data: string): string {
  if (typeof data !== 'string') refuse(`data must be a string, not ${typeof data}`);
  // Text without CR, which is nearly all, needs no regular expression: about twice as fast
  // (bench/sse).
  return data.includes('\r')
    ? data.replace(LINE_ENDS, FIELD_END)
    : data.replaceAll('\n', FIELD_END);
}

/**
 * Stricter than the RFC: NUL is refused in every one-line value. Clients ignore an id that holds
 * one [HTML §9.2.6], and no type or comment has a use for it.
 */
function requireOneLine(name: string, value: string): void {
  if (typeof value !== 'string') refuse(`${name} must be a string, not ${typeof value}`);
  if (value.includes('\n') || value.includes('\r') || value.includes('\0')) {
    refuse(`${name} must not hold CR, LF or NUL`);
  }
}

function refuse(reason: string): never {
  throw new UsageError('invalid-argument', reason);
}

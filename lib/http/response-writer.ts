/**
 * One response, written [RFC 9112 §4, §6, §7].
 *
 * ```
 * HTTP/1.1 200 OK CRLF
 * content-type: text/plain CRLF      the application's fields, in its order
 * date: … CRLF                       added, unless given
 * transfer-encoding: chunked CRLF    or content-length, or neither: the framing
 * connection: close CRLF             only when there is something to say
 * CRLF
 * 5 CRLF hello CRLF 0 CRLF CRLF      the body in its framing
 * ```
 * The writer decides (with response-framing.ts) how the body is framed, whether there is one at
 * all, and whether the connection can go on afterwards; it returns strings and keeps count. It
 * knows no sockets, copies no body bytes, and never writes two responses.

 */
import { fulfilsOwed, type OwedField, owedField, UsageError } from '../base/index.ts';
import { reasonPhrase } from './reason-phrases.ts';
import {
  type FieldsInit,
  FORBIDDEN_IN_INTERIM,
  formatFieldLines,
  type ResponseFields,
  readResponseFields,
} from './response-fields.ts';
import {
  type AnsweredRequest,
  type BodySize,
  decideFraming,
  type ResponseFraming,
  refuseFraming,
} from './response-framing.ts';
import { FORBIDDEN_IN_TRAILERS } from './trailers.ts';

/** What the server adds to a final head. */
export interface HeadOptions {
  /**
   * Whether the server would keep the connection. The head says `close` when it would not, when the
   * fields ask for it, or when the framing needs it.
   */
  readonly keepAlive: boolean;
  /** Instead of the usual phrase. */
  readonly reason?: string | undefined;
  /** The type of the body, unless the fields tell one. */
  readonly contentType?: string | undefined;
}

/** Writes the responses to one request: any number of interim ones, then the final one. */
export class ResponseWriter {
  readonly #request: AnsweredRequest;
  readonly #date: () => string;
  #state: 'head' | 'body' | 'ended' = 'head';
  #framing: ResponseFraming = 'none';
  #keepAlive = false;
  /** Body bytes that the framing `length` still owes. */
  #due = 0;

  /**
   * Begins the answer to a request.
   *
   * @param date returns the value of the `Date` field, as from `createDateSource`.
   */
  constructor(request: AnsweredRequest, date: () => string) {
    this.#request = request;
    this.#date = date;
  }

  /** True once the final head is written. */
  get hasHead(): boolean {
    return this.#state !== 'head';
  }

  /** True once nothing more belongs to the response. */
  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** How the body is delimited; `none` means that body bytes are not sent. */
  get framing(): ResponseFraming {
    return this.#framing;
  }

  /** Whether the connection can serve another request after this response, as its head told. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /**
   * Writes an interim response, such as 100 or 103 with `Link` fields.
   *
   * @param status 100 – 199, but not 101, which is final: see {@link switchProtocols}.
   * @returns Latin-1 text; "" for an HTTP/1.0 client, which knows no such thing [RFC 9110 §15.2].
   * @throws UsageError `invalid-argument`, `invalid-header`; `already-answered` after the final
   *   head.
   */
  interim(status: number, fields?: FieldsInit): string {
    this.#requireHead();
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw new UsageError(
        'invalid-argument',
        `${status} is no interim status (100 – 199, not 101)`,
      );
    }
    const lines = formatFieldLines(fields, FORBIDDEN_IN_INTERIM);
    if (this.#request.version === '1.0') return '';
    return `${statusLine(status)}${lines}\r\n`;
  }

  /**
   * Writes 101, after which the bytes belong to another protocol [RFC 9110 §15.2.2].
   *
   * @param fields must name the protocol in `upgrade`; `connection` is added.
   * @throws UsageError `invalid-header`; `not-supported` on HTTP/1.0; `already-answered`.
   */
  switchProtocols(fields: FieldsInit): string {
    this.#requireHead();
    if (this.#request.version === '1.0') {
      throw new UsageError('not-supported', 'HTTP/1.0 has no Upgrade'); // [RFC 9110 §7.8]
    }
    const found = readResponseFields(fields);
    if (!found.hasUpgrade) throw new UsageError('invalid-header', '101 needs an Upgrade field');
    refuseFraming(found, '101'); // [RFC 9112 §6.1], [RFC 9110 §8.6]
    this.#state = 'ended';
    this.#framing = 'raw';
    return `${statusLine(101)}${found.lines}connection: upgrade\r\n\r\n`;
  }

  /**
   * Writes the final head, and decides the framing.
   *
   * @param status 200 – 599.
   * @param size of the body, in bytes where it is known.
   * @returns Latin-1 text. When `framing` is `none`, the response ends with it.
   * @throws UsageError `invalid-argument`, `invalid-header`, also for a field that the status
   *   demands and that is missing or empty; `already-answered` after the final head. Nothing is
   *   written then, and another head can be.
   */
  head(
    status: number,
    fields: FieldsInit | undefined,
    size: BodySize,
    options: HeadOptions,
  ): string {
    this.#requireHead();
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new UsageError('invalid-argument', `status must be 200 – 599, not ${status}`);
    }
    const first = statusLine(status, options.reason);
    const found = readResponseFields(fields);
    const owed = owedField(status);
    if (owed !== undefined) requireOwed(owed, status, found.lines);
    const framed = decideFraming(this.#request, status, found, size);
    this.#framing = framed.framing;
    this.#due = framed.length ?? 0;
    const endsWithBody = framed.framing === 'raw' || framed.framing === 'until-close';
    this.#keepAlive = options.keepAlive && !found.wantsClose && !endsWithBody;
    this.#state = framed.framing === 'none' ? 'ended' : 'body';
    if (options.contentType !== undefined && !found.hasContentType) {
      found.lines += `content-type: ${options.contentType}\r\n`;
    }
    const date = found.hasDate ? '' : `date: ${this.#date()}\r\n`; // [RFC 9110 §6.6.1]
    return `${first}${found.lines}${date}${framed.lines}${this.#connectionLine(found)}\r\n`;
  }

  /**
   * Counts body bytes, and returns what goes before them on the wire. They end with {@link
   * afterData}.
   *
   * @param byteLength more than 0: an empty chunk would end the body [RFC 9112 §7.1].
   * @throws UsageError `invalid-state` before the head, after the end, or beyond the announced
   *   length.
   */
  beforeData(byteLength: number): string {
    if (this.#state !== 'body') {
      throw new UsageError('invalid-state', 'there is no response body to write to');
    }
    if (this.#framing === 'length') {
      if (byteLength > this.#due) {
        throw new UsageError('invalid-state', `the body is longer than its Content-Length`);
      }
      this.#due -= byteLength;
    }
    return this.#framing === 'chunked' ? `${byteLength.toString(16)}\r\n` : '';
  }

  /** What goes after the body bytes that {@link beforeData} announced. */
  get afterData(): string {
    return this.#framing === 'chunked' ? '\r\n' : '';
  }

  /**
   * Ends the body.
   *
   * @param trailers only a chunked body can carry them. An HTTP/1.0 client and an answer to HEAD
   *   have no place for them: they are left out there [RFC 9110 §6.5.1].
   * @throws UsageError `invalid-state` when the body is shorter than its announced length, or was
   *   ended before; `invalid-header` for trailers that are not allowed. Nothing changes then.
   */
  end(trailers?: FieldsInit): string {
    if (this.#state === 'ended' && this.#framing === 'none') return '';
    if (this.#state !== 'body') throw new UsageError('invalid-state', 'there is no body to end');
    if (this.#framing === 'length' && this.#due > 0) {
      throw new UsageError('invalid-state', `the body lacks ${this.#due} bytes of its length`);
    }
    const lines = formatFieldLines(trailers, FORBIDDEN_IN_TRAILERS);
    if (lines !== '' && (this.#framing === 'length' || this.#framing === 'raw')) {
      throw new UsageError('invalid-header', `a body framed as ${this.#framing} has no trailers`);
    }
    this.#state = 'ended';
    return this.#framing === 'chunked' ? `0\r\n${lines}\r\n` : '';
  }

  #requireHead(): void {
    if (this.#state !== 'head') {
      throw new UsageError('already-answered', 'the final response has begun');
    }
  }

  /** [RFC 9112 §9.3, §9.6]; an `Upgrade` field needs its option too [RFC 9110 §7.8]. */
  #connectionLine(found: ResponseFields): string {
    const options = found.connectionOptions;
    if (found.hasUpgrade && !options.includes('upgrade')) options.push('upgrade');
    if (!this.#keepAlive) options.push('close');
    else if (this.#request.version === '1.0') options.push('keep-alive');
    return options.length === 0 ? '' : `connection: ${options.join(', ')}\r\n`;
  }
}

/**
 * Some statuses say nothing without a field of theirs [RFC 9110 §15].
 *
 * @throws UsageError `invalid-header` when it is missing, or empty.
 */
function requireOwed(owed: OwedField, status: number, lines: string): void {
  for (const [, value] of lines.matchAll(new RegExp(`^${owed.name}:(.*)`, 'gim'))) {
    if (fulfilsOwed(owed, value!)) return;
  }
  // [RFC 9110 §15.3.7.2] Several ranges say in each of their parts which it is.
  if (status === 206 && /^content-type:[\t ]*multipart\/byteranges/im.test(lines)) return;
  throw new UsageError('invalid-header', `${status} must have ${owed.name} [${owed.source}]`);
}

/** The space after the code stays even when no phrase follows [RFC 9112 §4]. */
function statusLine(status: number, reason = reasonPhrase(status)): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(reason)) {
    throw new UsageError('invalid-header', 'a reason phrase has no control characters');
  }
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/**
 * Reads responses [RFC 9112 §4]: bytes in, heads and bodies out.
 *
 * ```
 * expect(method) … receive(bytes) -> head(1xx) … -> head -> body … -> end(trailers) or failed()
 * ```
 * A response can only be understood together with the request it answers [RFC 9112 §9.2], so the
 * reader is told the methods in the order they were sent. It does not know what was asked, and
 * sends nothing.
 */
import { isToken, ProtocolError, settleShape, UsageError } from '../base/index.ts';
import { HeadScan } from './head-scan.ts';
import { type HttpLimitOptions, resolveHttpLimits } from './http-limits.ts';
import { type BodySink, MessageReader, type NextStep } from './message-reader.ts';
import { type ResponseHead, readResponseHead } from './response-head.ts';
import { StatusLine } from './status-line.ts';

/** Receives what a {@link ResponseReader} reads. Calls come from within `receive` and `resume`. */
export interface ResponseSink extends BodySink {
  /**
   * A head is complete: an interim one (1xx, nothing else follows for it) or the final one. Yours.
   */
  head(head: ResponseHead): void;
}

/** Scans that no reader needs right now: a reader without a half-read head holds none. */
const spare: HeadScan<StatusLine>[] = [];
const MAX_SPARE = 4;

/** Reads the responses of one connection, in the order of their requests. */
export class ResponseReader extends MessageReader<StatusLine, ResponseHead> {
  readonly #sink: ResponseSink;
  /** Methods of the requests that have no final response yet, the oldest first. */
  readonly #methods: string[] = [];

  /**
   * Makes a reader for one connection.
   *
   * @param limits overrides of the default limits, or what `resolveHttpLimits` returned.
   * @throws UsageError `invalid-option` for a limit that is not a whole number from 0, or Infinity.
   */
  constructor(sink: ResponseSink, limits?: HttpLimitOptions) {
    super(sink, resolveHttpLimits(limits));
    this.#sink = sink;
  }

  /**
   * Says that a request with this method was sent: the next response without an owner is its own.
   *
   * @throws UsageError `invalid-argument` for what is no method.
   */
  expect(method: string): void {
    if (typeof method !== 'string' || !isToken(method)) {
      throw new UsageError('invalid-argument', `no method: ${String(method)}`);
    }
    this.#methods.push(method);
  }

  protected override checkTurn(): void {
    // [RFC 9112 §9.2] What nobody asked for is no response. Found at its first byte: a head begun
    // before the request was sent must not become its answer.
    if (this.#methods.length === 0) throw new ProtocolError('unsolicited-response');
  }

  protected override borrowScan(): HeadScan<StatusLine> {
    const scan = spare.pop() ?? new HeadScan(new StatusLine());
    scan.beginHead();
    return scan;
  }

  protected override returnScan(scan: HeadScan<StatusLine>): void {
    if (spare.length < MAX_SPARE) spare.push(scan);
  }

  protected override judge(scan: HeadScan<StatusLine>): ResponseHead {
    const head = readResponseHead(scan, this.#methods[0]!, this.limits);
    if (!head.isInterim) this.#methods.shift();
    return head;
  }

  protected override deliver(head: ResponseHead): void {
    this.#sink.head(head);
  }

  protected override hasEnd(head: ResponseHead): boolean {
    return !head.isInterim;
  }

  protected override nextAfter(head: ResponseHead): NextStep {
    if (head.isUpgrade) return 'caller';
    return head.keepAlive ? 'message' : 'nothing';
  }
}

settleShape(() => new ResponseReader({} as ResponseSink));

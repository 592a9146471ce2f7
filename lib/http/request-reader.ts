/**
 * Reads requests [RFC 9112 §3]: bytes in, heads and bodies out, in the order they came.
 *
 * ```
 * receive(bytes) -> head -> body … body -> end(trailers) -> head …        or, once, failed(error)
 * ```
 * How a request is answered is unknown here, and so is the connection; `handOver` ends the reading
 * when the bytes turn into another protocol.
 */
import { hasFastPath, settleShape } from '../base/index.ts';
import type { Fields } from './fields.ts';
import { HeadScan } from './head-scan.ts';
import { type HttpLimitOptions, resolveHttpLimits } from './http-limits.ts';
import { type BodySink, MessageReader, type NextStep } from './message-reader.ts';
import { RepeatedSection } from './repeated-section.ts';
import { type RequestHead, readRequestHead, repeatRequestHead } from './request-head.ts';
import { RequestLine } from './request-line.ts';

const REMEMBERS = hasFastPath('repeated-section');

/** Receives what a {@link RequestReader} reads. Calls come from within `receive` and `resume`. */
export interface RequestSink extends BodySink {
  /** A head is complete and obeys every rule. It is yours. */
  head(head: RequestHead): void;
  /** The next bytes of the body, transfer coding removed: valid until the call returns. */
  body(bytes: Buffer): void;
  /** The request is complete; `trailers` only when there were some. */
  end(trailers: Fields | undefined): void;
}

/** Scans that no reader needs right now: a reader without a half-read head holds none. */
const spare: HeadScan<RequestLine>[] = [];
const MAX_SPARE = 4;

/** Reads requests one after the other, pipelined or not. */
export class RequestReader extends MessageReader<RequestLine, RequestHead> {
  readonly #sink: RequestSink;
  /** From the second head on: a connection with one request remembers nothing. */
  #repeated: RepeatedSection | undefined;
  #isFirst = true;

  /**
   * Makes a reader for one connection.
   *
   * @param limits overrides of the default limits, or what `resolveHttpLimits` returned.
   * @throws UsageError `invalid-option` for a limit that is not a whole number from 0, or Infinity.
   */
  constructor(sink: RequestSink, limits?: HttpLimitOptions) {
    super(sink, resolveHttpLimits(limits));
    this.#sink = sink;
  }

  /** Forgets the fields it compares others with: some KiB, of use while requests come often. */
  forget(): void {
    this.#repeated?.forget();
  }

  protected override checkTurn(): void {}

  protected override borrowScan(): HeadScan<RequestLine> {
    const scan = spare.pop() ?? new HeadScan(new RequestLine());
    scan.beginHead(this.#repeated);
    return scan;
  }

  protected override returnScan(scan: HeadScan<RequestLine>): void {
    if (spare.length < MAX_SPARE) spare.push(scan);
  }

  protected override judge(scan: HeadScan<RequestLine>): RequestHead {
    if (scan.isRepeated) return repeatRequestHead(scan, this.#repeated!.head!);
    const head = readRequestHead(scan, this.limits);
    if (this.#isFirst) this.#isFirst = false;
    else if (REMEMBERS && scan.line.isPlain) this.#remember(scan, head);
    return head;
  }

  #remember({ text, section }: HeadScan<RequestLine>, head: RequestHead): void {
    this.#repeated ??= new RepeatedSection();
    this.#repeated.remember(text, section.start, head);
  }

  protected override deliver(head: RequestHead): void {
    this.#sink.head(head);
  }

  protected override hasEnd(): boolean {
    return true;
  }

  protected override nextAfter(head: RequestHead): NextStep {
    if (head.wantsUpgrade) return 'caller';
    return head.keepAlive ? 'message' : 'nothing';
  }
}

settleShape(() => new RequestReader({} as RequestSink));

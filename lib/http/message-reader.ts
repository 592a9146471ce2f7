/**
 * The life of a reader: from bytes that arrive to messages that leave, for requests and responses.
 *
 * ```
 *            first octet        line ends            empty line            body ends
 *   idle ---------------> start-line ------> headers ----------> body ------------------> idle
 *                                                                  \-- last chunk --> trailers --/
 * ```
 * The reader can be paused between any two reports and goes on from there; bytes that arrive
 * meanwhile wait in order. It knows when a head is due, not what it says: that is the business of
 * its two kinds.
 *
 * Longer than the house allows: one life, whose states share the bytes that wait.
 */
import { ByteQueue, ProtocolError, UsageError } from '../base/index.ts';
import { type BodyFraming, NO_BODY } from './body-framing.ts';
import { BodyReader } from './body-reader.ts';
import type { Fields } from './fields.ts';
import type { HeadScan } from './head-scan.ts';
import type { HttpLimits } from './http-limits.ts';
import type { StartLine } from './start-line.ts';
import { checkTrailers } from './trailers.ts';

/** What is being read; after a failure, what was being read. */
export type ReaderPhase = 'idle' | 'start-line' | 'headers' | 'body' | 'trailers';

/** What both kinds of reader report. */
export interface BodySink {
  /** The next bytes of the body: valid until the call returns. */
  body(bytes: Buffer): void;
  /** The message is complete; `trailers` only when there were some. */
  end(trailers: Fields | undefined): void;
  /** A rule or a limit was broken. Nothing is reported after this. */
  failed(error: ProtocolError): void;
}

/** What both kinds of head have. */
export interface MessageHead {
  readonly framing: BodyFraming;
}

/**
 * What comes after a message: another one, nothing (later bytes are ignored), or whatever the
 * caller says (the reader pauses).
 */
export type NextStep = 'message' | 'nothing' | 'caller';

const EMPTY: Buffer = Buffer.alloc(0);

/** Reads messages. Its two kinds say how a head is scanned and what follows from it. */
export abstract class MessageReader<Line extends StartLine, Head extends MessageHead> {
  protected readonly limits: HttpLimits;
  readonly #sink: BodySink;

  /** The bytes being read, and how far. Between two calls: what a pause has left over. */
  #bytes: Buffer = EMPTY;
  #position = 0;
  /** Bytes that arrived while there was no reading on. */
  #waiting: ByteQueue | undefined;

  #scan: HeadScan<Line> | undefined;
  #body: BodyReader | undefined;
  /** The head of the message whose body is being read. */
  #head: Head | undefined;

  #isPaused = false;
  #isReading = false;
  #isTransportEnded = false;
  #isPastLast = false;
  /** Set when nothing more will be reported: failed, handed over, or past the last message. */
  #stoppedIn: ReaderPhase | undefined;

  constructor(sink: BodySink, limits: HttpLimits) {
    this.#sink = sink;
    this.limits = limits;
  }

  /** What is being read; after a failure, what was being read when it happened. */
  get phase(): ReaderPhase {
    if (this.#stoppedIn !== undefined) return this.#stoppedIn;
    if (this.#scan === undefined) return this.#head === undefined ? 'idle' : 'body';
    if (this.#head !== undefined) return 'trailers';
    if (this.#scan.hasLine) return 'headers';
    return this.#scan.line.isBegun ? 'start-line' : 'idle';
  }

  /** True between `pause()`, or the end of a message that wants an upgrade, and `resume()`. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** True when nothing more will be reported. */
  get isStopped(): boolean {
    return this.#stoppedIn !== undefined;
  }

  /** Bytes that have arrived and not been read because of a pause. */
  get waitingBytes(): number {
    return this.#bytes.length - this.#position + (this.#waiting?.length ?? 0);
  }

  /**
   * Takes the next bytes of the connection and reports what they complete. The chunk is read where
   * it lies; what has to wait is copied, so it is yours again when the call returns. O(bytes).
   *
   * @throws UsageError `invalid-argument` when `chunk` is not a Uint8Array.
   */
  receive(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : asBuffer(chunk);
    if (this.#stoppedIn !== undefined) return;
    if (this.#isPaused || this.#isReading) {
      this.#waiting ??= new ByteQueue();
      this.#waiting.push(bytes);
      return;
    }
    this.#bytes = bytes;
    this.#position = 0;
    this.#read();
    // What a pause left over is copied once; from then on it is ours and only the position moves.
    if (this.#bytes === bytes) this.#keep(Buffer.from(bytes.subarray(this.#position)));
  }

  /**
   * Says that the peer will send nothing more. Between two messages that is a clean end and nothing
   * is reported; a body that lasts until the close ends; anything else fails with `premature-eof`.
   */
  receiveEnd(): void {
    this.#isTransportEnded = true;
    if (!this.#isPaused && !this.#isReading) this.#read();
  }

  /** Stops reporting, at once, also from within a report. Idempotent. */
  pause(): void {
    this.#isPaused = true;
  }

  /**
   * Goes on reporting. After the end of a message that wanted an upgrade it says: no upgrade, read
   * on. What has been waiting is reported before the call returns, unless it is made from a report.
   */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isReading) this.#read();
  }

  /**
   * Stops for good and returns the bytes that were not read, which are yours: they belong to the
   * protocol that follows. May be called from within a report; an unfinished head is given back
   * too.
   *
   * @throws UsageError `invalid-state` within a chunk or a trailer section: a part of its lines has
   *   been read, so that nobody could read on. Nothing changes; {@link stop} never throws.
   */
  handOver(): Buffer {
    if (this.#head !== undefined && (this.#scan !== undefined || this.#body?.isInChunk === true)) {
      throw new UsageError('invalid-state', 'a chunk has been read in part');
    }
    const parts = [
      this.#scan?.held ?? EMPTY,
      this.#bytes.subarray(this.#position),
      this.#waiting?.peek() ?? EMPTY,
    ];
    const rest = Buffer.concat(parts);
    this.#stop();
    return rest;
  }

  /** Stops for good; the bytes that were not read are thrown away. */
  stop(): void {
    this.#stop();
  }

  /** Throws ProtocolError when no message may begin now. */
  protected abstract checkTurn(): void;
  /** Lends a scan that has begun a head; {@link returnScan} takes it back. */
  protected abstract borrowScan(): HeadScan<Line>;
  protected abstract returnScan(scan: HeadScan<Line>): void;
  /** Applies the law to a complete head. Throws ProtocolError. */
  protected abstract judge(scan: HeadScan<Line>): Head;
  protected abstract deliver(head: Head): void;
  /** False for a head that is a whole message and has no end to report (1xx). */
  protected abstract hasEnd(head: Head): boolean;
  protected abstract nextAfter(head: Head): NextStep;

  /** Reads until the bytes end, somebody pauses or nothing may follow. The one catch site. */
  #read(): void {
    this.#isReading = true;
    try {
      while (!this.#isPaused && this.#stoppedIn === undefined && this.#step());
    } catch (error) {
      const wasLive = this.#stoppedIn === undefined;
      this.#stop();
      if (this.#stoppedIn === 'idle') this.#stoppedIn = 'start-line';
      if (!(error instanceof ProtocolError)) throw error;
      // Who has taken over from within a report is told nothing more.
      if (wasLive) this.#sink.failed(error);
    } finally {
      this.#isReading = false;
    }
  }

  /** One step of the loop; false when there is nothing left to do. */
  #step(): boolean {
    if (this.#head !== undefined && this.#scan === undefined) {
      // A body can end without another byte.
      if (this.#body === undefined || this.#body.isDone) return this.#endBody(this.#head);
    }
    if (this.#position === this.#bytes.length && !this.#nextBytes()) {
      if (this.#isTransportEnded) this.#endTransport();
      return false;
    }
    if (this.#head === undefined) this.#readHead();
    else if (this.#scan === undefined) this.#readBody(this.#body!);
    else this.#readTrailers(this.#scan, this.#head);
    return true;
  }

  /** Takes up what arrived meanwhile; false when nothing did. */
  #nextBytes(): boolean {
    this.#keep(this.#waiting?.takeAll() ?? EMPTY);
    this.#waiting = undefined;
    return this.#bytes.length > 0;
  }

  #keep(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#position = 0;
  }

  #readHead(): void {
    if (this.#isPastLast) {
      // [RFC 9112 §9.6] What comes behind the last message is not processed.
      this.#position = this.#bytes.length;
      return;
    }
    if (this.#scan === undefined) {
      this.checkTurn();
      this.#scan = this.borrowScan();
    }
    const scan = this.#scan;
    this.#position = scan.read(this.#bytes, this.#position, this.#bytes.length, this.limits);
    if (!scan.isDone) return;
    const head = this.judge(scan);
    this.#dropScan();
    if (this.hasEnd(head)) {
      this.#head = head;
      if (head.framing !== NO_BODY) this.#body ??= new BodyReader(this.limits);
      this.#body?.begin(head.framing);
    }
    this.deliver(head);
  }

  #readBody(body: BodyReader): void {
    const bytes = this.#bytes;
    this.#position = body.scan(bytes, this.#position, bytes.length);
    if (body.dataLength === 0) return;
    this.#sink.body(bytes.subarray(this.#position - body.dataLength, this.#position));
  }

  /** The data is complete: trailers follow, or the message ends. */
  #endBody(head: Head): true {
    if (this.#body?.hasTrailers === true) {
      this.#scan = this.borrowScan();
      this.#scan.beginTrailers(this.limits);
    } else {
      this.#endMessage(head, undefined);
    }
    return true;
  }

  #readTrailers(scan: HeadScan<Line>, head: Head): void {
    this.#position = scan.read(this.#bytes, this.#position, this.#bytes.length, this.limits);
    if (!scan.isDone) return;
    const trailers = scan.fields();
    checkTrailers(trailers);
    this.#dropScan();
    this.#endMessage(head, trailers.length > 0 ? trailers : undefined);
  }

  #endMessage(head: Head, trailers: Fields | undefined): void {
    const next = this.nextAfter(head);
    this.#head = undefined;
    // Before the report, so that the sink can resume or take over from within it.
    this.#isPastLast = next === 'nothing';
    if (next === 'caller') this.#isPaused = true;
    this.#sink.end(trailers);
  }

  /** [RFC 9112 §8] Tells a clean end, the end of a body, and a message that was cut off apart. */
  #endTransport(): void {
    if (this.#head !== undefined && this.#scan === undefined && this.#body!.endsAtClose) {
      this.#endMessage(this.#head, undefined);
    } else if (this.phase !== 'idle') {
      throw new ProtocolError('premature-eof');
    }
    this.#stop();
  }

  #dropScan(): void {
    if (this.#scan === undefined) return;
    this.#scan.clear();
    this.returnScan(this.#scan);
    this.#scan = undefined;
  }

  /** Reports nothing more, and lets go of everything. */
  #stop(): void {
    this.#stoppedIn = this.phase;
    this.#dropScan();
    this.#keep(EMPTY);
    this.#waiting = undefined;
    this.#body = undefined;
    this.#head = undefined;
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  if (!(chunk instanceof Uint8Array)) {
    throw new UsageError('invalid-argument', 'receive takes a Buffer or another Uint8Array');
  }
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

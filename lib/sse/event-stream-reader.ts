/**
 * The reading half of an event stream: bytes in, events out [HTML §9.2.6].
 *
 * ```
 * event = *field end-of-line                      the empty line dispatches
 * field = name [ ":" [ SP ] value ] end-of-line   names: data, event, id, retry, exactly so
 *
 *   data   one more line of the payload      kept until the event is dispatched
 *   event  the type                          kept until the event is dispatched
 *   id     the position                      kept for all later events
 *   retry  time before connecting again      reported at once
 * ```
 * Not known here: where the bytes come from, when to connect again, and who listens. A stream has
 * one way to break a rule, which is ours: an event larger than `maxEventBytes`.
 *
 * Longer than the house allows: the states of one reader, on its hot path.
 */
import {
  A_STRING,
  ByteQueue,
  CHECKED_LATER,
  checkOptions,
  LF,
  type LimitOptions,
  type ProtocolError,
  resolveLimit,
  settleShape,
  UsageError,
} from '../base/index.ts';
import { fieldNameOf, readRetry, valueStart } from './field-line.ts';
import { LatestText } from './latest-text.ts';
import { LineCutter } from './line-cutter.ts';

/** One event as a client dispatches it. */
export interface EventStreamEvent {
  /** "message" unless the event names another type. */
  readonly type: string;
  /** The data lines, joined with LF. */
  readonly data: string;
  /** The position after this event: its id, or the latest one before it; "" when there is none. */
  readonly lastEventId: string;
}

/** Where the results go. */
export interface EventStreamSink {
  /** An event is complete. The object is yours. */
  event(event: EventStreamEvent): void;
  /** The server sets the time to wait before connecting again, in ms: 0 – 2147483647. */
  retry(ms: number): void;
  /** The stream broke a limit; nothing comes after this. */
  failed(error: ProtocolError): void;
}

/** Settings of an {@link EventStreamReader}. */
export interface EventStreamReaderOptions extends LimitOptions<'maxEventBytes'> {
  /** The position that an earlier connection reached; events without an id keep it. */
  readonly lastEventId?: string | undefined;
}

const OPTIONS = { lastEventId: A_STRING, maxEventBytes: CHECKED_LATER };
/** Memory that stays for the lines of the next event, while the stream lasts. */
const KEPT_BYTES = 16_384;
const LINE_FEED = Buffer.of(LF);

/**
 * Reads one connection's worth of an event stream, incrementally. After `receiveEnd`, `stop` or a
 * failure it is inert. Memory is bounded by `maxEventBytes` (default 1 MiB) for what is unfinished,
 * and by the caller for what it feeds in while the reader is paused.
 */
export class EventStreamReader {
  readonly #sink: EventStreamSink;
  readonly #maxEventBytes: number;
  readonly #lines = new LineCutter();
  #phase: 'open' | 'done' = 'open';
  #isReading = false;
  #isPaused = false;
  #hasEnded = false;
  /** Bytes that came while paused. */
  readonly #waiting = new ByteQueue();
  // The event being read. Its first data line is held as text: nearly all events have only one.
  #firstData = '';
  readonly #data = new ByteQueue();
  #dataLines = 0;
  #heldBytes = 0;
  #type = '';
  #typeBytes = 0;
  readonly #types = new LatestText();
  readonly #ids = new LatestText();
  #idBuffer: string;
  #lastEventId: string;

  /**
   * Makes a reader for one stream.
   *
   * @throws UsageError `invalid-option` for a bad limit or a position that is not a string.
   */
  constructor(sink: EventStreamSink, options: EventStreamReaderOptions = {}) {
    checkOptions(options, OPTIONS);
    this.#sink = sink;
    this.#maxEventBytes = resolveLimit('maxEventBytes', options.maxEventBytes);
    this.#idBuffer = options.lastEventId ?? '';
    this.#lastEventId = this.#idBuffer;
  }

  /**
   * The position to name when connecting again; "" for none. It moves with every finished block,
   * also with one that had only an id and was no event [HTML §9.2.6].
   */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /**
   * Takes the next bytes. They are only read, and nothing refers to them after the call.
   *
   * @throws UsageError `invalid-argument` when `bytes` is no Uint8Array, `invalid-state` when
   *   called from inside a callback of the sink.
   */
  receive(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) {
      throw new UsageError('invalid-argument', 'bytes must be a Uint8Array');
    }
    if (this.#isReading) {
      throw new UsageError('invalid-state', 'a sink must not feed the reader that calls it');
    }
    if (this.#phase === 'done' || this.#hasEnded) return;
    if (this.#isPaused || this.#lines.hasRest || this.#waiting.length > 0) {
      this.#waiting.push(bytes);
    } else {
      this.#lines.begin(bytes);
      try {
        this.#read();
      } finally {
        this.#lines.detach();
      }
    }
    this.#readWaiting();
  }

  /** Says that the stream is over: an event that is not finished by now is thrown away. */
  receiveEnd(): void {
    this.#hasEnded = true;
    this.#readWaiting();
  }

  /** Delivers nothing more until {@link resume}; may be called from inside the sink. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on after {@link pause}, first with what came in the meantime. */
  resume(): void {
    this.#isPaused = false;
    this.#readWaiting();
  }

  /** Ends the reading for good: no callback comes after this, and the memory is let go. */
  stop(): void {
    this.#phase = 'done';
    this.#waiting.clear();
    this.#lines.clear();
    this.#clearEvent();
  }

  #readWaiting(): void {
    if (this.#isReading) return;
    while (!this.#isPaused && (this.#lines.hasRest || this.#waiting.length > 0)) {
      if (!this.#lines.hasRest) this.#lines.begin(this.#waiting.takeAll());
      this.#read();
    }
    if (!this.#isPaused && this.#hasEnded) this.stop();
  }

  #read(): void {
    const lines = this.#lines;
    this.#isReading = true;
    try {
      while (!this.#isPaused && this.#hasLine()) {
        if (lines.start === lines.end) this.#dispatch();
        else this.#takeField(lines.bytes, lines.start, lines.end);
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** The one place where a peer's fault becomes a failure. */
  #hasLine(): boolean {
    try {
      return this.#lines.next(this.#maxEventBytes - this.#heldBytes);
    } catch (error) {
      this.stop();
      this.#sink.failed(error as ProtocolError);
      return false;
    }
  }

  #takeField(bytes: Buffer, start: number, end: number): void {
    const name = fieldNameOf(bytes, start, end);
    if (name === undefined) return;
    start = valueStart(name, bytes, start, end);
    if (name === 'data') return this.#addData(bytes, start, end);
    switch (name) {
      case 'id':
        // An id that holds NUL is ignored as a whole [HTML §9.2.6].
        if (!this.#ids.read(bytes, start, end).includes('\0')) this.#idBuffer = this.#ids.text;
        break;
      case 'event':
        this.#heldBytes += end - start - this.#typeBytes;
        this.#typeBytes = end - start;
        this.#type = this.#types.read(bytes, start, end);
        break;
      case 'retry': {
        // It takes effect at once, not with the end of the event [HTML §9.2.6].
        const ms = readRetry(bytes.toString('utf8', start, end));
        if (ms !== undefined) this.#sink.retry(ms);
      }
    }
  }

  #addData(bytes: Buffer, start: number, end: number): void {
    this.#heldBytes += end - start + 1;
    this.#dataLines += 1;
    if (this.#dataLines === 1) {
      this.#firstData = bytes.toString('utf8', start, end);
      return;
    }
    if (this.#dataLines === 2) this.#data.push(Buffer.from(this.#firstData));
    this.#data.push(LINE_FEED);
    this.#data.push(bytes, start, end);
  }

  #dispatch(): void {
    // The position moves even when the block is no event.
    this.#lastEventId = this.#idBuffer;
    const lines = this.#dataLines;
    if (lines === 0 && this.#typeBytes === 0) return;
    const data = lines > 1 ? this.#data.peek().toString() : this.#firstData;
    const type = this.#type === '' ? 'message' : this.#type;
    // The type is forgotten also where there was no data, and nothing is dispatched.
    this.#clearEvent();
    if (lines > 0) this.#sink.event({ type, data, lastEventId: this.#lastEventId });
  }

  #clearEvent(): void {
    this.#firstData = '';
    if (this.#data.length > 0) this.#data.clear(this.#phase === 'done' ? 0 : KEPT_BYTES);
    this.#dataLines = 0;
    this.#heldBytes = 0;
    this.#type = '';
    this.#typeBytes = 0;
  }
}

settleShape(() => new EventStreamReader({} as EventStreamSink));

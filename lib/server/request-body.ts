/**
 * The body of a request, for the application to read, or not.
 *
 * ```
 *            read (bytes, text, json, for await)      end
 *   unread ─────────────────────────────────► reading ───► complete
 *      │ response is over                        │ left early
 *      └──────────────► discarded ◄──────────────┘          any: failed(error)
 * ```
 * Nothing is taken from the socket for a body that nobody reads, beyond what has arrived with its
 * head. A reader that is slow pauses the connection. Who reads when the response is over reads on,
 * and gets all of it or an error. The limit is on content, counted as it comes; a length announced
 * too large is refused before it is read, with `Expect: 100-continue` even before it is sent.
 */
import { ByteQueue, ProtocolError, UsageError } from '../base/index.ts';
import type { Fields, RequestHead } from '../http/index.ts';
import { keepBytes, MOST_BYTES, maxBytesOf, type ReadBodyOptions } from './body-limit.ts';
import { BodyPieces } from './body-pieces.ts';
import { decodeText, parseJson, requireJson, requirePlain, requireText } from './body-text.ts';

/** Unread bytes from which the connection is paused. */
const PAUSE_BYTES = 64 * 1024;

/** What a body asks of its connection. */
export interface BodySource {
  /** Deliver; may be called when nothing was paused. */
  wantBody(): void;
  /** Stop delivering for now. */
  pauseBody(): void;
  /** Nobody will read the rest. */
  leaveBody(): void;
}

/** The body of one request. */
export class RequestBody implements AsyncIterable<Buffer> {
  /** Bytes as announced; 0 when there is no body; `undefined` when it is chunked. */
  readonly length: number | undefined;
  readonly #fields: Fields;
  readonly #source: BodySource;
  readonly #queue = new ByteQueue();
  #maxBytes: number;
  #received = 0;
  #state: 'unread' | 'reading' | 'discarded' = 'unread';
  #isComplete: boolean;
  #error: Error | undefined;
  /** What was thrown because of what the bytes mean; reading them went well. */
  #refusals: WeakSet<Error> | undefined;
  #trailers: Fields | undefined;
  /** Called when something has changed that a waiting reader wants to know. */
  #wake: (() => void) | undefined;
  #isWholeWanted = false;

  constructor(head: RequestHead, source: BodySource, maxBytes: number) {
    const { framing } = head;
    this.length =
      framing.kind === 'chunked' ? undefined : framing.kind === 'none' ? 0 : framing.length;
    this.#fields = head.fields;
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#isComplete = this.length === 0;
  }

  /** True once all of it has arrived. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Bytes of content that have arrived. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** The trailer fields; `undefined` before the end, and when there are none. */
  get trailers(): Fields | undefined {
    return this.#trailers;
  }

  /**
   * Reads all of it. A response that is given meanwhile does not end the reading, unless it ends
   * the connection: then it fails with `premature-eof`.
   *
   * @returns a buffer of your own.
   * @throws UsageError `already-reading`; ProtocolError `body-too-large` (413), `body-timeout`
   *   (408), `premature-eof` and what else can be wrong with the bytes. A handler that lets such a
   *   ProtocolError pass answers with its status.
   */
  async bytes(options?: ReadBodyOptions): Promise<Buffer> {
    this.#begin(options, true);
    while (!this.#isComplete) await this.#change();
    return this.#queue.takeAll();
  }

  /**
   * Reads all of it as UTF-8, without a byte order mark.
   *
   * @throws as {@link bytes}; ProtocolError `unsupported-media-type` (415) for another charset,
   *   `unsupported-content-coding` (415) for a `Content-Encoding`, `body-not-utf8` (400).
   */
  async text(options?: ReadBodyOptions): Promise<string> {
    return this.#readAs(options, requireText, decodeText);
  }

  /**
   * Reads all of it as JSON.
   *
   * @throws as {@link text}; ProtocolError `unsupported-media-type` (415) unless the type is
   *   `application/json` or ends with `+json`, `body-not-json` (400).
   */
  async json(options?: ReadBodyOptions): Promise<unknown> {
    return this.#readAs(options, requireJson, (bytes) => parseJson(decodeText(bytes)));
  }

  /**
   * Reads it piece by piece, at your pace; the pieces are yours. Leaving the loop, or `return` from
   * elsewhere, discards the rest. The server's `maxBodyBytes` holds here too; see {@link pieces}.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return this.pieces();
  }

  /** Reads it piece by piece, as the iterator does, with a limit of its own. */
  pieces(options?: ReadBodyOptions): AsyncIterableIterator<Buffer, undefined> {
    return new BodyPieces({
      begin: () => this.#begin(options, false),
      take: () => {
        if (this.#queue.length === 0 && this.#isComplete) return undefined;
        if (!this.#isComplete && this.#error !== undefined) throw this.#error;
        return this.#queue.takeAll();
      },
      wait: (wake) => {
        this.#wake = wake;
        this.#source.wantBody();
      },
      leave: () => {
        this.discard();
        if (!this.#isComplete) this.#source.leaveBody();
      },
    });
  }

  // ── the connection's side ──────────────────────────────────────────────────────────────────

  /** @internal True when it will never be complete for the application. */
  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  /** @internal Whether an error was thrown here: then it tells what this client did. */
  hasThrown(error: Error): boolean {
    return error === this.#error || this.#refusals?.has(error) === true;
  }

  /** @internal True when nobody has begun to read. */
  get isUnread(): boolean {
    return this.#state === 'unread';
  }

  /** @internal True when somebody has begun to read and wants the rest. */
  get isBeingRead(): boolean {
    return this.#state === 'reading' && this.#error === undefined;
  }

  /** @internal True when bytes that come are wanted now. */
  get isWanted(): boolean {
    if (!this.isBeingRead) return false;
    return this.#isWholeWanted || this.#queue.length < PAUSE_BYTES;
  }

  /** @internal Takes in bytes, which are valid until the call returns. */
  push(bytes: Buffer): void {
    this.#received += bytes.length;
    if (this.#state === 'discarded' || this.#error !== undefined) return;
    if (this.#received > this.#maxBytes || !keepBytes(this.#queue, bytes)) {
      this.fail(new ProtocolError('body-too-large', `more than ${this.#received - 1} bytes`));
      this.#source.leaveBody();
      return;
    }
    if (!this.isWanted) this.#source.pauseBody();
    if (!this.#isWholeWanted) this.#wakeUp();
  }

  /** @internal All of it has come. */
  end(trailers: Fields | undefined): void {
    this.#isComplete = true;
    this.#trailers = trailers;
    this.#wakeUp();
  }

  /** @internal It will never be complete. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#queue.clear();
    this.#wakeUp();
  }

  /** @internal Nobody wants it any more: what comes is thrown away. */
  discard(): void {
    this.#state = 'discarded';
    this.#queue.clear();
  }

  /** Reads all of it and takes it for what it should be. What it throws tells of this client. */
  async #readAs<Value>(
    options: ReadBodyOptions | undefined,
    requireType: (contentType: string | undefined) => void,
    decode: (bytes: Buffer) => Value,
  ): Promise<Value> {
    try {
      requirePlain(this.#fields.get('content-encoding'));
      requireType(this.#fields.get('content-type'));
      return decode(await this.bytes(options));
    } catch (error) {
      this.#refusals ??= new WeakSet();
      this.#refusals.add(error as Error);
      throw error;
    }
  }

  #begin(options: ReadBodyOptions | undefined, isWholeWanted: boolean): void {
    if (this.#state !== 'unread') {
      throw new UsageError('already-reading', 'the body has been read, or is not wanted');
    }
    this.#maxBytes = maxBytesOf(options, this.#maxBytes);
    if (isWholeWanted) this.#maxBytes = Math.min(this.#maxBytes, MOST_BYTES);
    this.#state = 'reading';
    // Before it is asked for: what waits comes from within, and nobody would ask again.
    this.#isWholeWanted = isWholeWanted;
    if ((this.length ?? 0) > this.#maxBytes) {
      this.fail(new ProtocolError('body-too-large', `${this.length} of ${this.#maxBytes} bytes`));
    }
    if (this.#error !== undefined) throw this.#error;
    if (!this.#isComplete) this.#source.wantBody();
  }

  /** Waits until something changes; throws when the change is a failure. */
  async #change(): Promise<void> {
    if (this.#error === undefined) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

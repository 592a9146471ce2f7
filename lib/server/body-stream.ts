/**
 * A response body that is written piece by piece.
 *
 * ```ts
 * const body = exchange.stream(200, { 'content-type': 'text/plain' });
 * for (const line of lines) if (!(await body.write(line))) break;    // false: the client has gone
 * body.end();
 * ```
 */
import type { FieldsInit } from '../http/index.ts';
import { type MessageData, toPayload } from '../peer/index.ts';
import type { ResponseChannel } from './response-channel.ts';

/** What a stream asks of its exchange. */
export interface StreamOwner {
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** Cuts the connection, so that the client sees a body that is not complete. */
  breakOff(error: unknown): void;
}

/** The body of a response, from `exchange.stream`. */
export class BodyStream {
  readonly #channel: ResponseChannel;
  readonly #owner: StreamOwner;
  readonly #isWanted: boolean;

  /** Made by `exchange.stream`. */
  constructor(channel: ResponseChannel, owner: StreamOwner) {
    this.#channel = channel;
    this.#owner = owner;
    this.#isWanted = channel.isOpen;
  }

  /**
   * False when nobody wants more: the client is gone, the body has ended, or the response has none
   * because it answers HEAD or is a 204, 205 or 304. Writing does nothing then.
   */
  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** Output in bytes that was accepted and has not left this process. */
  get bufferedAmount(): number {
    return this.#channel.bufferedBytes;
  }

  /** Aborted when nobody wants more before `end`; at once for a response without a body. */
  get signal(): AbortSignal {
    return this.#isWanted ? this.#owner.signal : AbortSignal.abort();
  }

  /**
   * Writes text, or bytes that must not change from now on. Await it: that is the back-pressure.
   *
   * @returns true when the client takes more; false, and never an exception, when it is gone.
   * @throws UsageError `invalid-argument` for anything that is neither; `invalid-state` beyond an
   *   announced `Content-Length`.
   */
  write(data: MessageData): Promise<boolean> {
    this.#channel.write(toPayload(data));
    return this.#channel.drained();
  }

  /**
   * Resolves with true when the client takes more, at once if it does; with false when it is gone.
   */
  drained(): Promise<boolean> {
    return this.#channel.drained();
  }

  /** Sends what was written in this turn now, and not with the rest of the turn. */
  flush(): void {
    this.#channel.flush();
  }

  /**
   * Ends the body.
   *
   * @param trailers fields that come behind a chunked body; left out where there is no place.
   * @returns false when the client was gone before.
   * @throws UsageError `invalid-state` when an announced `Content-Length` is not reached,
   *   `invalid-header` for trailers that are not allowed; the body goes on then.
   */
  end(trailers?: FieldsInit): boolean {
    return this.#channel.end(trailers);
  }

  /** Cuts the connection: the client sees that the body is not complete. */
  abort(error?: unknown): void {
    if (this.#channel.isOpen) this.#owner.breakOff(error);
  }
}

/**
 * How long one message may take: to arrive, and to be inflated.
 *
 * ```
 * message    ├──────── arrives ────────┤▒▒ we pause ▒▒├─ arrives ─┤░░ inflating ░░├─ arrives …
 * counts for   messageTimeoutMs                         the same    inflateTimeoutMs
 * ```
 * Only the time in which we were reading counts against the peer: a slow application that pauses
 * must not have its peer cut for it, and a peer must not win time by our pausing. The time that
 * inflating takes is counted apart, slice by slice: while a message waits for a turn of zlib's
 * threads nothing counts, or the messages of others would end its connection.
 *
 * It knows the time from its arguments. Deadlines are late by one tick at most.
 */
import { ProtocolError, resolveLimit } from '../base/index.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Watches the message that is unfinished. */
export class MessageDeadline {
  readonly #messageTimeoutMs: number;
  readonly #inflateTimeoutMs: number;
  /** When a tick first saw the message, and how much time not spent reading there had been. */
  #sinceMs: number | undefined;
  #deafMsBefore = 0;
  /** Time not spent reading, of the whole connection, and since when it has been so now. */
  #deafMs = 0;
  #deafSinceMs: number | undefined;
  /** Time spent inflating this message, and since when it has been so now. */
  #inflatingMs = 0;
  #inflatingSinceMs: number | undefined;

  /** @throws UsageError `invalid-option` for a limit that is not a whole number. */
  constructor(
    options: Pick<ConnectionOptions, 'delivery' | 'messageTimeoutMs' | 'inflateTimeoutMs'>,
  ) {
    // What is streamed may take its time; what is kept in memory until it is whole may not.
    const isStreamed = options.delivery === 'pieces';
    const otherwise = isStreamed ? Number.POSITIVE_INFINITY : undefined;
    const { messageTimeoutMs = otherwise, inflateTimeoutMs = otherwise } = options;
    this.#messageTimeoutMs = resolveLimit('messageTimeoutMs', messageTimeoutMs);
    this.#inflateTimeoutMs = resolveLimit('inflateTimeoutMs', inflateTimeoutMs);
  }

  /** We begin to read, or stop. */
  reading(isReading: boolean, nowMs: number): void {
    if (!isReading) {
      this.#deafSinceMs ??= nowMs;
    } else if (this.#deafSinceMs !== undefined) {
      this.#deafMs += nowMs - this.#deafSinceMs;
      this.#deafSinceMs = undefined;
    }
  }

  /** A slice of a piece is being inflated elsewhere, or not any more. */
  inflating(isInflating: boolean, nowMs: number): void {
    if (isInflating) {
      this.#inflatingSinceMs = nowMs;
    } else if (this.#inflatingSinceMs !== undefined) {
      this.#inflatingMs += nowMs - this.#inflatingSinceMs;
      this.#inflatingSinceMs = undefined;
    }
  }

  /** The message has ended: the next one has its own time. */
  messageEnded(): void {
    this.#sinceMs = undefined;
    this.#inflatingMs = 0;
  }

  /** Tells what is overdue. Call it about once a second. */
  tick(nowMs: number, isUnfinished: boolean): ProtocolError | undefined {
    if (!isUnfinished) return undefined;
    const inflatingMs = this.#inflatingMs + sinceOf(this.#inflatingSinceMs, nowMs);
    if (inflatingMs >= this.#inflateTimeoutMs) {
      return new ProtocolError('inflate-timeout', `${this.#inflateTimeoutMs} ms`);
    }
    const deafMs = this.#deafMs + sinceOf(this.#deafSinceMs, nowMs);
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#deafMsBefore = deafMs;
    }
    const readingMs = nowMs - this.#sinceMs - (deafMs - this.#deafMsBefore);
    if (readingMs < this.#messageTimeoutMs) return undefined;
    return new ProtocolError('message-timeout', `${this.#messageTimeoutMs} ms`);
  }
}

function sinceOf(startMs: number | undefined, nowMs: number): number {
  return startMs === undefined ? 0 : nowMs - startMs;
}

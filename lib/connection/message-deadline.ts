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
import { ProtocolError } from '../base/index.ts';
import type { ConnectionLimits } from './connection-limits.ts';

type MessageTimes = Pick<ConnectionLimits, 'messageTimeoutMs' | 'inflateTimeoutMs'>;

/** Watches one message. */
export class MessageDeadline {
  readonly #limits: MessageTimes;
  /** When a tick first saw the message. */
  #sinceMs: number | undefined;
  /** Time not spent reading since then, and since when it has been so now. */
  #deafMs = 0;
  #deafSinceMs: number | undefined;
  /** Time spent inflating this message, and since when it has been so now. */
  #inflatingMs = 0;
  #inflatingSinceMs: number | undefined;

  /** @param isReading whether the transport is being read. */
  constructor(limits: MessageTimes, isReading: boolean, nowMs: number) {
    this.#limits = limits;
    this.reading(isReading, nowMs);
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

  /** Tells what is overdue. Call it about once a second. */
  tick(nowMs: number): ProtocolError | undefined {
    const { messageTimeoutMs, inflateTimeoutMs } = this.#limits;
    const inflatingMs = this.#inflatingMs + sinceOf(this.#inflatingSinceMs, nowMs);
    if (inflatingMs >= inflateTimeoutMs) {
      return new ProtocolError('inflate-timeout', `${inflateTimeoutMs} ms`);
    }
    if (this.#sinceMs === undefined) this.#begin(nowMs);
    const deafMs = this.#deafMs + sinceOf(this.#deafSinceMs, nowMs);
    const readingMs = sinceOf(this.#sinceMs, nowMs) - deafMs;
    if (readingMs < messageTimeoutMs) return undefined;
    return new ProtocolError('message-timeout', `${messageTimeoutMs} ms`);
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#deafMs = 0;
    if (this.#deafSinceMs !== undefined) this.#deafSinceMs = nowMs;
  }
}

function sinceOf(startMs: number | undefined, nowMs: number): number {
  return startMs === undefined ? 0 : nowMs - startMs;
}

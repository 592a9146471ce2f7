/**
 * How one connection comes to its end: who began, what was said, what went wrong, since when.
 *
 * It moves along the table of `close-handshake.ts` and remembers what the close report will tell.
 * It writes no frames and knows no transport.
 */
import type { ProtocolError } from '../base/index.ts';
import type { ClosePayload } from '../codec/index.ts';
import {
  type CloseEvent,
  type CloseState,
  isReadable,
  isWritable,
  nextCloseState,
} from './close-handshake.ts';
import { ABNORMAL, type CloseReport } from './close-report.ts';

/**
 * What closing waits for: our frame to leave, the peer's to come, the transport to end. Each has
 * its time; only the first two are the closing handshake.
 */
export type Awaited = 'our-close' | 'peer-close' | 'transport-end';

/** The end of one connection, from the first step on. */
export class Closing {
  /** The rule that was broken or the deadline that passed. */
  error: ProtocolError | undefined;
  /** Code of our close frame, once it is written. */
  sentCode: number | undefined;
  #state: CloseState = 'open';
  #beganBy: 'us' | 'peer' | undefined;
  #peerClose: ClosePayload | undefined;
  #awaited: Awaited | undefined;
  #beganAtMs = 0;
  #sinceMs = 0;

  /** Where the closing handshake stands. */
  get state(): CloseState {
    return this.#state;
  }

  /** True while sending messages makes sense. */
  get isOpen(): boolean {
    return this.#state === 'open' && this.#awaited === undefined;
  }

  /** True while input still means something. */
  get isReadable(): boolean {
    return isReadable(this.#state);
  }

  /** True while frames may still be written. */
  get isWritable(): boolean {
    return isWritable(this.#state) && this.#awaited !== 'transport-end';
  }

  /** What is waited for; `undefined` before closing has begun. */
  get awaited(): Awaited | undefined {
    return this.#awaited;
  }

  /** True where the table allows this event. */
  allows(event: CloseEvent): boolean {
    return nextCloseState(this.#state, event) !== undefined;
  }

  /** Takes a step; false where the table has none. */
  move(event: CloseEvent): boolean {
    const next = nextCloseState(this.#state, event);
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  /** Somebody begins to close; only the first counts. */
  begin(by: 'us' | 'peer'): void {
    this.#beganBy ??= by;
  }

  /** Waits for the next thing; waiting for the same again changes nothing. */
  await(what: Awaited, nowMs: number): void {
    if (this.#awaited === what) return;
    if (this.#awaited === undefined) this.#beganAtMs = nowMs;
    this.#awaited = what;
    this.#sinceMs = nowMs;
  }

  /** The peer's close frame came. */
  heard(close: ClosePayload): void {
    this.#peerClose = close;
  }

  /** How long it has been waited for what is awaited, in ms. */
  waitedMs(nowMs: number): number {
    return this.#awaited === undefined ? 0 : nowMs - this.#sinceMs;
  }

  /** Counts the waiting anew: something has moved. */
  waitOn(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** How long it is since closing began, in ms. */
  lastedMs(nowMs: number): number {
    return this.#awaited === undefined ? 0 : nowMs - this.#beganAtMs;
  }

  /** What there is to tell. */
  report(transportError: Error | undefined, isClean: boolean, atMs: number): CloseReport {
    return {
      code: this.#peerClose?.code ?? ABNORMAL,
      reason: this.#peerClose?.reason ?? '',
      wasClean: isClean,
      closedBy: this.#beganBy ?? 'transport',
      sentCode: this.sentCode,
      error: this.error,
      transportError,
      atMs,
    };
  }
}

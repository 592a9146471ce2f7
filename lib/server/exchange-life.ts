/**
 * How an exchange ends, and who is told.
 *
 * An exchange ends once: when the last byte of its answer has left, or when that will never happen.
 * Then the signal is aborted unless everything went well, and the clean-ups run, the newest first.
 */
import { callSafely } from '../base/index.ts';
import type { TransportEnd } from './pump-sink.ts';

/** Why an exchange is over: `completed`, or what kept it from that. */
export type ExchangeEnd =
  | 'completed'
  /** The handler threw after a part of the answer had left, or broke it off. */
  | 'broken-off'
  | TransportEnd;

/** What clean-ups are told. */
export interface ExchangeReport {
  readonly reason: ExchangeEnd;
  /** What broke it: the socket's error, or the handler's. */
  readonly error: unknown;
}

/** Runs when an exchange is over. It may be asynchronous; nobody waits for it. */
export type Cleanup = (report: ExchangeReport) => unknown;

/** The reason of an aborted `signal`. */
export class ExchangeAborted extends Error {
  override readonly name = 'AbortError';
  /** Why nobody waits for the answer any more. */
  readonly reason: ExchangeEnd;

  /** Names the reason. */
  constructor(reason: ExchangeEnd) {
    super(`the exchange is over: ${reason}`);
    this.reason = reason;
  }
}

/** The end of one exchange. */
export class ExchangeLife {
  readonly #reportError: (error: unknown) => void;
  #cleanups: Cleanup[] | undefined;
  #aborter: AbortController | undefined;
  #abortedFor: ExchangeEnd | undefined;
  #report: ExchangeReport | undefined;

  /** @param reportError takes what a clean-up throws. */
  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  /** Set once it is over. */
  get report(): ExchangeReport | undefined {
    return this.#report;
  }

  /** Why nobody waits for the answer any more; `undefined` while somebody does. */
  get abortedFor(): ExchangeEnd | undefined {
    return this.#abortedFor;
  }

  /** True when somebody waits for the end, or has asked for the signal. */
  get isObserved(): boolean {
    return this.isWatched || this.#aborter !== undefined;
  }

  /** True when somebody waits for the end. */
  get isWatched(): boolean {
    return this.#cleanups !== undefined;
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#abortedFor !== undefined) {
        this.#aborter.abort(new ExchangeAborted(this.#abortedFor));
      }
    }
    return this.#aborter.signal;
  }

  /** Registers a clean-up, which runs once; at once when the exchange is over. */
  onClose(cleanup: Cleanup): void {
    if (this.#report !== undefined) {
      this.#run(cleanup, this.#report);
      return;
    }
    this.#cleanups ??= [];
    this.#cleanups.push(cleanup);
  }

  /** Aborts the signal. */
  abort(reason: ExchangeEnd): void {
    if (this.#abortedFor !== undefined) return;
    this.#abortedFor = reason;
    this.#aborter?.abort(new ExchangeAborted(reason));
  }

  /** It is over. Only the first call counts. */
  finish(reason: ExchangeEnd, error?: unknown): void {
    if (this.#report !== undefined) return;
    this.#report = { reason, error };
    if (reason !== 'completed') this.abort(reason);
    const cleanups = this.#cleanups;
    this.#cleanups = undefined;
    if (cleanups === undefined) return;
    for (const cleanup of cleanups.reverse()) this.#run(cleanup, this.#report);
  }

  /** One clean-up that fails must not keep the others from running. */
  #run(cleanup: Cleanup, report: ExchangeReport): void {
    callSafely(() => cleanup(report), this.#reportError);
  }
}

/**
 * The end of a server: waits until everybody has left, and throws out who has not at the deadline.
 */
import { CHECKED_LATER, checkOptions, resolveLimit, UsageError } from '../base/index.ts';
import type { Acceptor } from './acceptor.ts';
import { Deadline, type TimerWheel } from './clock.ts';

/** Options of `server.close`. */
export interface CloseOptions {
  /** How long answers may take to be completed, in ms; then they are cut. Default 10 s. */
  readonly deadlineMs?: number | undefined;
  /**
   * Over how long the goodbyes to WebSockets are spread, in ms; default the server's
   * `closeSpreadMs`. The deadline ends it as well.
   */
  readonly spreadMs?: number | undefined;
}

/** How long closing may take, checked; in ms. */
export interface ClosingTimes {
  readonly deadlineMs: number;
  readonly spreadMs: number;
}

const CLOSING = { deadlineMs: CHECKED_LATER, spreadMs: CHECKED_LATER };

/**
 * Checks the options of `server.close`.
 *
 * @throws UsageError `invalid-option`.
 */
export function resolveClosing(
  options: CloseOptions,
  settings: { readonly shutdownTimeoutMs: number; readonly closeSpreadMs: number },
): ClosingTimes {
  checkOptions(options, CLOSING);
  const { shutdownTimeoutMs, closeSpreadMs } = settings;
  const deadlineMs = resolveLimit('shutdownTimeoutMs', options.deadlineMs ?? shutdownTimeoutMs);
  const spreadMs = checkSpread(options.spreadMs ?? closeSpreadMs);
  return { deadlineMs, spreadMs: Math.min(spreadMs, deadlineMs) };
}

/** @throws UsageError `invalid-option` for anything but a number of ms from 0. */
export function checkSpread(spreadMs: number): number {
  if (Number.isSafeInteger(spreadMs) && spreadMs >= 0) return spreadMs;
  throw new UsageError(
    'invalid-option',
    `goodbyes are spread over whole ms, not ${String(spreadMs)}`,
  );
}

/** How long a connection that was cut at the deadline may take to be closed. */
const CUT_MS = 1_000;

/** What closing had to do. */
export interface CloseResult {
  /** Connections that were cut at the deadline. */
  readonly cut: number;
}

/**
 * Resolves when no connection is open any more, or when one that was cut at the deadline does not
 * close: there are streams whose `_destroy` never comes to an end.
 *
 * @param breakOff called at the deadline, for connections that are cut in a way of their own.
 */
export function untilEveryoneLeft(
  acceptor: Acceptor,
  wheel: TimerWheel,
  deadlineMs: number,
  breakOff: () => void,
): Promise<CloseResult> {
  return new Promise((resolve) => {
    // The wheel's timer keeps no process alive, and neither does a socket that nobody reads.
    const vigil = setInterval(() => undefined, 2 ** 30);
    let cut = 0;
    const done = (): void => {
      deadline.clear();
      clearInterval(vigil);
      resolve({ cut });
    };
    const deadline = new Deadline(wheel, acceptor, () => {
      if (cut > 0) {
        done();
        return;
      }
      breakOff();
      // A socket that is destroyed closes later, and is counted here.
      cut = acceptor.cut();
      deadline.setIn(CUT_MS);
    });
    deadline.setIn(deadlineMs);
    acceptor.whenEmpty(done);
  });
}

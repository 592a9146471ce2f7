/**
 * How a peer ended, and those who wait for that, or for a pong that may come before.
 *
 * It is made when somebody first asks, or at the end: most peers are open, and nobody asks.
 */
import { UsageError } from '../base/index.ts';
import type { CloseReport } from '../connection/index.ts';

/**
 * The end of one peer, before it and afterwards. Who ends it sets {@link report}, then calls
 * {@link failPings}, {@link abort} and, behind the `close` handler, {@link tell}.
 */
export class PeerEnd {
  /** How it ended; `undefined` while it is open. */
  report: CloseReport | undefined;
  #closed: Promise<CloseReport> | undefined;
  #resolveClosed: ((report: CloseReport) => void) | undefined;
  #pingWaiters: Set<(error: Error) => void> | undefined;
  #aborter: AbortController | undefined;

  /** Resolves when it has ended. Never rejects. */
  get closed(): Promise<CloseReport> {
    this.#closed ??= new Promise((resolve) => {
      if (this.report === undefined) this.#resolveClosed = resolve;
      else resolve(this.report);
    });
    return this.#closed;
  }

  /** Aborted when it has ended. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.report !== undefined) this.#aborter.abort();
    }
    return this.#aborter.signal;
  }

  /** Pings that wait for a pong. */
  get pingsInFlight(): number {
    return this.#pingWaiters?.size ?? 0;
  }

  /**
   * Waits for a pong, until the end.
   *
   * @param ping sends a ping, and calls back when its pong comes; false when none was sent.
   * @param why says why none was sent.
   */
  pong(
    ping: (answered: (roundTripMs: number) => void) => boolean,
    why: () => string,
  ): Promise<number> {
    this.#pingWaiters ??= new Set();
    const waiters = this.#pingWaiters;
    let resolve!: (roundTripMs: number) => void;
    let reject!: (error: Error) => void;
    const pong = new Promise<number>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const isSent = ping((roundTripMs) => {
      waiters.delete(reject);
      resolve(roundTripMs);
    });
    if (isSent) waiters.add(reject);
    else reject(new UsageError('invalid-state', why()));
    return pong;
  }

  /** No pong comes any more. */
  failPings(): void {
    for (const reject of this.#pingWaiters ?? []) {
      reject(new UsageError('invalid-state', 'the connection ended before the pong came'));
    }
    this.#pingWaiters = undefined;
  }

  /** Aborts the signal, if there is one. */
  abort(): void {
    this.#aborter?.abort();
  }

  /** Tells whoever waits for the end; {@link report} is there. */
  tell(): void {
    this.#resolveClosed?.(this.report!);
  }
}

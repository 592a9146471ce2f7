/**
 * Long polling: a request is held until there is something to say [RFC 6202 §2].
 *
 * ```
 *  poll ──► events after the position?  yes ──────────────► answered at once, all of them together
 *                  │ no                                                        §2.2
 *                  └─► held ── an event ──────────────────► answered
 *                           ── 25 s ──────────────────────► answered, empty; still 200   §5.4, §5.5
 *                           ── a newer poll of this page ─► answered, "replaced"         §5.1
 *                           ── the client is gone ────────► forgotten
 * ```
 * Nothing is lost between two polls, because a poll names its position and the log remembers.
 */
import type { PollAnswer } from './page/messages.ts';
import { type Ticker, ticksIn } from './ticker.ts';

/** Below every proxy's timeout on the way; 30 s is the longest safe value [RFC 6202 §5.5]. */
const HOLD_MS = 25_000;
/**
 * Held requests cost little, but not nothing; more than these are answered at once [RFC 6202
 * §6].
 */
const MAX_HELD = 1000;

/** Settings of a {@link PollDesk}. */
export interface PollDeskOptions {
  readonly holdMs?: number;
  readonly maxHeld?: number;
  readonly now?: () => number;
}

/** Holds the polls of all pages. */
export class PollDesk {
  readonly #ticker: Ticker;
  readonly #holdMs: number;
  readonly #maxHeld: number;
  readonly #now: () => number;
  /** What answers the held poll of a page, by page. */
  readonly #held = new Map<string, (why: PollAnswer['why']) => void>();

  constructor(ticker: Ticker, options: PollDeskOptions = {}) {
    this.#ticker = ticker;
    this.#holdMs = options.holdMs ?? HOLD_MS;
    this.#maxHeld = options.maxHeld ?? MAX_HELD;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many requests are held. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Waits for what a page has not seen.
   *
   * @param page the one that asks: it holds one request at a time.
   * @param after the position of the last answer; "" for the first poll, which waits for the next
   *   event.
   * @param signal aborted when the client is gone.
   * @returns the answer; when the client is gone, one that nobody will read.
   */
  poll(page: string, after: string, signal: AbortSignal): Promise<PollAnswer> {
    this.#held.get(page)?.('replaced');
    const { log } = this.#ticker;
    const replay = log.since(after);
    if (replay.kind === 'gap') return Promise.resolve(this.#answer('reset', '', 0));
    const position = after === '' ? log.lastId : after;
    if (replay.kind === 'caught-up' && replay.events.length > 0) {
      return Promise.resolve(this.#answer('ticks', position, 0));
    }
    if (this.#held.size >= this.#maxHeld) return Promise.resolve(this.#answer('busy', position, 0));
    return this.#hold(page, position, signal);
  }

  /** Answers everything that is held, now. */
  close(): void {
    for (const answer of this.#held.values()) answer('timeout');
  }

  #hold(page: string, position: string, signal: AbortSignal): Promise<PollAnswer> {
    const begun = this.#now();
    return new Promise((done) => {
      const answer = (why: PollAnswer['why']): void => {
        clearTimeout(timer);
        unsubscribe();
        signal.removeEventListener('abort', giveUp);
        this.#held.delete(page);
        done(this.#answer(why, position, this.#now() - begun));
      };
      const giveUp = (): void => answer('timeout');
      const timer = setTimeout(giveUp, this.#holdMs);
      const unsubscribe = this.#ticker.subscribe(() => answer('ticks'));
      signal.addEventListener('abort', giveUp);
      this.#held.set(page, answer);
      if (signal.aborted) giveUp();
    });
  }

  #answer(why: PollAnswer['why'], position: string, heldMs: number): PollAnswer {
    const { log } = this.#ticker;
    const replay = log.since(position);
    const events = why === 'ticks' && replay.kind === 'caught-up' ? replay.events : [];
    // An empty answer leaves the page where it is: an event of this very moment is not skipped.
    const lastId = events.at(-1)?.id ?? (position === '' ? log.lastId : position);
    return { ticks: ticksIn(events), lastId, why, heldMs: Math.round(heldMs) };
  }
}

/**
 * Goodbye to all WebSockets, one after the other.
 *
 * ```
 *   close() ─ 1001 ─── 1001 ─── 1001 ─── 1001 ──┐             ┌─ the deadline: who is left is cut
 *             └──────────── spreadMs ───────────┘
 * ```
 * Clients that are told at the same moment come back at the same moment, to a server that has just
 * started or to one that has its own clients already. Whoever waits for its turn is served as ever.
 */
import type { WebSocketPeer } from '../peer/index.ts';
import { Deadline, type TimerWheel } from './clock.ts';

/** Says goodbye with 1001; the first at once, the others spread evenly over `spreadMs`. */
export function sayGoodbye(
  peers: readonly WebSocketPeer[],
  wheel: TimerWheel,
  spreadMs: number,
): void {
  if (peers.length > 0) new Farewell(peers, wheel, spreadMs).goOn();
}

class Farewell {
  readonly #peers: readonly WebSocketPeer[];
  readonly #wheel: TimerWheel;
  readonly #spreadMs: number;
  readonly #startMs: number;
  readonly #next: Deadline<Farewell>;
  #told = 0;

  constructor(peers: readonly WebSocketPeer[], wheel: TimerWheel, spreadMs: number) {
    this.#peers = peers;
    this.#wheel = wheel;
    this.#spreadMs = spreadMs;
    this.#startMs = wheel.time.now();
    this.#next = new Deadline<Farewell>(wheel, this, (farewell) => farewell.goOn());
  }

  /** Tells those whose turn has come. */
  goOn(): void {
    const { length } = this.#peers;
    const shareMs = this.#spreadMs / length;
    const passedMs = this.#wheel.time.now() - this.#startMs;
    const due = shareMs === 0 ? length : Math.min(length, Math.floor(passedMs / shareMs) + 1);
    for (; this.#told < due; this.#told += 1) {
      const peer = this.#peers[this.#told]!;
      if (peer.isOpen) void peer.close(1001, 'server closes');
    }
    if (due < length) this.#next.setAt(this.#startMs + due * shareMs);
  }
}

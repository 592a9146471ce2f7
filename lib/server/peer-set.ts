/**
 * The open WebSockets that somebody answers for: those of the `websocket` option, or those that
 * handlers have accepted by themselves.
 *
 * One set listens to the ends of all its peers, and is the clock of all of them: one deadline of
 * the server's wheel. A promise and a closure for each peer would cost an idle connection more
 * memory than its place in the set, and so would a place in a second one.
 */
import type { PeerOwner, Ticker, WebSocketPeer } from '../peer/index.ts';
import { Deadline, type TimerWheel } from './clock.ts';

const INTERVAL_MS = 1000;

/** Open peers, to be told when the server goes away; they tick about once a second. */
export class PeerSet implements PeerOwner, Ticker {
  /** The peers that are open. */
  readonly peers = new Set<WebSocketPeer>();
  readonly #wheel: TimerWheel;
  readonly #deadline: Deadline<PeerSet>;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
    this.#deadline = new Deadline<PeerSet>(wheel, this, tickAll);
  }

  /** Knows a peer, whose owner and ticker it is, until it is closed. */
  know(peer: WebSocketPeer): void {
    this.peers.add(peer);
    if (!this.#deadline.isSet) this.#deadline.setIn(INTERVAL_MS);
  }

  peerClosed(peer: WebSocketPeer): void {
    this.peers.delete(peer);
    if (this.peers.size === 0) this.#deadline.clear();
  }

  now(): number {
    return this.#wheel.time.now();
  }

  /** Does nothing: {@link know} adds a peer at once, and only peers are ticked. */
  add(): void {}

  /** Does nothing: {@link peerClosed} has removed it. */
  delete(): void {}

  /** @internal */
  tickAll(): void {
    const now = this.now();
    this.#deadline.setIn(INTERVAL_MS);
    for (const peer of this.peers) peer.tick(now);
  }
}

function tickAll(set: PeerSet): void {
  set.tickAll();
}

/**
 * The open WebSockets that somebody answers for: those of the `websocket` option, or those that
 * handlers have accepted by themselves.
 *
 * One set listens to the ends of all its peers. A promise and a closure for each peer would cost an
 * idle connection more memory than its place in the set.
 */
import type { PeerOwner, WebSocketPeer } from '../peer/index.ts';

/** Open peers, to be told when the server goes away. */
export class PeerSet implements PeerOwner {
  /** The peers that are open. */
  readonly peers = new Set<WebSocketPeer>();

  /** Knows a peer, whose `owner` it is, until it is closed. */
  add(peer: WebSocketPeer): void {
    this.peers.add(peer);
  }

  peerClosed(peer: WebSocketPeer): void {
    this.peers.delete(peer);
  }
}

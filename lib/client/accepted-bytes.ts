/**
 * Bytes of messages that a peer was given and that have not left this process, as
 * `bufferedAmount` counts them [HTML §9.3.1].
 *
 * A connection that is lost has nothing left that waits, so what waited when one looked last is
 * remembered: that is looked for behind each send, and when output that had piled up has left.
 */
import type { WebSocketPeer } from '../peer/index.ts';

/** Counts for one peer. */
export class AcceptedBytes {
  readonly #peer: Pick<WebSocketPeer, 'bufferedAmount'>;
  /** Given since it was last empty. */
  #givenBytes = 0;
  #lastBytes = 0;
  #willLook = false;

  constructor(peer: Pick<WebSocketPeer, 'bufferedAmount'>) {
    this.#peer = peer;
  }

  /** Notes that the peer is given a message of so many bytes, which it has not yet. */
  add(bytes: number): void {
    this.look();
    this.#givenBytes += bytes;
    if (this.#willLook) return;
    this.#willLook = true;
    setImmediate(() => {
      this.#willLook = false;
      this.look();
    });
  }

  /** What waits. The peer counts frames, their headers included; none means that all has left. */
  look(): number {
    const frameBytes = this.#peer.bufferedAmount;
    if (frameBytes === 0) this.#givenBytes = 0;
    this.#lastBytes = Math.min(frameBytes, this.#givenBytes);
    return this.#lastBytes;
  }

  /** What waited when one looked last. From now on nothing does. */
  takeLast(): number {
    const bytes = this.#lastBytes;
    this.#givenBytes = 0;
    this.#lastBytes = 0;
    return bytes;
  }
}

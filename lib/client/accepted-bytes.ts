/**
 * Bytes of messages that a peer was given and that have not left this process, as
 * `bufferedAmount` counts them [HTML §9.3.1].
 *
 * The peer counts frames, headers included, also those of messages that do not count here. So what
 * was given counts from when the peer was empty last: that is looked for before and behind each
 * send, and when output that had piled up has left. A peer that is over counts what never left.
 *
 * A program sees its messages counted until its task ends, whatever has left before that: so the
 * standard has it, and so a loop that sends until enough waits comes to an end.
 */
import type { WebSocketPeer } from '../peer/index.ts';

/** Counts for one peer. */
export class AcceptedBytes {
  readonly #peer: Pick<WebSocketPeer, 'bufferedAmount'>;
  /** Given since it was last empty. */
  #givenBytes = 0;
  /** Given in this task. */
  #newBytes = 0;
  #willLook = false;

  constructor(peer: Pick<WebSocketPeer, 'bufferedAmount'>) {
    this.#peer = peer;
  }

  /** Notes that the peer is given a message of so many bytes, which it has not yet. */
  add(bytes: number): void {
    this.look();
    this.#givenBytes += bytes;
    this.#newBytes += bytes;
    if (this.#willLook) return;
    this.#willLook = true;
    setImmediate(() => {
      this.#willLook = false;
      this.#newBytes = 0;
      this.look();
    });
  }

  /** What waits, or was given in this task. */
  get amount(): number {
    return Math.max(this.look(), this.#newBytes);
  }

  /** What waits. */
  look(): number {
    const frameBytes = this.#peer.bufferedAmount;
    if (frameBytes === 0) this.#givenBytes = 0;
    return Math.min(frameBytes, this.#givenBytes);
  }

  /** What waits, or never left a connection that is over. From now on nothing does. */
  take(): number {
    const bytes = this.look();
    this.#givenBytes = 0;
    this.#newBytes = 0;
    return bytes;
  }
}

/**
 * Blobs on their way: they can only be read later, but keep their place in the order, and closing
 * comes behind them [HTML §9.3.2].
 */
import type { WebSocketPeer } from '../peer/index.ts';
import type { ClientWorld } from './world.ts';

/** Sends Blobs, and waits for them. */
export class BlobSending {
  readonly #unsent: (bytes: number) => void;
  #bytes = 0;
  #count = 0;
  /** Waits for the last one. */
  #whenSent = (): void => {};

  /** @param unsent is told the size of each Blob that will never be sent. */
  constructor(unsent: (bytes: number) => void) {
    this.#unsent = unsent;
  }

  /** Bytes of those that are on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sends one. */
  send(peer: WebSocketPeer, blob: Blob): void {
    this.#bytes += blob.size;
    this.#count += 1;
    const done = (isSent: boolean): void => {
      this.#bytes -= blob.size;
      this.#count -= 1;
      if (!isSent) this.#unsent(blob.size);
      if (this.#count === 0) this.#whenSent();
    };
    // A Blob that cannot be read closes the connection; that is where it is reported.
    peer.send(blob).then(done, () => done(false));
  }

  /**
   * Calls back once: when no Blob is on its way, or none moves because the peer has taken nothing
   * for `patienceMs`.
   */
  whenSent(
    peer: WebSocketPeer,
    world: ClientWorld,
    patienceMs: number,
    callback: () => void,
  ): void {
    if (this.#count === 0) return callback();
    let takenBytes = takenBy(peer);
    const look = (): void => {
      const hasMoved = takenBy(peer) !== takenBytes;
      takenBytes = takenBy(peer);
      if (hasMoved) cancel = world.after(patienceMs, look);
      else this.#whenSent();
    };
    let cancel = world.after(patienceMs, look);
    this.#whenSent = () => {
      this.#whenSent = () => {};
      cancel();
      callback();
    };
  }
}

/** What has left this process. */
function takenBy({ counters, bufferedAmount }: WebSocketPeer): number {
  return counters.bytesSent - bufferedAmount;
}

/**
 * Blobs and async iterables on their way: what they give can only be read later, but they keep
 * their place in the order, and closing comes behind them [HTML §9.3.2].
 */
import type { MessageData, PeerSendOptions, WebSocketPeer } from '../peer/index.ts';
import type { ClientWorld } from './world.ts';

/** How long closing waits for them, in ms. */
export interface Patience {
  /** At most, while nothing moves. */
  readonly closeTimeoutMs: number;
  /** At most, whatever moves: a source may be endless, and a reader take a byte now and then. */
  readonly maxCloseMs: number;
}

/** Sends them, and waits for them. */
export class SourceSending {
  readonly #unsent: (bytes: number) => void;
  #bytes = 0;
  #count = 0;
  /** Goes up with each connection that is lost. */
  #round = 0;
  /** Waits for the last one. */
  #whenSent = (): void => {};

  /** @param unsent is told the size of each Blob that breaks off while there is a connection. */
  constructor(unsent: (bytes: number) => void) {
    this.#unsent = unsent;
  }

  /** Bytes of Blobs that are on their way; nobody knows how many an iterable has. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The connection is lost. @returns the bytes of Blobs that were on their way, for ever. */
  take(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    this.#round += 1;
    return bytes;
  }

  /** Sends one, as `WebSocketPeer.send` does. */
  send(
    peer: WebSocketPeer,
    source: Blob | AsyncIterable<MessageData>,
    options?: PeerSendOptions,
  ): Promise<boolean> {
    const bytes = source instanceof Blob ? source.size : 0;
    this.#bytes += bytes;
    this.#count += 1;
    const round = this.#round;
    const done = (isSent: boolean): void => {
      this.#count -= 1;
      // What a connection took along was told when it was lost.
      if (round === this.#round) {
        this.#bytes -= bytes;
        if (!isSent) this.#unsent(bytes);
      }
      if (this.#count === 0) this.#whenSent();
    };
    const sending = peer.send(source, options);
    // One that cannot be read closes the connection; that is where it is reported.
    sending.then(done, () => done(false));
    return sending;
  }

  /**
   * Calls back once: when none is on its way, or patience ends because nothing has moved, or for
   * too long.
   */
  whenSent(
    peer: WebSocketPeer,
    world: ClientWorld,
    { closeTimeoutMs, maxCloseMs }: Patience,
    callback: () => void,
  ): void {
    if (this.#count === 0) return callback();
    const beganAtMs = world.now();
    let takenBytes = takenBy(peer);
    const look = (): void => {
      const hasMoved = takenBy(peer) !== takenBytes;
      takenBytes = takenBy(peer);
      const mayWait = world.now() - beganAtMs < maxCloseMs;
      if (hasMoved && mayWait) cancel = world.after(closeTimeoutMs, look);
      else this.#whenSent();
    };
    let cancel = world.after(closeTimeoutMs, look);
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

/**
 * What a client is given to send, and what has become of it: what waits for a connection, what is
 * on its way, and what will never leave. Together that is `bufferedAmount` [HTML §9.3.1].
 *
 * ```
 *   send ─┬─ connecting ─► kept for the next connection ─┐
 *         ├─ open ───────► the peer; Blobs and iterables ┴─► has left: counts no longer
 *         └─ too late ───► dropped, and counts for ever
 * ```
 * Whether it is one or the other is for the client to say, which knows where it stands.
 */
import type { CloseReport } from '../connection/index.ts';
import type { MessageData, PeerSendOptions, WebSocketPeer } from '../peer/index.ts';
import { AcceptedBytes } from './accepted-bytes.ts';
import { byteLength, type Sendable, SendQueue } from './send-queue.ts';
import { type Patience, SourceSending } from './source-sending.ts';
import type { ClientWorld } from './world.ts';

/** Bytes are the caller's own again when `send` returns [HTML §9.3.2]. */
const COPYING: PeerSendOptions = { copy: true };

/** Sends for one client, over one connection after the other. */
export class Outgoing {
  readonly #kept: SendQueue;
  readonly #world: ClientWorld;
  readonly #sources = new SourceSending((bytes) => {
    this.#brokenBytes += bytes;
  });
  #peer: WebSocketPeer | undefined;
  #accepted: AcceptedBytes | undefined;
  /** Bytes that were given to `send` and will never be sent. */
  #unsentBytes = 0;
  /** Those of Blobs that broke off, which count as lost with their connection. */
  #brokenBytes = 0;

  /** @param maxQueuedBytes kept while there is no connection; 0 keeps nothing. */
  constructor(maxQueuedBytes: number, world: ClientWorld) {
    this.#kept = new SendQueue(maxQueuedBytes);
    this.#world = world;
  }

  /** Bytes of messages that have not left this process, without what the protocol adds. */
  get bufferedAmount(): number {
    const acceptedBytes = this.#accepted?.amount ?? 0;
    const sourceBytes = this.#sources.bytes + this.#brokenBytes;
    return acceptedBytes + this.#kept.bytes + this.#unsentBytes + sourceBytes;
  }

  /**
   * Keeps a message for the next connection.
   *
   * @throws UsageError `invalid-state` beyond the bound.
   */
  keep(message: Sendable): void {
    this.#kept.push(message);
  }

  /** Takes out what was kept, oldest first; it has been copied. */
  takeKept(): readonly Sendable[] {
    return this.#kept.takeAll();
  }

  /** There is a connection. */
  opened(peer: WebSocketPeer): void {
    this.#peer = peer;
    this.#accepted = new AcceptedBytes(peer);
  }

  /** Output that had piled up has left. */
  drained(): void {
    this.#accepted?.look();
  }

  /** Sends on an open connection; `isOurs`: nobody else changes the bytes. */
  send(message: Sendable, isOurs = false): void {
    const peer = this.#peer!;
    if (message instanceof Blob) {
      void this.#sources.send(peer, message);
      return;
    }
    this.#accepted!.add(byteLength(message));
    peer.send(message, isOurs || typeof message === 'string' ? undefined : COPYING);
  }

  /** Sends what an iterable gives as one message, on an open connection. */
  sendPieces(
    source: AsyncIterable<MessageData>,
    options: PeerSendOptions | undefined,
  ): Promise<boolean> {
    return this.#sources.send(this.#peer!, source, options);
  }

  /** A message that comes too late. */
  drop(message: Sendable): void {
    this.#unsentBytes += byteLength(message);
  }

  /** Calls back when Blobs and iterables have been sent, or are waited for no longer. */
  whenSent(patience: Patience, callback: () => void): void {
    this.#sources.whenSent(this.#peer!, this.#world, patience, callback);
  }

  /** The connection is about to be cut: what has not left yet never will. */
  cut(): void {
    this.#unsentBytes += this.#accepted!.take();
  }

  /** The connection is lost. @returns the bytes that were lost with it; they count no longer. */
  lost(report: CloseReport | undefined): number {
    const bytes = this.#accepted?.take() ?? 0;
    // An answer to our close frame says that everything before it was read.
    const isRead = report?.wasClean === true && report.closedBy === 'us';
    const sourceBytes = this.#sources.take() + this.#brokenBytes;
    this.#brokenBytes = 0;
    return sourceBytes + (isRead ? 0 : bytes);
  }

  /** There will be no further connection: what was lost, or waits for one, counts for ever. */
  end(lostBytes: number): void {
    this.#unsentBytes += this.#kept.bytes + lostBytes;
    this.#kept.takeAll();
  }
}

/** A transport with a listener on it: everything passes, and a tap sees a copy. */
import type { Transport, TransportSink } from 'barewire/peer';
import type { TappedConnection } from './wire-tap.ts';

/** Shows a tap all bytes of another transport. */
export class TappedTransport implements Transport {
  readonly #inner: Transport;
  readonly #tap: TappedConnection;

  constructor(inner: Transport, tap: TappedConnection) {
    this.#inner = inner;
    this.#tap = tap;
  }

  get ownsBytes(): boolean {
    return this.#inner.ownsBytes;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  get isCongested(): boolean {
    return this.#inner.isCongested;
  }

  start(sink: TransportSink): void {
    this.#inner.start({
      data: (bytes) => {
        // The tap comes first: whoever owns the bytes may take the mask off in place.
        this.#tap.bytes('in', bytes);
        sink.data(bytes);
      },
      end: () => sink.end(),
      drain: () => sink.drain(),
      closed: (error) => {
        this.#tap.end(error === undefined ? 'the connection has ended' : error.message);
        sink.closed(error);
      },
    });
  }

  write(bytes: Buffer, hasMore: boolean): boolean {
    this.#tap.bytes('out', bytes);
    return this.#inner.write(bytes, hasMore);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}

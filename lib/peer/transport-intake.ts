/** What a transport tells, told to the connection above it. */
import type { Connection, ConnectionSink } from '../connection/index.ts';
import type { TransportSink } from './transport.ts';

/** Listens to one transport. */
export class TransportIntake implements TransportSink {
  readonly #connection: Connection;
  readonly #above: ConnectionSink;

  /** @param above is told when there may be room again. */
  constructor(connection: Connection, above: ConnectionSink) {
    this.#connection = connection;
    this.#above = above;
  }

  data(bytes: Buffer): void {
    this.#connection.receive(bytes);
  }

  end(): void {
    this.#connection.receiveEnd();
  }

  drain(): void {
    this.#connection.drained();
    this.#above.queueMoved?.();
  }

  closed(error: Error | undefined): void {
    this.#connection.transportClosed(error);
  }
}

/** What a transport tells, told to the connection above it; and whether it is to tell more. */
import type { Connection, ConnectionSink } from '../connection/index.ts';
import type { Transport, TransportSink } from './transport.ts';

/** Listens to one transport. */
export class TransportIntake implements TransportSink {
  readonly #connection: Connection;
  readonly #transport: Transport;
  readonly #above: ConnectionSink;
  #isWanted = true;
  /** What the transport was told last; it need not read by itself when it starts. */
  #isReading: boolean | undefined;

  /** @param above is told when there may be room again. */
  constructor(connection: Connection, transport: Transport, above: ConnectionSink) {
    this.#connection = connection;
    this.#transport = transport;
    this.#above = above;
  }

  /**
   * Whether more is to come. What is not wanted pauses the transport when it comes, and not before:
   * most pauses are over by then, as that of a handshake is, and on a socket each would cost two
   * calls of the system. The connection keeps what came, which is one read.
   */
  wantsInput(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (!isWanted || this.#isReading === true) return;
    this.#isReading = true;
    this.#transport.resume();
  }

  data(bytes: Buffer): void {
    this.#connection.receive(bytes);
    if (this.#isWanted || this.#isReading === false) return;
    this.#isReading = false;
    this.#transport.pause();
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

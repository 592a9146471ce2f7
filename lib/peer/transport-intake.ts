/** What a transport tells, told to the connection above it; and whether it is to tell more. */
import type { Connection } from '../connection/index.ts';
import type { Transport, TransportSink } from './transport.ts';

/** What lies on both sides of an intake. */
export interface IntakeSides {
  readonly transport: Transport;
  readonly connection: Connection;
  /** There may be room again. */
  queueMoved(): void;
}

/** Listens to one transport. */
export class TransportIntake implements TransportSink {
  readonly #sides: IntakeSides;
  #isWanted = true;
  /** What the transport was told last; it need not read by itself when it starts. */
  #isReading: boolean | undefined;

  constructor(sides: IntakeSides) {
    this.#sides = sides;
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
    this.#sides.transport.resume();
  }

  data(bytes: Buffer): void {
    this.#sides.connection.receive(bytes);
    if (this.#isWanted || this.#isReading === false) return;
    this.#isReading = false;
    this.#sides.transport.pause();
  }

  end(): void {
    this.#sides.connection.receiveEnd();
  }

  drain(): void {
    this.#sides.connection.drained();
    this.#sides.queueMoved();
  }

  closed(error: Error | undefined): void {
    this.#sides.connection.transportClosed(error);
  }
}

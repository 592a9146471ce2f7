/**
 * A transport that may throw, made one that does not: whoever sends or pauses is not the one to be
 * told that it is broken. It ends, with what it threw as its error.
 *
 * Getters throw as well: `writableLength` of a stream that is odd, or means harm.
 */
import { asError } from '../base/index.ts';
import type { Transport, TransportSink } from './transport.ts';

/** Whom to tell that a transport is as good as gone. */
export interface TransportOwner {
  /** Called later, never out of the call that failed; perhaps more than once. */
  transportLost(error: Error): void;
}

/** Catches what a transport throws. */
export class GuardedTransport implements Transport {
  readonly #transport: Transport;
  readonly #owner: TransportOwner;
  #isLost = false;

  constructor(transport: Transport, owner: TransportOwner) {
    this.#transport = transport;
    this.#owner = owner;
  }

  get ownsBytes(): boolean {
    return this.#transport.ownsBytes;
  }

  get bufferedBytes(): number {
    try {
      return this.#transport.bufferedBytes;
    } catch (error) {
      this.#lose(error);
      return 0;
    }
  }

  get isCongested(): boolean {
    try {
      return this.#transport.isCongested;
    } catch (error) {
      this.#lose(error);
      return false;
    }
  }

  /** What this throws is for whoever makes the peer, of which there is none then. */
  start(sink: TransportSink): void {
    this.#transport.start(sink);
  }

  write(bytes: Buffer, hasMore: boolean): boolean {
    try {
      return this.#transport.write(bytes, hasMore);
    } catch (error) {
      this.#lose(error);
      // It may have kept them before it threw.
      return false;
    }
  }

  pause(): void {
    this.#call('pause');
  }

  resume(): void {
    this.#call('resume');
  }

  end(): void {
    this.#call('end');
  }

  destroy(): void {
    this.#call('destroy');
  }

  #call(what: 'pause' | 'resume' | 'end' | 'destroy'): void {
    try {
      this.#transport[what]();
    } catch (error) {
      this.#lose(error);
    }
  }

  #lose(thrown: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    process.nextTick(() => this.#owner.transportLost(asError(thrown)));
    this.destroy();
  }
}

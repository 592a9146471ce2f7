/** A pump as the transport of an open WebSocket. */
import { TLSSocket } from 'node:tls';
import { settleShape } from '../base/index.ts';
import type { Transport, TransportSink } from '../peer/index.ts';
import type { PumpSink, TransportEnd } from './pump-sink.ts';
import type { SocketPump } from './socket-pump.ts';

/** Hands a pump's bytes to a peer, and the peer's to the pump. */
export class PumpTransport implements Transport, PumpSink {
  readonly #pump: SocketPump;
  #sink: TransportSink | undefined;

  /** Takes over the pump, on which nothing is being read or written any more. */
  constructor(pump: SocketPump) {
    this.#pump = pump;
    pump.sink = this;
  }

  /** Whoever reads a socket's bytes in its turn may overwrite them. */
  get ownsBytes(): boolean {
    return true;
  }

  /** The pump catches what writing throws, and nothing else of a socket of Node's throws. */
  get neverThrows(): boolean {
    return this.#pump.isPlain || this.#pump.socket.constructor === TLSSocket;
  }

  /** What never left a pump that is gone still counts. */
  get bufferedBytes(): number {
    return this.#pump.isGone ? this.#pump.lostBytes : this.#pump.bufferedBytes;
  }

  get isCongested(): boolean {
    return this.#pump.isCongested;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    // The client may have gone while the handshake was decided.
    if (this.#pump.isGone) process.nextTick(() => this.closeOnce(undefined));
    else if (this.#pump.hasPeerEnded) process.nextTick(() => this.#sink?.end());
  }

  write(bytes: Buffer, hasMore: boolean): boolean {
    if (!hasMore) return this.#pump.writeNow(bytes);
    this.#pump.write(bytes);
    return false;
  }

  pause(): void {
    this.#pump.pause();
  }

  resume(): void {
    this.#pump.resume();
  }

  end(): void {
    this.#pump.end();
  }

  destroy(): void {
    this.#pump.cut('cut');
  }

  receive(bytes: Buffer): void {
    this.#sink?.data(bytes);
  }

  receiveEnd(): void {
    this.#sink?.end();
  }

  drained(): void {
    this.#sink?.drain();
  }

  closed(_end: TransportEnd, error: Error | undefined): void {
    this.closeOnce(error);
  }

  private closeOnce(error: Error | undefined): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.closed(error);
  }
}

settleShape(() => new PumpTransport({} as SocketPump));

/**
 * A transport over any `Duplex`: sockets, TLS sockets, HTTP/2 streams, pairs of pass-through
 * streams.
 *
 * Errors of a network connection (ECONNRESET, EPIPE, …) are normal ends: they are kept for the
 * report, and never surface as an unhandled `'error'`.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportSink } from './transport.ts';

/** Adapts a `Duplex`. From its making on, nobody else may listen to the stream's data. */
export class DuplexTransport implements Transport {
  /** The stream underneath. */
  readonly stream: Duplex;
  readonly ownsBytes: boolean;
  /**
   * Only a plain TCP or unix socket tells truly that bytes have left: when nothing is counted as
   * waiting right after a write, the kernel has copied them. TLS and other streams keep references.
   */
  readonly #copiesOnWrite: boolean;
  #isCorked = false;
  #hasEnded = false;
  #error: Error | undefined;
  /** Whom to tell the end, until that is done. */
  #sink: TransportSink | undefined;

  /** @param ownsBytes true when nobody else reads the buffers that the stream emits. */
  constructor(stream: Duplex, ownsBytes = false) {
    this.stream = stream;
    this.ownsBytes = ownsBytes;
    this.#copiesOnWrite = stream instanceof Socket && !('encrypted' in stream);
    // The peer's end waits its turn behind bytes that nobody has read yet: our side ends after it.
    stream.allowHalfOpen = true;
    // The listener stays for ever: a stream may fail at any time until it is gone.
    stream.on('error', (error: Error) => this.#fail(error));
  }

  get bufferedBytes(): number {
    return this.stream.writableLength;
  }

  /**
   * A write above the high-water mark asks for a pause even when the kernel took it all at once.
   */
  get isCongested(): boolean {
    return this.stream.writableNeedDrain && this.stream.writableLength > 0;
  }

  /** Listening for data makes a stream flow, unless it was paused before. */
  start(sink: TransportSink): void {
    const stream = this.stream;
    stream.on('data', (bytes: Buffer) => sink.data(bytes));
    stream.on('end', () => sink.end());
    stream.on('drain', () => sink.drain());
    stream.on('close', () => this.#closed());
    this.#sink = sink;
    if (stream.closed) process.nextTick(() => this.#closed());
    else if (stream.readableEnded) process.nextTick(() => sink.end());
  }

  /** Not every stream ends by itself then, or says so; one that does is not told of twice. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.stream.destroy();
    process.nextTick(() => this.#closed());
  }

  #closed(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.closed(this.#error);
  }

  write(bytes: Buffer, hasMore: boolean): boolean {
    const stream = this.stream;
    if (this.#hasEnded || stream.destroyed) return true;
    if (hasMore && !this.#isCorked) stream.cork();
    this.#isCorked ||= hasMore;
    stream.write(bytes);
    if (!hasMore && this.#isCorked) {
      this.#isCorked = false;
      stream.uncork();
    }
    return this.#copiesOnWrite && stream.writableLength === 0;
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.stream.destroyed) this.stream.end();
  }

  destroy(): void {
    this.#hasEnded = true;
    this.stream.destroy();
  }
}

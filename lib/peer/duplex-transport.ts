/**
 * A transport over any `Duplex`: sockets, TLS sockets, HTTP/2 streams, pairs of pass-through
 * streams.
 *
 * ```
 *   write ─► room in the stream? ── yes ──► stream.write
 *                 └ no ─► held here ─► 64 KiB each time that the stream has let go of what it had
 * ```
 * A stream says only of a whole write that it has left, and makes one write of everything that
 * waits in it. So it gets a portion at a time: how much has left shows while a slow reader reads.
 *
 * Errors of a network connection (ECONNRESET, EPIPE, …) are normal ends: they are kept for the
 * report, and never surface as an unhandled `'error'`. So is whatever an odd stream throws when it
 * is called back.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { asError, Fifo } from '../base/index.ts';
import type { Transport, TransportSink } from './transport.ts';

/** A stream that holds so much gets no more. */
const PORTION_BYTES = 64 * 1024;

/** Adapts a `Duplex`. From its making on, nobody else may listen to the stream's data. */
export class DuplexTransport implements Transport {
  /** The stream underneath. */
  readonly stream: Duplex;
  readonly ownsBytes: boolean;
  /**
   * Only a plain TCP or unix socket tells truly that bytes have left: when nothing is counted as
   * waiting right after a write, the kernel has copied them. TLS and other streams keep references,
   * and so may any subclass.
   */
  readonly #copiesOnWrite: boolean;
  /** A stream whose high-water mark is above a portion emits no `'drain'` for one. */
  readonly #onTaken: ((error?: Error | null) => void) | undefined;
  #held: Fifo<Buffer> | undefined;
  #heldBytes = 0;
  /** What the stream had when one looked last. */
  #streamBytes = 0;
  /** What had not left at the end. */
  #lostBytes: number | undefined;
  #isPumping = false;
  #isCorked = false;
  #hasEnded = false;
  /** Somebody was told to wait. */
  #hasRefused = false;
  #error: Error | undefined;
  /** Whom to tell the end, until that is done. */
  #sink: TransportSink | undefined;

  /** @param ownsBytes true when nobody else reads the buffers that the stream emits. */
  constructor(stream: Duplex, ownsBytes = false) {
    this.stream = stream;
    this.ownsBytes = ownsBytes;
    this.#copiesOnWrite = stream.constructor === Socket;
    if (stream.writableHighWaterMark > PORTION_BYTES) {
      this.#onTaken = (error) => {
        if (!error) this.#goOn(false);
      };
    }
    // The peer's end waits its turn behind bytes that nobody has read yet: our side ends after it.
    stream.allowHalfOpen = true;
    // The listener stays for ever: a stream may fail at any time until it is gone.
    stream.on('error', (error: Error) => this.#fail(error));
  }

  /** A stream that is destroyed forgets what it had: that is still what never left. */
  get bufferedBytes(): number {
    if (this.#lostBytes !== undefined) return this.#lostBytes;
    this.#look();
    return this.#heldBytes + this.#streamBytes;
  }

  #look(): void {
    if (!this.stream.destroyed) this.#streamBytes = this.stream.writableLength;
  }

  /**
   * A write above the high-water mark asks for a pause even when the kernel took it all at once.
   */
  get isCongested(): boolean {
    const { writableNeedDrain, writableLength, writableHighWaterMark } = this.stream;
    const isStreamFull = writableNeedDrain && writableLength > 0;
    const isFull = this.#heldBytes > 0 && this.bufferedBytes >= writableHighWaterMark;
    this.#hasRefused ||= isStreamFull || isFull;
    return isStreamFull || isFull;
  }

  /** Listening for data makes a stream flow, unless it was paused before. */
  start(sink: TransportSink): void {
    const stream = this.stream;
    stream.on('data', (bytes: Buffer) => sink.data(bytes));
    stream.on('end', () => sink.end());
    stream.on('drain', () => this.#goOn(true));
    stream.on('close', () => this.#closed());
    this.#sink = sink;
    if (stream.closed) process.nextTick(() => this.#closed());
    else if (stream.readableEnded) process.nextTick(() => sink.end());
  }

  /** Not every stream ends by itself then, or says so; one that does is not told of twice. */
  #fail(error: Error): void {
    this.#error ??= error;
    try {
      this.destroy();
    } catch {
      // It is given up in any case, and why is known already.
    }
    process.nextTick(() => this.#closed());
  }

  #closed(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#drop();
    sink?.closed(this.#error);
  }

  write(bytes: Buffer, hasMore: boolean): boolean {
    const stream = this.stream;
    if (this.#hasEnded || stream.destroyed) return true;
    const mustWait = this.#heldBytes > 0 || stream.writableLength >= PORTION_BYTES;
    if (mustWait || bytes.length > PORTION_BYTES) {
      this.#hold(bytes);
    } else {
      if (hasMore && !this.#isCorked) stream.cork();
      this.#isCorked ||= hasMore;
      stream.write(bytes, this.#onTaken);
    }
    if (hasMore) return false;
    if (this.#isCorked) {
      this.#isCorked = false;
      stream.uncork();
    }
    if (this.#heldBytes > 0) this.#pump();
    return this.bufferedBytes === 0 && this.#copiesOnWrite;
  }

  #hold(bytes: Buffer): void {
    this.#held ??= new Fifo();
    this.#heldBytes += bytes.length;
    for (let start = 0; start < bytes.length; start += PORTION_BYTES) {
      this.#held.push(bytes.subarray(start, start + PORTION_BYTES));
    }
  }

  /** Gives the stream what it has room for. */
  #pump(): void {
    if (this.#isPumping) return;
    const stream = this.stream;
    this.#isPumping = true;
    try {
      while (this.#heldBytes > 0 && stream.writableLength < PORTION_BYTES && !stream.destroyed) {
        this.#givePortion(this.#held!);
      }
      if (this.#heldBytes === 0 && this.#hasEnded) stream.end();
      this.#look();
    } finally {
      this.#isPumping = false;
    }
  }

  /** What is small leaves in one write. */
  #givePortion(held: Fifo<Buffer>): void {
    const stream = this.stream;
    stream.cork();
    while (this.#heldBytes > 0 && stream.writableLength < PORTION_BYTES) {
      const piece = held.shift()!;
      this.#heldBytes -= piece.length;
      stream.write(piece, this.#onTaken);
    }
    stream.uncork();
  }

  /** The stream has let go of something. */
  #goOn(isDrained: boolean): void {
    try {
      if (this.#heldBytes > 0) this.#pump();
      if (this.isCongested || !(isDrained || this.#hasRefused)) return;
    } catch (error) {
      this.#fail(asError(error));
      return;
    }
    this.#hasRefused = false;
    this.#sink?.drain();
  }

  #drop(): void {
    this.#lostBytes ??= this.stream.writableFinished ? 0 : this.bufferedBytes;
    this.#held = undefined;
    this.#heldBytes = 0;
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
    if (this.#heldBytes === 0 && !this.stream.destroyed) this.stream.end();
  }

  destroy(): void {
    this.#hasEnded = true;
    this.#drop();
    this.stream.destroy();
  }
}

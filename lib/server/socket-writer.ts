/**
 * The writing half of a connection: gathers output and gives it to the socket.
 *
 * A turn is one read with everything it causes, or one tick of the event loop; what is written in a
 * turn leaves together. The socket is given some at a time, and each portion must be taken within
 * the write timeout: a client that reads a byte a second is cut, a slow one that reads is not.
 *
 * Longer than the house allows: gathering, portions and congestion look at the same few fields.
 */
import { asError } from '../base/index.ts';
import { flushAtTurnEnd } from '../peer/index.ts';
import type { TimerWheel } from './clock.ts';
import { FlushNotices } from './flush-notices.ts';
import type { AcceptedSocket } from './latent-socket.ts';
import { borrowQueue, type OutputQueue, takeBackQueue } from './output-queue.ts';
import { CONGESTED_BYTES, SocketOutlet } from './socket-outlet.ts';
import { PORTION_BYTES, type WatchedOutput, WriteWatch } from './write-watch.ts';

/** What a handle gets at once: it tells how much of that it holds, as a stream does not. */
const DIRECT_BYTES = 512 * 1024;
const NOTHING = Buffer.alloc(0);
/** Stands for an empty list, and is never written to. */
const NO_BLOCKS: Uint8Array[] = [];

/** What all pumps of a server share. */
export interface PumpSettings {
  readonly wheel: TimerWheel;
  /** How long a portion of output may wait for the kernel. */
  readonly writeTimeoutMs: number;
  /**
   * Output in bytes from which on {@link SocketWriter.admits} says no; what is kept piece by piece
   * counts with what each piece costs.
   */
  readonly maxBufferedBytes: number;
  /** Whether sockets with a shared read buffer are written to past their stream; default true. */
  readonly directWrites?: boolean | undefined;
}

/** Gathers and writes; the socket's life is its heir's business. */
export abstract class SocketWriter extends SocketOutlet implements WatchedOutput {
  protected readonly settings: PumpSettings;
  /** Lent while something waits. */
  #output: OutputQueue | undefined;
  #watch: WriteWatch | undefined;
  #notices: FlushNotices | undefined;

  /** @param isDirect the socket is one whose handle can be written to, see direct-write.ts. */
  constructor(socket: AcceptedSocket, settings: PumpSettings, isDirect: boolean) {
    super(socket, isDirect);
    this.settings = settings;
  }

  static #hand(block: Uint8Array, writer: SocketWriter): boolean {
    return writer.hand(block);
  }

  private giveBackQueue(): void {
    if (this.#output !== undefined && takeBackQueue(this.#output)) this.#output = undefined;
  }

  /** Too much output waits. */
  protected abstract overflowed(): void;
  /** @internal The peer does not take what waits. */
  abstract stalled(): void;
  /** What waits cannot be written any more. */
  protected abstract unwritable(error: Error): void;
  /** Output was congested, and is not any more. */
  protected abstract uncongested(): void;

  /** Output in bytes that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.queuedBytes() + this.socketBytes;
  }

  private queuedBytes(): number {
    return this.#output?.length ?? 0;
  }

  private openQueue(): OutputQueue {
    this.#output ??= borrowQueue();
    return this.#output;
  }

  /**
   * Whether anything may be written. When more waits than the bound allows, the connection is cut
   * instead: for a producer who does not look at {@link isCongested}. What is written after a yes
   * may be of any size.
   */
  admits(): boolean {
    if (this.isOver || this.isEnding) return false;
    const heldBytes = this.bufferedBytes + (this.#output?.overheadBytes ?? 0);
    if (heldBytes <= this.settings.maxBufferedBytes) return true;
    this.overflowed();
    return false;
  }

  /** Writes bytes, which must not change from now on. They leave at the end of the turn. */
  write(bytes: Uint8Array): void {
    if (this.isOver || this.isEnding) return;
    this.openQueue().push(bytes);
    this.gathered();
  }

  /** Writes text; it leaves at the end of the turn. */
  writeText(text: string, encoding: 'latin1' | 'utf8'): void {
    if (this.isOver || this.isEnding) return;
    this.openQueue().pushText(text, encoding);
    this.gathered();
  }

  /**
   * Writes now, behind everything written before.
   *
   * @returns true when the bytes are needed no longer and may be overwritten.
   */
  writeNow(bytes: Uint8Array): boolean {
    if (this.isOver || this.isEnding) return true;
    if (this.queuedBytes() > 0 || this.isBlocked || bytes.length > this.mostAtOnce()) {
      this.openQueue().push(bytes);
      this.flush();
      return false;
    }
    const isTaken = this.hand(bytes);
    this.settle();
    return isTaken && this.isPlain;
  }

  /** Gives the socket what it may have now, without waiting for the end of the turn. */
  flush(): void {
    this.isScheduled = false;
    if (this.isOver) return;
    // A socket that holds bytes back would hold the slab too: then a copy is made instead.
    const mayLendSlab = this.isPlain && !this.isBlocked && this.socketBytes === 0;
    const isDone = mayLendSlab && this.#output?.writeSlab(SocketWriter.#hand, this) === true;
    if (isDone || this.flushPieces()) this.settle();
  }

  /** Calls `done` when everything written so far has left, or the transport is gone. */
  whenFlushed(done: () => void): void {
    if (this.isOver) return done();
    this.#notices ??= new FlushNotices();
    this.#notices.add(done);
    this.schedule();
  }

  /** Ends our side once everything written has left. Nothing can be written any more. */
  end(): void {
    this.isEnding = true;
    this.schedule();
  }

  /** @internal The socket has room again. */
  override flushAfter(event: 'drain' | 'taken'): void {
    if (event === 'drain') this.isBlocked = false;
    this.flush();
  }

  /** Forgets what waits, and calls whoever waits for it. */
  protected stopWriting(): void {
    if (this.bufferedBytes > 0) this.loseOutput();
    if (!this.isOver) this.countLost(this.queuedBytes());
    this.isOver = true;
    this.#output?.clear();
    this.giveBackQueue();
    this.#watch?.clear();
    this.#notices?.run();
  }

  /**
   * Gives the socket everything, whether it has room or not, and writes no more. Whoever waits for
   * what was written is told when it has left, or when the socket is closed before that.
   */
  protected letGo(): void {
    const blocks = this.takeBlocks(Number.POSITIVE_INFINITY) ?? NO_BLOCKS;
    if (blocks.length > 0) this.handAll(blocks);
    this.isOver = true;
    this.#watch?.clear();
    this.notify(this.socketBytes);
    if (this.#notices?.hasMarked !== true) return;
    this.socket.once('close', () => {
      this.loseOutput();
      this.#notices?.run();
    });
  }

  private mostAtOnce(): number {
    return this.isDirect ? DIRECT_BYTES : PORTION_BYTES;
  }

  private gathered(): void {
    if (!this.isCongested) this.isCongested = this.bufferedBytes >= CONGESTED_BYTES;
    this.schedule();
  }

  private schedule(): void {
    if (this.isInTurn || this.isScheduled) return;
    this.isScheduled = true;
    flushAtTurnEnd(this);
  }

  private flushPieces(): boolean {
    while (!this.isBlocked) {
      const blocks = this.takeBlocks(this.mostAtOnce());
      if (blocks === undefined) return false;
      if (blocks.length === 0) break;
      this.handAll(blocks);
    }
    return true;
  }

  /** @returns `undefined` when what waits cannot be written: the connection is over then. */
  private takeBlocks(maxBytes: number): Uint8Array[] | undefined {
    try {
      return this.#output?.take(maxBytes) ?? NO_BLOCKS;
    } catch (error) {
      this.unwritable(asError(error));
      return undefined;
    }
  }

  /** What follows from the state of the output after something has left. */
  private settle(): void {
    const waiting = this.socketBytes;
    const { wheel, writeTimeoutMs } = this.settings;
    if (waiting > 0) this.#watch ??= new WriteWatch(wheel, writeTimeoutMs, this);
    this.#watch?.update(this.handed, waiting);
    this.giveBackQueue();
    if (this.queuedBytes() === 0) this.settleEmpty(waiting);
    const wasCongested = this.isCongested;
    // Whoever was told has written meanwhile.
    this.isCongested = this.bufferedBytes >= CONGESTED_BYTES;
    if (wasCongested && !this.isCongested) this.uncongested();
  }

  private settleEmpty(waiting: number): void {
    // What was refused has not left: whoever waits for it is told with the end of the transport.
    if (this.hasLostOutput) return;
    if (this.#notices?.hasUnmarked === true) this.notify(waiting);
    // A handle that has bytes left, and is told of the end, cannot be reset any more: an answer
    // that only its end delimits would seem whole. The stream itself waits for what it has.
    if (!this.isEnding || this.hasEnded || this.isDirectWaiting) return;
    // Whoever was told has written something, and ended behind it.
    if (this.queuedBytes() > 0) return;
    this.hasEnded = true;
    this.callStream('end');
  }

  /** Tells who waits for what was written: now, or when the socket has given it away. */
  private notify(waiting: number): void {
    if (waiting === 0) return this.#notices?.run();
    if (this.#notices?.hasUnmarked !== true) return;
    const write = (back: (error?: Error | null) => void): boolean =>
      this.writeToStream(NOTHING, back);
    this.#notices.mark(write, () => this.loseOutput());
  }
}

/**
 * Moves bytes between one socket and whoever speaks the protocol on it.
 *
 * ```
 *            ┌──────────────── SocketPump ────────────────┐
 *  socket ──►│ 'data', or the shared read buffer ─────────│──► sink.receive
 *         ◄──│ one write a turn ◄── OutputQueue ◄─────────│◄── write, writeText
 *            └────────────────────────────────────────────┘
 * ```
 * A turn is one read with everything it causes, or one tick of the event loop; what is written in a
 * turn leaves together. The socket is given at most {@link PORTION_BYTES} at once, and each portion
 * must be taken within the write timeout: a client that reads a byte a second is cut, a slow one
 * that keeps reading is not.
 *
 * The pump knows nothing of HTTP. Any `Duplex` will do. Errors of the socket end here: they become
 * one cause, reported once.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TimerWheel } from './clock.ts';
import { OutputQueue } from './output-queue.ts';
import { WriteWatch } from './write-watch.ts';

/** At the default of 30 s a portion, 4 KiB/s are fast enough. */
const PORTION_BYTES = 128 * 1024;
/** From here on output is congested: writing had better wait. */
const CONGESTED_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** Why a transport is gone. */
export type TransportEnd =
  /** Both sides ended it. */
  | 'ended'
  /** The peer ended its side, and ours was not waited for. */
  | 'peer-ended'
  /** ECONNRESET, EPIPE and the like: a normal thing on a network. */
  | 'reset'
  /** The peer did not take our output in time. */
  | 'write-timeout'
  /** More output was piled up than is allowed. */
  | 'slow-consumer'
  /** The peer did not send in time. */
  | 'read-timeout'
  /** We gave up on purpose: the answer was broken, or the server closes. */
  | 'cut';

/** Where a pump's results go. */
export interface PumpSink {
  /** Bytes came; they are valid until the call returns. */
  receive(bytes: Buffer): void;
  /** The peer ended its side (FIN). */
  receiveEnd(): void;
  /** Output that was congested is not any more. */
  drained(): void;
  /** The transport is gone; nothing follows. `error` is the socket's, if it had one. */
  closed(end: TransportEnd, error: Error | undefined): void;
}

/** What all pumps of a server share. */
export interface PumpSettings {
  readonly wheel: TimerWheel;
  /** How long a portion of output may wait for the kernel. */
  readonly writeTimeoutMs: number;
  /** The most output that may wait, in bytes. One write may exceed it; another one then cuts. */
  readonly maxBufferedBytes: number;
}

/** Where a socket's pump is found by the listeners, which all sockets share. */
const PUMP = Symbol('barewire.pump');
type PumpedSocket = Duplex & { [PUMP]?: SocketPump | undefined };

/** One socket's bytes in both directions. */
export class SocketPump {
  /** Replaced when another protocol takes over. */
  sink: PumpSink;
  readonly socket: Duplex;
  readonly #settings: PumpSettings;
  readonly #output = new OutputQueue();
  /** A plain socket that is empty after a write has given everything to the kernel. */
  readonly #isPlain: boolean;
  #watch: WriteWatch | undefined;
  #handed = 0;
  #isInTurn = false;
  #isScheduled = false;
  /** The socket is full and will say `'drain'`. */
  #isBlocked = false;
  #isCongested = false;
  #isEnding = false;
  #hasEnded = false;
  #hasPeerEnded = false;
  #isGone = false;
  #cause: TransportEnd | undefined;
  #error: Error | undefined;
  #whenFlushed: (() => void)[] | undefined;

  /** The socket reads into the shared buffer and emits no `'data'`. */
  readonly #isShared: boolean;

  /**
   * Takes charge of a socket; nothing is read before {@link start}.
   *
   * @param isShared whether the socket comes from shared-read.ts.
   */
  constructor(socket: Duplex, sink: PumpSink, settings: PumpSettings, isShared = false) {
    this.#isShared = isShared;
    this.socket = socket;
    this.sink = sink;
    this.#settings = settings;
    this.#isPlain = socket.constructor === Socket;
    (socket as PumpedSocket)[PUMP] = this;
    // This listener stays for as long as the socket lives, hijacked or not: without one, a peer that
    // resets its connection would end the process.
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** Begins to read. */
  start(): void {
    const { socket } = this;
    socket.on('end', onEnd);
    socket.on('drain', onDrain);
    if (!this.#isShared) socket.on('data', onData);
    this.resume();
  }

  /** Output in bytes that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.#output.length + this.socket.writableLength;
  }

  /** Whether writing had better wait; `sink.drained` follows when it had. */
  get isCongested(): boolean {
    if (this.bufferedBytes >= CONGESTED_BYTES) this.#isCongested = true;
    return this.#isCongested;
  }

  /** True once the transport is gone, or cut, or released. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** True once the peer has ended its side. */
  get hasPeerEnded(): boolean {
    return this.#hasPeerEnded;
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────

  /** Writes bytes, which must not change from now on. They leave at the end of the turn. */
  write(bytes: Uint8Array): void {
    if (!this.#mayWrite()) return;
    this.#output.push(bytes);
    this.#schedule();
  }

  /** Writes text; it leaves at the end of the turn. */
  writeText(text: string, encoding: 'latin1' | 'utf8'): void {
    if (!this.#mayWrite()) return;
    this.#output.pushText(text, encoding);
    this.#schedule();
  }

  /**
   * Writes now, behind everything written before.
   *
   * @returns true when the bytes are needed no longer and may be overwritten.
   */
  writeNow(bytes: Uint8Array): boolean {
    if (!this.#mayWrite()) return true;
    if (this.#output.length > 0 || this.#isBlocked || bytes.length > PORTION_BYTES) {
      this.#output.push(bytes);
      this.flush();
      return false;
    }
    const isTaken = this.#hand(bytes);
    this.#settle();
    return isTaken && this.#isPlain;
  }

  /** Gives the socket what it may have now, without waiting for the end of the turn. */
  flush(): void {
    if (this.#isGone) return;
    // A socket that holds bytes back would hold the slab too: then a copy is made instead.
    const mayLendSlab = this.#isPlain && !this.#isBlocked && this.socket.writableLength === 0;
    const isDone = mayLendSlab && this.#output.writeSlab((block) => this.#hand(block));
    if (!isDone) {
      while (!this.#isBlocked) {
        const block = this.#output.take(PORTION_BYTES);
        if (block === undefined) break;
        this.#hand(block);
      }
    }
    this.#settle();
  }

  /** Calls `done` when everything written so far has left, or the transport is gone. */
  whenFlushed(done: () => void): void {
    if (this.#isGone) {
      done();
      return;
    }
    this.#whenFlushed ??= [];
    this.#whenFlushed.push(done);
    this.#schedule();
  }

  /** Ends our side once everything written has left. Nothing can be written any more. */
  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  /** Cuts the transport at once; `sink.closed` follows. */
  cut(cause: TransportEnd): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#cause ??= cause;
    this.#output.clear();
    this.socket.destroy();
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────

  /** Stops reading; also the peer's end goes unnoticed then. */
  pause(): void {
    this.socket.pause();
  }

  /** Reads again. */
  resume(): void {
    if (this.#isGone) return;
    // With the shared buffer nothing flows through the stream; `resume` would schedule a read that
    // comes even when the socket is paused again until then.
    if (this.#isShared) this.socket.read(0);
    else this.socket.resume();
  }

  /**
   * Lets go of the socket, with everything written handed to it. It does not flow, and begins to
   * as every new stream does: with a `'data'` listener, a pipe, an iterator, `resume` or `read`.
   */
  release(): Duplex {
    const { socket } = this;
    for (;;) {
      const block = this.#output.take(Number.POSITIVE_INFINITY);
      if (block === undefined) break;
      socket.write(block);
    }
    this.#isGone = true;
    this.#watch?.stop();
    this.#runFlushed();
    socket.off('end', onEnd);
    socket.off('drain', onDrain);
    socket.off('data', onData);
    socket.off('close', onClose);
    (socket as PumpedSocket)[PUMP] = undefined;
    socket.pause();
    // A stream that was paused on purpose would stay paused when a listener is attached.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    return socket;
  }

  // ── the socket's side ──────────────────────────────────────────────────────────────────────

  /** @internal */
  received(bytes: Buffer): void {
    if (this.#isGone) return;
    this.#isInTurn = true;
    try {
      this.sink.receive(bytes);
    } finally {
      this.#isInTurn = false;
      this.flush();
    }
  }

  /** @internal */
  peerEnded(): void {
    this.#hasPeerEnded = true;
    if (!this.#isGone) this.sink.receiveEnd();
  }

  /** @internal */
  unblocked(): void {
    this.#isBlocked = false;
    this.flush();
  }

  /** @internal */
  failed(error: Error): void {
    this.#error ??= error;
    this.#cause ??= 'reset';
  }

  /** @internal */
  gone(): void {
    this.#isGone = true;
    this.#output.clear();
    this.#watch?.stop();
    this.#cause ??= this.#hasPeerEnded && !this.#hasEnded ? 'peer-ended' : 'ended';
    this.#runFlushed();
    this.sink.closed(this.#cause, this.#error);
  }

  /** @internal */
  flushScheduled(): void {
    this.#isScheduled = false;
    this.flush();
  }

  #mayWrite(): boolean {
    if (this.#isGone || this.#isEnding) return false;
    if (this.bufferedBytes <= this.#settings.maxBufferedBytes) return true;
    this.cut('slow-consumer');
    return false;
  }

  #schedule(): void {
    if (this.#isInTurn || this.#isScheduled) return;
    this.#isScheduled = true;
    // A tick, unlike a microtask, comes after the microtasks that are due: a handler that awaits
    // what is already there still writes everything at once.
    process.nextTick(flushScheduled, this);
  }

  /** @returns whether the socket holds nothing back. */
  #hand(block: Uint8Array): boolean {
    const { socket } = this;
    this.#handed += block.length;
    const hasRoom = socket.write(block);
    if (socket.writableLength === 0) return true;
    this.#isBlocked = !hasRoom;
    return false;
  }

  /** What follows from the state of the output after something has left. */
  #settle(): void {
    const waiting = this.socket.writableLength;
    if (waiting > 0) {
      this.#watch ??= new WriteWatch(
        this.#settings.wheel,
        this.#settings.writeTimeoutMs,
        () => this.socket.writableLength,
        () => this.cut('write-timeout'),
      );
    }
    this.#watch?.update(this.#handed);
    if (this.#output.length === 0) this.#settleEmpty(waiting);
    if (this.#isCongested && this.bufferedBytes < CONGESTED_BYTES) {
      this.#isCongested = false;
      this.sink.drained();
    }
  }

  #settleEmpty(waiting: number): void {
    if (this.#whenFlushed !== undefined) {
      if (waiting === 0) this.#runFlushed();
      else this.#markFlushed();
    }
    if (!this.#isEnding || this.#hasEnded) return;
    this.#hasEnded = true;
    this.socket.end();
  }

  /** An empty write comes back when everything before it has left. */
  #markFlushed(): void {
    const waiting = this.#whenFlushed ?? [];
    this.#whenFlushed = undefined;
    this.socket.write(NOTHING, () => {
      for (const done of waiting) done();
    });
  }

  #runFlushed(): void {
    const waiting = this.#whenFlushed ?? [];
    this.#whenFlushed = undefined;
    for (const done of waiting) done();
  }
}

// One function of each kind for all sockets: closures would cost more memory than the pump.

function onData(this: PumpedSocket, bytes: Buffer): void {
  this[PUMP]?.received(bytes);
}

/**
 * What a socket calls that reads into the shared buffer, see shared-read.ts. A socket that was
 * released gets its bytes as any stream does.
 */
export function onSharedRead(this: Duplex, length: number, buffer: Buffer): boolean {
  const bytes = buffer.subarray(0, length);
  const pump = (this as PumpedSocket)[PUMP];
  if (pump === undefined) return this.push(Buffer.from(bytes));
  pump.received(bytes);
  return true;
}

function onEnd(this: PumpedSocket): void {
  this[PUMP]?.peerEnded();
}

function onDrain(this: PumpedSocket): void {
  this[PUMP]?.unblocked();
}

function onError(this: PumpedSocket, error: Error): void {
  this[PUMP]?.failed(error);
}

function onClose(this: PumpedSocket): void {
  this[PUMP]?.gone();
}

function flushScheduled(pump: SocketPump): void {
  pump.flushScheduled();
}

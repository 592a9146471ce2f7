/**
 * Moves bytes between one socket and whoever speaks the protocol on it.
 *
 * ```
 *            ┌──────────────── SocketPump ────────────────┐
 *  socket ──►│ 'data', or the shared read buffer ─────────│──► sink.receive
 *         ◄──│ one write a turn ◄── OutputQueue ◄─────────│◄── write, writeText
 *            └────────────────────────────────────────────┘
 * ```
 * The pump knows nothing of HTTP. Any `Duplex` will do. Errors of the socket end here: they become
 * one cause, reported once.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { settleShape } from '../base/index.ts';
import { canWriteDirectly } from './direct-write.ts';
import { type AcceptedSocket, type LatentReader, LatentSocket } from './latent-socket.ts';
import { attachPump, detachPump, listenTo } from './pump-listeners.ts';
import type { PumpSink, TransportEnd } from './pump-sink.ts';
import { ResetProbe, resetSocket } from './reset.ts';
import { forgetSharedReads } from './shared-read.ts';
import { type PumpSettings, SocketWriter } from './socket-writer.ts';

/** One socket's bytes in both directions. */
export class SocketPump extends SocketWriter implements LatentReader {
  /** Replaced when another protocol takes over. */
  sink: PumpSink;
  /** Asks after a peer that is not read; there is none while it is. */
  #probe: ResetProbe | undefined;

  /**
   * Takes charge of a socket; nothing is read before {@link start}.
   *
   * @param isShared whether the socket comes from shared-read.ts.
   */
  constructor(socket: AcceptedSocket, sink: PumpSink, settings: PumpSettings, isShared = false) {
    const isLatent = socket instanceof LatentSocket;
    const mayBeDirect = isShared && settings.directWrites !== false;
    super(socket, settings, isLatent || (mayBeDirect && canWriteDirectly(socket as Socket)));
    this.sink = sink;
    this.isShared = isShared || isLatent;
    if (isLatent) this.useHandle(socket.belongTo(this));
    else attachPump(socket, this);
  }

  /** @internal */
  made(socket: Socket, isReading: boolean): void {
    this.useSocket(socket);
    attachPump(socket, this);
    if (isReading) listenTo(socket, false);
  }

  /** True once the transport is gone, or cut, or released. */
  get isGone(): boolean {
    return this.isOver;
  }

  /** Why the transport is gone; `undefined` while it is not. */
  get cause(): TransportEnd | undefined {
    return this.knownFate?.cause;
  }

  /** What the socket failed with, if it did. */
  get error(): Error | undefined {
    return this.knownFate?.error;
  }

  /** Begins to read. */
  start(): void {
    const { latent } = this;
    if (latent !== undefined) return latent.start();
    listenTo(this.socket, !this.isShared);
    this.resume();
  }

  /** Stops reading. The peer's end goes unnoticed then; its reset does not. */
  pause(): void {
    this.isHolding = true;
    this.isWaking = false;
    this.socket.pause();
    this.beginProbing();
  }

  /** Reads again. */
  resume(): void {
    // Without a socket nothing was paused.
    if (this.isOver || this.isLatent) return;
    if (!this.hasPeerEnded) this.endProbing();
    // With the shared buffer nothing flows through the stream; `resume` would schedule a read that
    // comes even when the socket is paused again until then.
    if (!this.isShared) this.socket.resume();
    else if (this.socket.readableLength === 0) this.readOn();
    else this.wake();
  }

  private readOn(): void {
    this.isHolding = false;
    this.socket.read(0);
  }

  /** Reads on later, behind what waits in the stream. */
  private wake(): void {
    this.isWaking = true;
    process.nextTick(() => {
      if (!this.isWaking || this.isOver) return;
      this.isWaking = false;
      this.isHolding = false;
      const waiting: Buffer | null = this.socket.read();
      if (waiting !== null) this.received(waiting);
      if (!this.isHolding && !this.isOver) this.socket.read(0);
    });
  }

  /** Cuts the transport at once; `sink.closed` follows. */
  cut(cause: TransportEnd): void {
    if (this.isOver) return;
    this.openFate().cause ??= cause;
    this.stopWriting();
    // Once our end has left, everything has: a reset would only take it away again.
    const isTold = cause === 'ended' || this.socket.writableFinished;
    if (this.endIsMeaningful && !isTold) resetSocket(this.socket);
    else this.socket.destroy(this.error);
  }

  /**
   * Lets go of the socket, with everything written handed to it. It does not flow, and begins to
   * as every new stream does: with a `'data'` listener, a pipe, an iterator, `resume` or `read`.
   */
  release(): Duplex {
    const { socket } = this;
    this.endProbing();
    this.letGo();
    detachPump(socket);
    socket.pause();
    // A stream that was paused on purpose would stay paused when a listener is attached.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    if (this.isShared) forgetSharedReads(socket);
    return socket;
  }

  /** @internal */
  received(bytes: Buffer): void {
    if (this.isOver) return;
    this.isInTurn = true;
    try {
      this.sink.receive(bytes);
    } finally {
      this.isInTurn = false;
      this.flush();
    }
  }

  /** @internal */
  peerEnded(): void {
    this.hasPeerEnded = true;
    if (this.isOver) return;
    // Behind an end nothing is read, and who ends may still go away before the answer comes.
    this.beginProbing();
    this.sink.receiveEnd();
  }

  /** @internal */
  failed(error: Error): void {
    if (this.bufferedBytes > 0) this.loseOutput();
    const fate = this.openFate();
    fate.error ??= error;
    fate.cause ??= 'reset';
    // Not every stream is destroyed by what it fails with.
    this.socket.destroy();
  }

  /** @internal */
  gone(): void {
    const fate = this.openFate();
    fate.cause ??= this.hasPeerEnded && !this.hasEnded ? 'peer-ended' : 'ended';
    this.stopWriting();
    this.sink.closed(fate.cause, fate.error);
  }

  protected override stopWriting(): void {
    this.endProbing();
    super.stopWriting();
  }

  private beginProbing(): void {
    if (!this.isOver) this.#probe ??= new ResetProbe(this.settings.wheel, this.socket);
  }

  private endProbing(): void {
    this.#probe?.stop();
    this.#probe = undefined;
  }

  protected override overflowed(): void {
    this.cut('slow-consumer');
  }

  /** @internal */
  override stalled(): void {
    this.cut('write-timeout');
  }

  protected override unwritable(error: Error): void {
    this.openFate().error ??= error;
    this.cut('cut');
  }

  protected override uncongested(): void {
    this.sink.drained();
  }
}

const SOCKET = { on() {} } as unknown as Duplex;

settleShape(() => new SocketPump(SOCKET, {} as PumpSink, {} as PumpSettings));

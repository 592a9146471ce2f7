/**
 * One socket's way out: past its stream where that is possible, else through it, and how much of
 * what went in the kernel has not taken.
 *
 * It hands over what it is given, at once; gathering and deadlines are the business of its heir.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { asError } from '../base/index.ts';
import {
  freeHandle,
  unwrittenBytes,
  type WriteHandle,
  type WriteOwner,
  writeDirectly,
  writeError,
} from './direct-write.ts';
import { type AcceptedSocket, LatentSocket, latentSocketOf } from './latent-socket.ts';
import { PumpFlags } from './pump-flags.ts';
import type { TransportEnd } from './pump-sink.ts';

/** From here on output is congested: writing had better wait. */
export const CONGESTED_BYTES = 64 * 1024;

/** How a pump ended: one object, because most have not. */
export interface PumpFate {
  /** Why the transport is gone. */
  cause: TransportEnd | undefined;
  /** What the socket failed with, if it did. */
  error: Error | undefined;
  /** Bytes that were written and never left. */
  lostBytes: number;
}

/** Hands bytes to a socket. */
export abstract class SocketOutlet extends PumpFlags implements WriteOwner {
  /** The socket, or what is written to while there is none: `isLatent` tells which. */
  #end: Duplex | WriteHandle | undefined;
  /**
   * Called for every write to a stream that has room for more than counts as congested: it emits no
   * `'drain'` when what waits becomes less.
   */
  #onTaken: ((error?: Error | null) => void) | undefined;
  /** Bytes handed over so far. */
  protected handed = 0;
  /** What the socket held when one looked last: once it is destroyed it does not say. */
  #heldBytes = 0;
  /** Made when the first of it is known. */
  #madeFate: PumpFate | undefined;

  /** @param isDirect the socket is one whose handle can be written to, see direct-write.ts. */
  constructor(socket: AcceptedSocket, isDirect: boolean) {
    super();
    this.isDirect = isDirect;
    this.isPlain = socket.constructor === Socket || socket instanceof LatentSocket;
    if (!(socket instanceof LatentSocket)) this.useSocket(socket);
  }

  /** The socket, which is made now if there is none yet. */
  get socket(): Duplex {
    return this.isLatent ? latentSocketOf(this.#end as WriteHandle).make() : (this.#end as Duplex);
  }

  /** What stands for the socket while there is none. */
  get latent(): LatentSocket | undefined {
    return this.isLatent ? latentSocketOf(this.#end as WriteHandle) : undefined;
  }

  /** What is written to past the stream; `undefined` while the stream holds something back. */
  private freeHandle(): WriteHandle | undefined {
    return this.isLatent ? (this.#end as WriteHandle) : freeHandle(this.#end as Socket);
  }

  /** Writes to a handle that has no socket yet. */
  protected useHandle(handle: WriteHandle): void {
    this.isLatent = true;
    this.#end = handle;
  }

  /** Writes to a socket from now on. */
  protected useSocket(socket: Duplex): void {
    this.isLatent = false;
    this.#end = socket;
    if (socket.writableHighWaterMark <= CONGESTED_BYTES) return;
    this.#onTaken = (error) => {
      if (!error) this.flushAfter('taken');
    };
  }

  /** @internal The socket has room again, or has taken something. */
  abstract flushAfter(event: 'drain' | 'taken'): void;

  /** Bytes that were written and never left, once the transport is gone. */
  get lostBytes(): number {
    return this.#madeFate?.lostBytes ?? 0;
  }

  /** How it ended, as far as one knows. */
  protected get knownFate(): Readonly<PumpFate> | undefined {
    return this.#madeFate;
  }

  /** To be filled in. */
  protected openFate(): PumpFate {
    this.#madeFate ??= { cause: undefined, error: undefined, lostBytes: 0 };
    return this.#madeFate;
  }

  /** What waits will never leave; so many bytes of it were refused. */
  protected loseOutput(bytes = 0): void {
    this.hasLostOutput = true;
    this.openFate().lostBytes += bytes;
  }

  /** The transport ends: counts what waited for the socket, and in it. */
  protected countLost(waitingBytes: number): void {
    this.openFate().lostBytes +=
      waitingBytes + (this.socket.writableFinished ? 0 : this.#heldBytes);
  }

  /** @internal Bytes handed to the socket that the kernel has not taken. */
  get socketBytes(): number {
    if (this.isDirectWaiting) {
      const end = this.#end;
      const handle = end as WriteHandle;
      return this.held(this.isLatent ? handle.writeQueueSize : unwrittenBytes(end as Socket));
    }
    // Asked for with every message: a stream that was never used is not asked.
    return this.usesStream ? this.held(this.socket.writableLength) : 0;
  }

  private held(bytes: number): number {
    if (this.isLatent || !(this.#end as Duplex).destroyed) this.#heldBytes = bytes;
    return bytes;
  }

  /** @returns whether the socket holds nothing back. */
  protected hand(block: Uint8Array): boolean {
    this.handed += block.length;
    if (!this.isDirect) return this.handToStream(block);
    return this.handDirectly(block, block.length) ?? this.handToStream(block);
  }

  /** Hands over blocks that leave together. */
  protected handAll(blocks: Uint8Array[]): void {
    if (blocks.length === 1) {
      this.hand(blocks[0]!);
      return;
    }
    const bytes = blocks.reduce((sum, { length }) => sum + length, 0);
    this.handed += bytes;
    if (this.isDirect && this.handDirectly(blocks, bytes) !== undefined) return;
    // A stream joins what is corked without memory of ours; TLS copies it in any case.
    this.callStream('cork');
    for (const block of blocks) this.handToStream(block);
    this.uncork();
  }

  /** @returns `undefined` when nothing was done, because the stream holds something back. */
  private handDirectly(bytes: Uint8Array | Uint8Array[], byteLength: number): boolean | undefined {
    const handle = this.freeHandle();
    if (handle === undefined) return undefined;
    const outcome = writeDirectly(handle, bytes, this);
    this.isDirectWaiting = outcome === 'waiting';
    this.isBlocked = outcome !== 'taken';
    if (typeof outcome === 'string') return outcome === 'taken';
    this.socket.destroy(outcome);
    this.loseOutput(byteLength);
    return false;
  }

  private handToStream(block: Uint8Array): boolean {
    this.usesStream = true;
    const hasRoom = this.writeToStream(block, this.#onTaken);
    if (this.hasStreamFailed(block.length)) return false;
    if (this.socket.writableLength === 0) return true;
    this.isBlocked = !hasRoom;
    return false;
  }

  /** Writes, and destroys the stream with what a `write` of its own throws. */
  protected writeToStream(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean {
    try {
      return this.socket.write(bytes, done);
    } catch (error) {
      this.socket.destroy(asError(error));
      return false;
    }
  }

  /** Calls a method of the stream, and destroys it with what that throws. */
  protected callStream(method: 'cork' | 'uncork' | 'end'): void {
    try {
      this.socket[method]();
    } catch (error) {
      this.socket.destroy(asError(error));
    }
  }

  /** Lets the stream have what was held back: only now it says what it thinks of it. */
  private uncork(): void {
    const bytes = this.socket.writableLength;
    this.callStream('uncork');
    this.#heldBytes = this.socket.writableLength;
    this.hasStreamFailed(bytes - this.#heldBytes);
  }

  /** A stream that has failed holds nothing either, but nothing has left. Its end follows. */
  private hasStreamFailed(bytes: number): boolean {
    if (this.socket.errored === null && !this.socket.destroyed) return false;
    this.loseOutput(bytes);
    this.isBlocked = true;
    return true;
  }

  /** @internal What was written directly and had to wait has left, or never will. */
  written(status: number): void {
    this.isDirectWaiting = false;
    if (status === 0) {
      this.#heldBytes = 0;
      this.flushAfter('drain');
    } else {
      this.loseOutput();
      this.socket.destroy(writeError(status));
    }
  }
}

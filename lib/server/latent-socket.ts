/**
 * A connection that has no socket yet.
 *
 * A `net.Socket` is eleven objects, 0.8 KiB, and each read goes through some of them, which lie in
 * no cache when there are thousands. Most of what happens on a connection does not need it: what
 * comes is read into the shared buffer (shared-read.ts), and what leaves is written to the handle
 * (direct-write.ts). So a socket is made when somebody asks for it: who refuses, pauses, ends, cuts
 * or hijacks a connection, subscribes to `barewire:server:connection`, or waits for what libuv
 * holds; and Node, when the connection has ended or failed. What that saves stands in
 * bench/results.md, "Without one fast path, many connections".
 *
 * ```
 *                 ┌─ a read ──► reader.received
 *  handle ─► Node ┤
 *                 └─ its end, an error ──► make() ──► a socket, which is told ──► its listeners
 * ```
 * Node calls one function for each read, and that looks for the owner of the handle, ordinarily a
 * socket. A `LatentSocket` is an owner that has what this function looks at, and no more. What it
 * looks at is learned from a socket and from its source; where it looks at anything that we do not
 * know, {@link canBeLatent} says no, and each connection has its socket from the beginning.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { lendReadMemory, viewRead } from '../codec/index.ts';
import { canWriteTo, type WriteHandle } from './direct-write.ts';
import type { OptionHandle } from './listening.ts';
import { type OnReadKeys, onReadKeysOf, type ReadHandle } from './shared-read.ts';

/** The other end, as a handle tells it and a socket keeps it. */
interface PeerName {
  address?: string;
  port?: number;
}

/** The parts of a handle that are used while it has no socket. */
export interface LatentHandle extends ReadHandle, WriteHandle, OptionHandle {
  onread: unknown;
  /** Sockets of Node keep here whether the handle is being read. */
  reading?: boolean;
  /** Pipes have none. */
  getpeername?(name: PeerName): number;
  [owner: symbol]: unknown;
}

/** A connection's socket, or what stands for it while there is none. */
export type AcceptedSocket = Duplex | LatentSocket;

/** Who has what is read: a pump. */
export interface LatentReader {
  /** So much came; the bytes are of this turn only. */
  received(bytes: Buffer): void;
  /** There is a socket from now on. `isReading`: reading has begun. */
  made(socket: Socket, isReading: boolean): void;
}

/** What all connections of one listening server share. */
export interface LatentHome {
  /** Builds the socket that a handle belongs to from then on. */
  build(handle: ReadHandle): Socket;
  /** The connection has its socket; its reader is told next. */
  made(latent: LatentSocket, socket: Socket): void;
}

/** How Node finds the owner of a handle, and what it looks at there. */
interface OwnerKeys extends OnReadKeys {
  /** What it calls for each read; `this` is the handle. */
  readonly onread: unknown;
  readonly owner: symbol;
  readonly generator: symbol;
  readonly timer: symbol;
}

const NOT_ENDED = { endEmitted: false };

let keys: OwnerKeys | undefined | false;

/** Owns a handle until it is made a socket. */
export class LatentSocket {
  readonly #handle: LatentHandle;
  readonly #home: LatentHome;
  #reader: LatentReader | undefined;
  /** There from when somebody first asks: the kernel forgets it with a reset. Most never ask. */
  declare private peerName: PeerName | undefined;

  /** Takes a handle for which {@link canBeLatent} has said yes; nothing is read yet. */
  constructor(handle: LatentHandle, home: LatentHome) {
    this.#handle = handle;
    this.#home = home;
    handle[(keys as OwnerKeys).owner] = this;
  }

  /** IP address of the other end; `undefined` where it has none, or is gone. */
  get remoteAddress(): string | undefined {
    return this.nameOfPeer().address;
  }

  /** Port of the other end; `undefined` where it has none, or is gone. */
  get remotePort(): number | undefined {
    return this.nameOfPeer().port;
  }

  /** Says who has what is read, and returns the handle, which may be written to until `made`. */
  belongTo(reader: LatentReader): WriteHandle {
    this.#reader = reader;
    return this.#handle;
  }

  /** Begins to read. */
  start(): void {
    const handle = this.#handle;
    handle.onread = (keys as OwnerKeys).onread;
    handle.useUserBuffer(lendReadMemory());
    handle.reading = handle.readStart() === 0;
    // A socket meets the same error, and says so.
    if (!handle.reading) this.make().read(0);
  }

  /** Makes the socket, once; returns it from then on. */
  make(): Socket {
    const handle = this.#handle;
    const owner = handle[(keys as OwnerKeys).owner];
    if (owner !== this) return owner as Socket;
    const socket = this.#home.build(handle);
    if (this.peerName !== undefined) Object.assign(socket, { _peername: this.peerName });
    this.#home.made(this, socket);
    this.#reader?.made(socket, handle.reading === true);
    return socket;
  }

  /** @internal Node calls it for an error of a read; a server that closes, to cut it. */
  destroy(error?: Error): void {
    this.make().destroy(error);
  }

  /** @internal Node calls it for the end of what is read, with `null`. */
  push(end: null): boolean {
    return this.make().push(end);
  }

  /** @internal Node calls it behind that. */
  read(bytes: number): unknown {
    return this.make().read(bytes);
  }

  /** @internal */
  received(length: number): boolean {
    this.#reader!.received(viewRead(length));
    return true;
  }

  private nameOfPeer(): PeerName {
    if (this.peerName !== undefined) return this.peerName;
    const name: PeerName = {};
    if (this.#handle.getpeername?.(name) !== 0) return {};
    this.peerName = name;
    return name;
  }
}

/** Whether this Node lets a connection go without a socket, and the handle has what that takes. */
export function canBeLatent(handle: ReadHandle): handle is LatentHandle {
  keys ??= prepare() ?? false;
  return keys !== false && canWriteTo(handle as Partial<WriteHandle>);
}

/** The socket of a connection, which is made now if there is none yet. */
export function socketOf(accepted: AcceptedSocket): Duplex {
  return accepted instanceof LatentSocket ? accepted.make() : accepted;
}

/** The latent socket of a handle that belongs to one. */
export function latentSocketOf(handle: WriteHandle): LatentSocket {
  return (handle as LatentHandle)[(keys as OwnerKeys).owner] as LatentSocket;
}

/** Gives the class what Node looks at, under the names that it has there. */
function prepare(): OwnerKeys | undefined {
  const learned = learnOwnerKeys();
  if (learned === undefined) return undefined;
  Object.defineProperties(LatentSocket.prototype, {
    destroyed: { value: false },
    _readableState: { value: NOT_ENDED },
    [learned.buffer]: { value: lendReadMemory() },
    [learned.callback]: { value: onRead },
    [learned.generator]: { value: null },
    [learned.timer]: { value: ignore },
  });
  return learned;
}

/** What Node looks at in the owner of a handle, by the names in its source. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['[kUpdateTimer]', '[kBuffer]', '[kBufferCb]', '[kBufferGen]', '[kMaybeDestroy]'],
  ...['.destroyed', '._readableState.endEmitted', '.push', '.read', '.on', '.destroy'],
]);

/** Looks at a socket, and at what it gives its handle to call. */
export function learnOwnerKeys(SocketClass: typeof Socket = Socket): OwnerKeys | undefined {
  const onread: OnReadOpts = { buffer: Buffer.alloc(1), callback: () => true };
  const handle: Record<string | symbol, unknown> = { useUserBuffer: ignore };
  const options = { handle, onread, manualStart: true } as SocketConstructorOpts;
  const socket = new SocketClass(options);
  const onReadKeys = onReadKeysOf(socket, onread);
  const found = {
    onread: handle['onread'],
    owner: symbolsOf(handle).find((key) => handle[key] === socket),
    buffer: onReadKeys?.buffer,
    callback: onReadKeys?.callback,
    generator: symbolsOf(socket).find(({ description }) => description === 'kBufferGen'),
    timer: symbolsOf(Socket.prototype).find((key) => key.description === 'kUpdateTimer'),
  };
  const isComplete = Object.values(found).every((part) => part !== undefined);
  return isComplete && looksAtNothingElse(found.onread) ? (found as OwnerKeys) : undefined;
}

function looksAtNothingElse(onread: unknown): boolean {
  if (typeof onread !== 'function') return false;
  const source = Function.prototype.toString.call(onread).replace(/\/\/.*$/gm, '');
  const parts = [...source.matchAll(/\bstream((?:\.\w+|\[\w+\])+)/g)].map(([, part]) => part!);
  const names = source.match(/\bstream\b/g)?.length ?? 0;
  // One name more is that of the variable, where the owner is found.
  return (
    /\bconst stream = this\[owner_symbol\];/.test(source) &&
    names === parts.length + 1 &&
    parts.every((part) => KNOWN.has(part))
  );
}

function symbolsOf(object: object): symbol[] {
  return Object.getOwnPropertySymbols(object);
}

function onRead(this: LatentSocket, length: number): boolean {
  return this.received(length);
}

function ignore(): void {}

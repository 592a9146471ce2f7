/**
 * Lets connections in, and counts them until they are closed.
 *
 * ```
 *  net.Server ─┐                  ┌─ over a cap ──► destroyed, counted as refused
 *  tls.Server ─┼─► 'connection' ──┤
 *  serve(…)  ──┘                  └─ counted ──► TLS handshake, if any ──► onSocket
 * ```
 * A TLS connection counts from its first byte on, not from the end of its handshake, which has as
 * much time as a head. The acceptor
 * knows no protocol, and it does not know either what became of a connection: a hijacked one counts
 * like any other.
 */
import type { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { hasFastPath, UsageError } from '../base/index.ts';
import { addressGroup, readClientAddress } from '../peer/index.ts';
import type { TimerWheel } from './clock.ts';
import { type AcceptedSocket, LatentSocket, socketOf } from './latent-socket.ts';
import { prepareListener, prepareSocket } from './listening.ts';
import { onSharedRead } from './pump-listeners.ts';
import { shareReads, shareSecureReads } from './shared-read.ts';
import { takeConnections } from './taken-connections.ts';
import { socketUnder, TlsHandshakes } from './tls-handshakes.ts';

/** The bounds of an acceptor. */
export interface AcceptorSettings {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly wheel: TimerWheel;
  /** How long a TLS handshake may take, before the head that it has time for as well. */
  readonly headTimeoutMs: number;
  /** Whether sockets may be made to read into the shared buffer. */
  readonly sharedReadBuffer: boolean;
  /** Whether sockets may be written to past their stream, and made only when they are needed. */
  readonly directWrites: boolean;
}

/** Takes a connection. `isShared`: the socket reads into the shared buffer. */
export type OnSocket = (socket: AcceptedSocket, isShared: boolean, isSecure: boolean) => void;

/** Lets connections in. */
export class Acceptor {
  readonly #settings: AcceptorSettings;
  readonly #onSocket: OnSocket;
  readonly #open = new Set<AcceptedSocket>();
  /** The group that a connection counts for, where it counts for one. */
  readonly #groups = new WeakMap<AcceptedSocket, string>();
  /** One listener for all sockets: closures would cost more memory than the rest of this. */
  readonly #onClose: (this: Duplex) => void;
  readonly #perAddress = new Map<string, number>();
  /** How to stop listening to each server. */
  readonly #servers = new Map<NetServer, () => void>();
  readonly #handshakes: TlsHandshakes;
  /** Over a cap: what becomes of their handshakes counts no more. */
  readonly #refused = new WeakSet<Duplex>();
  #onEmpty: (() => void) | undefined;
  /** Connections let in, refused, and lost before their TLS handshake was done. */
  readonly counters = { accepted: 0, refused: 0, tlsFailed: 0 };

  constructor(settings: AcceptorSettings, onSocket: OnSocket) {
    this.#settings = settings;
    this.#onSocket = onSocket;
    this.#handshakes = new TlsHandshakes(settings.wheel, settings.headTimeoutMs);
    const untrack = (socket: Duplex): void => this.#untrack(socket);
    this.#onClose = function onClose() {
      untrack(this);
    };
  }

  /** Connections that are open, hijacked ones and unfinished TLS handshakes included. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Takes the connections of a server from now on that listens for us alone: where Node allows it,
   * before they are made sockets.
   */
  attachOwn(server: NetServer): void {
    const stop = server instanceof TlsServer ? undefined : this.#take(server);
    if (stop === undefined) this.#attach(server, true);
    else this.#servers.set(server, stop);
  }

  #take(server: NetServer): (() => void) | undefined {
    const { sharedReadBuffer, directWrites } = this.#settings;
    if (!sharedReadBuffer) return undefined;
    const accept = (accepted: AcceptedSocket): void => this.#acceptShared(accepted);
    const made = (latent: LatentSocket, socket: Socket): void => this.#made(latent, socket);
    const onMade = hasFastPath('latent-socket') && directWrites ? made : undefined;
    return takeConnections(server, onSharedRead, accept, prepareListener(server), onMade);
  }

  /** Takes the connections of a server from now on. Closing the server is its owner's business. */
  attach(server: NetServer): void {
    if (!this.#servers.has(server)) this.#attach(server, false);
  }

  /** @param isOwn nobody else looks at what the server accepts. */
  #attach(server: NetServer, isOwn: boolean): void {
    const isTls = server instanceof TlsServer;
    const mayShare = isOwn && this.#settings.sharedReadBuffer;
    const onConnection = (accepted: Socket): void => this.#accept(accepted, isTls);
    const onSecure = (socket: Socket): void => {
      this.#handshakes.done(socket);
      // What lies under it has the options of our server.
      prepareSocket(socket, isOwn);
      this.#onSocket(socket, mayShare && shareSecureReads(socket, onSharedRead), true);
    };
    const onTlsError = (_error: Error, socket: Socket): void => {
      if (!this.#refused.has(socketUnder(socket) ?? socket)) this.counters.tlsFailed += 1;
      // Node leaves the socket open, also after its own handshake timeout.
      socket.destroy();
    };
    server.on('connection', onConnection);
    server.on('secureConnection', onSecure);
    server.on('tlsClientError', onTlsError);
    this.#servers.set(server, () => {
      server.off('connection', onConnection);
      server.off('secureConnection', onSecure);
      server.off('tlsClientError', onTlsError);
    });
  }

  /**
   * Takes one connection that was made elsewhere, unless it is gone already.
   *
   * @throws UsageError `invalid-state` when it is served already.
   */
  serve(socket: Duplex, isSecure: boolean): void {
    // One that is gone already will not say so again, and would be waited for for ever.
    if (socket.destroyed) return;
    if (this.#open.has(socket)) throw new UsageError('invalid-state', 'it is served already');
    const group = this.#admit(socket);
    if (group === undefined) return;
    this.#track(socket, group);
    this.#begin(socket, false, isSecure);
  }

  /** Lets nobody in any more, not even those who are shaking hands: they have asked for nothing. */
  detach(): void {
    for (const stop of this.#servers.values()) stop();
    this.#servers.clear();
    this.#handshakes.endAll();
  }

  /** Destroys every connection that is still open; returns how many there were. */
  cut(): number {
    const open = [...this.#open];
    for (const socket of open) socket.destroy();
    return open.length;
  }

  /** Calls `done` when no connection is open; at once when none is. */
  whenEmpty(done: () => void): void {
    this.#onEmpty = done;
    this.#tellEmpty();
  }

  #tellEmpty(): void {
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  #accept(accepted: Socket, isTls: boolean): void {
    const group = this.#admit(accepted);
    if (group === undefined) return;
    const mayShare = !isTls && this.#settings.sharedReadBuffer && accepted.isPaused();
    const shared = mayShare ? shareReads(accepted, onSharedRead) : undefined;
    const socket = shared ?? accepted;
    this.#track(socket, group);
    if (isTls) this.#handshakes.begin(socket);
    else this.#begin(socket, shared !== undefined, false);
  }

  #acceptShared(accepted: AcceptedSocket): void {
    const group = this.#admit(accepted);
    if (group === undefined) return;
    this.#track(accepted, group);
    this.#begin(accepted, true, false);
  }

  /** What was counted without a socket is the socket from now on. */
  #made(latent: LatentSocket, socket: Socket): void {
    // One that is refused.
    if (!this.#open.delete(latent)) return;
    this.#open.add(socket);
    const group = this.#groups.get(latent);
    if (group !== undefined) this.#groups.set(socket, group);
    socket.on('close', this.#onClose);
  }

  #begin(socket: AcceptedSocket, isShared: boolean, isSecure: boolean): void {
    if (!(socket instanceof LatentSocket)) prepareSocket(socket);
    this.#onSocket(socket, isShared, isSecure);
  }

  /** @returns the group that the connection counts for; `undefined` when it is refused. */
  #admit(accepted: AcceptedSocket): string | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    const isCounted = maxConnectionsPerAddress < maxConnections;
    // Clients of a unix socket have no address, and share no limit.
    const group = isCounted ? addressGroup(readClientAddress(accepted).address) : '';
    const isFull = this.#open.size >= maxConnections;
    if (!isFull && (group === '' || this.#countOf(group) < maxConnectionsPerAddress)) {
      this.counters.accepted += 1;
      return group;
    }
    this.counters.refused += 1;
    const socket = socketOf(accepted);
    this.#refused.add(socket);
    socket.on('error', ignore);
    socket.destroy();
    return undefined;
  }

  #track(socket: AcceptedSocket, group: string): void {
    this.#open.add(socket);
    if (group !== '') {
      this.#groups.set(socket, group);
      this.#perAddress.set(group, this.#countOf(group) + 1);
    }
    if (!(socket instanceof LatentSocket)) socket.on('close', this.#onClose);
  }

  #untrack(socket: Duplex): void {
    const group = this.#groups.get(socket);
    this.#open.delete(socket);
    this.#handshakes.forget(socket);
    if (group !== undefined) this.#countDown(group);
    this.#tellEmpty();
  }

  #countDown(group: string): void {
    const left = this.#countOf(group) - 1;
    if (left > 0) this.#perAddress.set(group, left);
    else this.#perAddress.delete(group);
  }

  #countOf(group: string): number {
    return this.#perAddress.get(group) ?? 0;
  }
}

function ignore(): void {}

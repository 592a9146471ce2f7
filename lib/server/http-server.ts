/**
 * The server: lets connections in, hands their requests to the application, and closes.
 *
 * ```ts
 * const server = createServer({ request: (exchange) => exchange.respond(200, {}, 'hello') });
 * const { port } = await server.listen(9292);
 * …
 * await server.close({ deadlineMs: 5_000 });
 * ```
 */
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import debug from 'debug';
import { type ProtocolError, UsageError } from '../base/index.ts';
import type {
  BroadcastOptions,
  BroadcastResult,
  MessageData,
  PreparedMessage,
  WebSocketPeer,
} from '../peer/index.ts';
import { Acceptor } from './acceptor.ts';
import type { CloseOptions, CloseResult } from './closing.ts';
import { resolveClosing, untilEveryoneLeft } from './closing.ts';
import type { Exchange } from './exchange.ts';
import { sayGoodbye } from './farewell.ts';
import { runHandler } from './handler-outcome.ts';
import { type ConnectionOwner, HttpConnection } from './http-connection.ts';
import type { AcceptedSocket } from './latent-socket.ts';
import type { ListenAddress, ListenTarget } from './listening.ts';
import { checkAttached, checkServed, listen, makeListener } from './listening.ts';
import { PeerSet } from './peer-set.ts';
import type { TransportEnd } from './pump-sink.ts';
import { resolveSettings, type ServerSettings, type ServerTuning } from './server-settings.ts';
import { Ledger, type ServerStats, tellFailure } from './server-stats.ts';
import { SocketPump } from './socket-pump.ts';
import { type WebSocketRoute, WebSockets } from './websocket-route.ts';

const log = debug('barewire:server');

/** What a server does, and within which bounds. */
export interface ServerOptions extends ServerTuning {
  /** Answers requests; may be asynchronous, and may answer later. Without it: 404. */
  request?(exchange: Exchange): unknown;
  /** Accepts and reads WebSockets. Without it upgrade requests are requests like any other. */
  readonly websocket?: WebSocketRoute | undefined;
  /**
   * Takes what handlers throw and is no fault of a client. Default: printed to stderr, as is what
   * it throws itself or rejects with.
   */
  error?(error: unknown, exchange: Exchange | undefined): unknown;
}

/**
 * Makes a server.
 *
 * @throws UsageError `invalid-option`.
 */
export function createServer(options: ServerOptions = {}): Server {
  return new Server(options);
}

/** A server for HTTP/1, event streams, WebSockets, and whatever a hijacked socket speaks. */
export class Server implements ConnectionOwner {
  /** @internal */
  readonly settings: ServerSettings;
  readonly #options: ServerOptions;
  readonly #acceptor: Acceptor;
  readonly #webSockets: WebSockets | undefined;
  readonly #connections = new Set<HttpConnection>();
  readonly #own = new Set<NetServer>();
  readonly #ledger = new Ledger(this);
  /** @internal Open WebSockets that handlers have accepted by themselves. */
  readonly guests: PeerSet;
  #closing: Promise<CloseResult> | undefined;

  /** @throws UsageError `invalid-option`. */
  constructor(options: ServerOptions) {
    this.#options = options;
    this.settings = resolveSettings(options);
    this.guests = new PeerSet(this.settings.wheel);
    this.#acceptor = new Acceptor(this.settings, (...accepted) => this.#connect(...accepted));
    const { websocket } = options;
    if (websocket !== undefined) this.#webSockets = new WebSockets(websocket, this.settings);
  }

  // ── letting connections in ─────────────────────────────────────────────────────────────────

  /**
   * Listens on a port, on the path of a unix socket, or as the options of `node:net` say. May be
   * called more than once.
   *
   * @param target default 0: a free port.
   * @throws the system's error, such as EADDRINUSE; UsageError `invalid-argument`, `invalid-state`.
   */
  async listen(target: ListenTarget = 0, host?: string): Promise<ListenAddress> {
    this.#requireOpen();
    const server = makeListener(this.settings.tls, this.settings.headTimeoutMs);
    const address = await listen(server, target, host);
    if (this.isClosing) server.close();
    this.#requireOpen();
    server.on('error', (error) => this.reportError(error));
    this.#own.add(server);
    this.#acceptor.attachOwn(server);
    log('listens on %s port %d', address.address, address.port);
    return address;
  }

  /**
   * Takes the connections of an existing `net.Server` or `tls.Server`, which stays yours to close.
   * Their sockets get the options of our own: `allowHalfOpen`, `noDelay`, `keepAlive` after 30 s.
   *
   * @throws UsageError `invalid-state` when this server is closed; as {@link checkAttached}.
   */
  attach(server: NetServer): void {
    this.#requireOpen();
    checkAttached(server);
    this.#acceptor.attach(server);
  }

  /**
   * Serves one connection that was made elsewhere: a socket, which gets the options of our own, a
   * TLS socket, any `Duplex`. Its `_write` must not change what it gets: others get it as well.
   *
   * @throws UsageError `invalid-state` when it is closed or serves it; as {@link checkServed}.
   */
  serve(socket: Duplex, options: { readonly isSecure?: boolean } = {}): void {
    this.#requireOpen();
    checkServed(socket, options);
    this.#acceptor.serve(socket, options.isSecure ?? false);
  }

  #connect(accepted: AcceptedSocket, isShared: boolean, isSecure: boolean): void {
    const socket = this.#ledger.connected(accepted);
    const connection = new HttpConnection(
      (sink) => new SocketPump(socket, sink, this.settings, isShared),
      this,
      isSecure,
    );
    this.#connections.add(connection);
    connection.start();
  }

  // ── what goes on ───────────────────────────────────────────────────────────────────────────

  /** Numbers about this server. */
  stats(): ServerStats {
    const { accepted, refused, tlsFailed } = this.#acceptor.counters;
    return {
      openConnections: this.#acceptor.open,
      openWebSockets: this.#webSockets?.peers.size ?? 0,
      connections: accepted,
      refusedConnections: refused,
      failedTlsHandshakes: tlsFailed,
      ...this.#ledger.counts,
    };
  }

  /** The WebSockets that the `websocket` option has accepted and that are open. */
  get peers(): ReadonlySet<WebSocketPeer> {
    return this.#webSockets?.peers ?? new Set();
  }

  /** Sends one message to all {@link peers}: encoded once, compressed once. */
  broadcast(data: MessageData | PreparedMessage, options?: BroadcastOptions): BroadcastResult {
    if (this.#webSockets !== undefined) return this.#webSockets.broadcast(data, options);
    throw new UsageError('invalid-state', 'broadcast needs the option websocket');
  }

  // ── closing ────────────────────────────────────────────────────────────────────────────────

  /** True once `close` was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Lets nobody in any more, completes what is being answered (with `connection: close`), ends
   * event streams, says goodbye to WebSockets (1001, at once or spread over a while), and cuts what
   * is left at the deadline, hijacked sockets too. Calling it again returns the same promise.
   *
   * @throws UsageError `invalid-option` for a bad deadline.
   */
  close(options: CloseOptions = {}): Promise<CloseResult> {
    const { deadlineMs, spreadMs } = resolveClosing(options, this.settings);
    this.#closing ??= this.#close(deadlineMs, spreadMs);
    return this.#closing;
  }

  #close(deadlineMs: number, spreadMs: number): Promise<CloseResult> {
    log('closes within %d ms: %d connections', deadlineMs, this.#acceptor.open);
    this.#webSockets?.acceptNobody();
    this.#acceptor.detach();
    for (const server of this.#own) server.close();
    // After `#closing` is set, which the connections look at.
    queueMicrotask(() => {
      for (const connection of this.#connections) connection.shutDown();
      sayGoodbye([...this.peers, ...this.guests.peers], this.settings.wheel, spreadMs);
    });
    return untilEveryoneLeft(this.#acceptor, this.settings.wheel, deadlineMs, () => {
      for (const connection of this.#connections) connection.cut();
    });
  }

  #requireOpen(): void {
    if (this.isClosing) throw new UsageError('invalid-state', 'the server is closed');
  }

  // ── what connections say ───────────────────────────────────────────────────────────────────

  /** @internal */
  dispatch(exchange: Exchange): void {
    this.#ledger.requested(exchange);
    runHandler(exchange, this.#handlerFor(exchange), (error) => this.#report(error, exchange));
  }

  #handlerFor(exchange: Exchange): (exchange: Exchange) => unknown {
    if (exchange.isMisdirected) return (asked) => asked.reject(421); // [RFC 9110 §7.4]
    const webSockets = this.#webSockets;
    if (webSockets !== undefined && exchange.wantsWebSocket) {
      return (asked) => webSockets.handle(asked);
    }
    const { request } = this.#options;
    if (request !== undefined) return (asked) => request.call(this.#options, asked);
    if (webSockets === undefined) return (asked) => asked.reject(404);
    return (asked) => asked.reject(426, undefined, { upgrade: 'websocket' }); // [RFC 9110 §15.5.22]
  }

  /** @internal */
  refused(error: ProtocolError): void {
    this.#ledger.refused(error);
  }

  /** @internal */
  reportError(error: unknown): void {
    this.#report(error, undefined);
  }

  /** @internal */
  left(connection: HttpConnection, end: TransportEnd | 'handed-over', wasBusy: boolean): void {
    this.#connections.delete(connection);
    this.#ledger.left(end, wasBusy);
  }

  #report(error: unknown, exchange: Exchange | undefined): void {
    this.#ledger.failed(error, exchange);
    tellFailure(this.#options, error, exchange);
  }
}

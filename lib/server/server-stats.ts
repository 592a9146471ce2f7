/**
 * What a server counts, and what it tells to whoever subscribes to `node:diagnostics_channel`.
 *
 * | channel | message |
 * |---|---|
 * | `barewire:server:connection` | `{ server, socket }`: let in; its socket is made for this |
 * | `barewire:server:request` | `{ server, exchange }`: before the handler is called |
 * | `barewire:server:response` | `{ server, exchange, report }`: the exchange is over |
 * | `barewire:server:violation` | `{ server, error }`: a client broke a rule or a deadline |
 * | `barewire:server:error` | `{ server, exchange, error }`: a handler failed |
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import debug from 'debug';
import { callSafely, type ProtocolError } from '../base/index.ts';
import type { Exchange } from './exchange.ts';
import { type AcceptedSocket, socketOf } from './latent-socket.ts';
import type { TransportEnd } from './pump-sink.ts';

const log = debug('barewire:http');

/** Numbers of a server. Those without "open" only grow. */
export interface ServerStats {
  /** Connections that are open now, hijacked ones and WebSockets included. */
  readonly openConnections: number;
  /** WebSockets that are open now. */
  readonly openWebSockets: number;
  readonly connections: number;
  /** Connections refused by a cap. */
  readonly refusedConnections: number;
  /** TLS handshakes that failed. */
  readonly failedTlsHandshakes: number;
  readonly requests: number;
  /** Connections handed over: WebSockets and hijacked sockets. */
  readonly handedOver: number;
  /** Rules and deadlines that clients broke, by code. */
  readonly violations: Readonly<Record<string, number>>;
  /** Clients that were gone before their answer was complete, by reason. */
  readonly clientsGone: Readonly<Record<string, number>>;
  /** What handlers threw, and was not a client's fault. */
  readonly handlerErrors: number;
}

/** Counters by name, which appear when they first count. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** Counts one. */
  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** A copy of the counts. */
  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** The channels; their messages are plain objects, made only when somebody subscribes. */
export const SERVER_CHANNELS: Readonly<
  Record<'connection' | 'request' | 'response' | 'violation' | 'error', Channel>
> = Object.freeze({
  connection: channel('barewire:server:connection'),
  request: channel('barewire:server:request'),
  response: channel('barewire:server:response'),
  violation: channel('barewire:server:violation'),
  error: channel('barewire:server:error'),
});

/**
 * Tells the option `error` of a server that a handler failed; without one, stderr. Never throws:
 * whoever reports is in the middle of something that must go on.
 */
export function tellFailure(
  options: { error?(error: unknown, exchange: Exchange | undefined): unknown },
  error: unknown,
  exchange: Exchange | undefined,
): void {
  if (options.error === undefined) {
    console.error('barewire: a handler failed:', error);
    return;
  }
  callSafely(
    () => options.error!(error, exchange),
    (secondError) => console.error('barewire: the option error failed:', secondError, 'for', error),
  );
}

/** Writes down what happens to a server. */
export class Ledger {
  readonly #server: object;
  readonly #violations = new Tally();
  readonly #clientsGone = new Tally();
  readonly #counters = { requests: 0, handedOver: 0, handlerErrors: 0 };

  /** @param server what the messages call `server`. */
  constructor(server: object) {
    this.#server = server;
  }

  /** What was written down so far. */
  get counts(): Pick<
    ServerStats,
    'requests' | 'handedOver' | 'handlerErrors' | 'violations' | 'clientsGone'
  > {
    const violations = this.#violations.toRecord();
    return { ...this.#counters, violations, clientsGone: this.#clientsGone.toRecord() };
  }

  /** A connection was let in; who subscribes gets its socket, which is made for it and returned. */
  connected(accepted: AcceptedSocket): AcceptedSocket {
    const { connection } = SERVER_CHANNELS;
    if (!connection.hasSubscribers) return accepted;
    const socket = socketOf(accepted);
    connection.publish({ server: this.#server, socket });
    return socket;
  }

  /** A request came. */
  requested(exchange: Exchange): void {
    this.#counters.requests += 1;
    log('%s %s', exchange.method, exchange.target);
    const { request, response } = SERVER_CHANNELS;
    const server = this.#server;
    if (request.hasSubscribers) request.publish({ server, exchange });
    if (!response.hasSubscribers) return;
    exchange.onClose((report) => response.publish({ server, exchange, report }));
  }

  /** A client broke a rule or a deadline. */
  refused(error: ProtocolError): void {
    this.#violations.add(error.code);
    log('refused: %s', error.message);
    const { violation } = SERVER_CHANNELS;
    if (violation.hasSubscribers) violation.publish({ server: this.#server, error });
  }

  /** A handler failed. */
  failed(error: unknown, exchange: Exchange | undefined): void {
    this.#counters.handlerErrors += 1;
    const { error: failure } = SERVER_CHANNELS;
    if (failure.hasSubscribers) failure.publish({ server: this.#server, exchange, error });
  }

  /** A connection is over for HTTP. */
  left(end: TransportEnd | 'handed-over', wasBusy: boolean): void {
    if (end === 'handed-over') this.#counters.handedOver += 1;
    else if (wasBusy) this.#clientsGone.add(end);
  }
}

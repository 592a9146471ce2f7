/** What a server counts, and what it tells to whoever subscribes to `node:diagnostics_channel`. */
import { type Channel, channel } from 'node:diagnostics_channel';

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

/**
 * The channels, each with a plain object:
 *
 * | channel | message |
 * |---|---|
 * | `barewire:server:connection` | `{ server, socket }`: it was let in |
 * | `barewire:server:request` | `{ server, exchange }`: before the handler is called |
 * | `barewire:server:response` | `{ server, exchange, report }`: the exchange is over |
 * | `barewire:server:violation` | `{ server, error }`: a client broke a rule or a deadline |
 * | `barewire:server:error` | `{ server, exchange, error }`: a handler failed |
 */
export const SERVER_CHANNELS: Readonly<
  Record<'connection' | 'request' | 'response' | 'violation' | 'error', Channel>
> = Object.freeze({
  connection: channel('barewire:server:connection'),
  request: channel('barewire:server:request'),
  response: channel('barewire:server:response'),
  violation: channel('barewire:server:violation'),
  error: channel('barewire:server:error'),
});

/** The top floor: sockets, timers, and the server. */
export { Acceptor, type AcceptorSettings, type OnSocket } from './acceptor.ts';
export { BodyStream } from './body-stream.ts';
export { addressGroup, type ClientAddress, readClientAddress } from './client-address.ts';
export { Deadline, SYSTEM_TIME, TimerWheel, type TimeSource } from './clock.ts';
export { EventStreamPeer, type OfferOptions } from './event-stream-peer.ts';
export type { EventStreamOptions } from './event-stream-settings.ts';
export { type Ending, Exchange, type StreamOptions } from './exchange.ts';
export {
  type Cleanup,
  ExchangeAborted,
  type ExchangeEnd,
  type ExchangeReport,
} from './exchange-life.ts';
export type { HijackedSocket } from './hijack.ts';
export {
  type CloseOptions,
  type CloseResult,
  createServer,
  Server,
  type ServerOptions,
} from './http-server.ts';
export type { ListenAddress, ListenTarget } from './listening.ts';
export { OutputQueue } from './output-queue.ts';
export type { ReadBodyOptions, RequestBody } from './request-body.ts';
export type { ServerTuning } from './server-settings.ts';
export type { ServerStats } from './server-stats.ts';
export { shareReads } from './shared-read.ts';
export { onSharedRead, type PumpSink, SocketPump, type TransportEnd } from './socket-pump.ts';
export { type PumpSettings, SocketWriter } from './socket-writer.ts';
export type { WebSocketRoute } from './websocket-route.ts';
export type { AcceptOptions } from './websocket-upgrade.ts';

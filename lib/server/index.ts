/** The top floor: sockets, timers, and the server. */
export type { ClientAddress } from '../peer/index.ts';
export type { ReadBodyOptions } from './body-limit.ts';
export type { BodyStream } from './body-stream.ts';
export { SYSTEM_TIME, type TimeSource } from './clock.ts';
export type { CloseOptions, CloseResult } from './closing.ts';
export type { EventStreamPeer, OfferOptions } from './event-stream-peer.ts';
export type { EventStreamOptions } from './event-stream-settings.ts';
export type { Ending, Exchange, StreamOptions } from './exchange.ts';
export type { Cleanup, ExchangeAborted, ExchangeEnd, ExchangeReport } from './exchange-life.ts';
export type { HijackedSocket } from './hijack.ts';
export { createServer, type Server, type ServerOptions } from './http-server.ts';
export type { ListenAddress, ListenTarget } from './listening.ts';
export type { TransportEnd } from './pump-sink.ts';
export type { RequestBody } from './request-body.ts';
export type { ServerTuning } from './server-settings.ts';
export type { ServerStats } from './server-stats.ts';
export type { WebSocketRoute } from './websocket-route.ts';
export type { AcceptOptions } from './websocket-upgrade.ts';

/** The client's side: WebSockets opened over TCP, TLS, proxies and whatever you bring. */
export { parseHttpUrl, parseWebSocketUrl, type WebSocketAddress } from './address.ts';
export type { BackoffOptions } from './backoff.ts';
export { connectWebSocket } from './connect.ts';
export type { DialOptions } from './dial.ts';
export { EventSource } from './event-source.ts';
export type { EventSourceOptions } from './event-stream-plan.ts';
export { CloseEvent, ErrorEvent, type Listener, ReconnectingEvent } from './events.ts';
export { HandshakeRefused } from './handshake-refused.ts';
export { connectOverHttp2, type Http2ConnectOptions } from './http2.ts';
export type { ConnectOptions } from './plan.ts';
export type { ProxySettings } from './proxy.ts';
export type { NextAttempt, ReconnectCause, ReconnectOptions } from './reconnect.ts';
export {
  type BinaryType,
  WebSocket,
  type WebSocketClientOptions,
  type WebSocketEvents,
} from './websocket.ts';
export type { ClientWorld } from './world.ts';

/**
 * WebSockets in servers of `node:http` and `node:https`, and in everything that stands on them:
 * Express, Fastify, Koa.
 *
 * ```ts
 * server.on('upgrade', (request, socket, head) => acceptUpgrade(request, socket, head, endpoint));
 * ```
 * Node has parsed the request by then; the socket is ours from here on.
 */
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketPeer } from '../peer/index.ts';
import { acceptDuplex } from './duplex.ts';
import type { AdapterEndpoint } from './endpoint.ts';
import { LineFields } from './line-fields.ts';

/**
 * Accepts the WebSocket of an `'upgrade'` event, or refuses it. All three arguments as the event
 * has them.
 *
 * @returns the open peer, already read by the endpoint's handler if it has one; `undefined` when
 *   the handshake was refused or the client went away. Rejects with UsageError for bad options
 *   only.
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  endpoint: AdapterEndpoint = {},
): Promise<WebSocketPeer | undefined> {
  if (socket instanceof Socket) {
    // Time limits of requests end here; those of connections are the endpoint's.
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }
  const upgrade = {
    method: request.method ?? '',
    target: request.url ?? '',
    version: request.httpVersion,
    fields: new LineFields(request.rawHeaders),
  };
  return acceptDuplex(socket, upgrade, head, endpoint, request);
}

/** Ours, as the README shows it. */
import { createServer, type EventStreamPeer } from 'barewire/server';
import { broadcastText, ready, serverMode, TLS_IDENTITY } from './ready.ts';

const { mode, deflate, bytes, tls } = serverMode();
const text = broadcastText(bytes);
const streams = new Set<EventStreamPeer>();

const server = createServer({
  ...(tls ? { tls: TLS_IDENTITY } : {}),
  request(exchange) {
    if (exchange.path.startsWith('/send/')) {
      const count = Number(exchange.path.slice(6));
      for (let index = 0; index < count; index += 1) {
        for (const stream of streams) stream.send({ data: text });
      }
      return exchange.respond(200, {}, 'ok');
    }
    if (mode === 'http') return exchange.respond(200, { 'content-type': 'text/plain' }, text);
    const stream = exchange.eventStream();
    streams.add(stream);
    exchange.onClose(() => streams.delete(stream));
    return undefined;
  },
  websocket: {
    deflate,
    ...(deflate ? { compressThresholdBytes: 0 } : {}),
    message(peer, data) {
      if (mode === 'echo') peer.send(data);
      else for (let index = 0; index < Number(data); index += 1) server.broadcast(text);
    },
  },
});
const { port } = await server.listen(0, '127.0.0.1');
ready(port);

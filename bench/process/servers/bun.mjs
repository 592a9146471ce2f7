/** Bun's own server, run by Bun. */
import {
  broadcastText,
  ready,
  serverMode,
  TLS_IDENTITY,
} from '../../../dist/bench/process/servers/ready.js';

const { mode, deflate, bytes, tls } = serverMode();
const text = broadcastText(bytes);

const streams = new Set();
const event = new TextEncoder().encode(`data: ${text}\n\n`);

function toStreams(count) {
  for (let index = 0; index < count; index += 1) {
    for (const stream of streams) stream.enqueue(event);
  }
  return new Response('ok');
}

function openStream() {
  let opened;
  const body = new ReadableStream({
    start(stream) {
      opened = stream;
      stream.enqueue(':\n\n');
      streams.add(stream);
    },
    cancel() {
      streams.delete(opened);
    },
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
  return new Response(body, { headers });
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  ...(tls ? { tls: TLS_IDENTITY } : {}),
  // Seconds without a byte after which Bun cuts a stream.
  idleTimeout: 0,
  fetch(request, bun) {
    if (mode === 'http') return new Response(text, { headers: { 'content-type': 'text/plain' } });
    if (mode === 'sse') {
      const { pathname } = new URL(request.url);
      return pathname.startsWith('/send/') ? toStreams(Number(pathname.slice(6))) : openStream();
    }
    return bun.upgrade(request) ? undefined : new Response('no', { status: 400 });
  },
  websocket: {
    perMessageDeflate: deflate,
    open(socket) {
      if (mode === 'broadcast') socket.subscribe('all');
    },
    message(socket, data) {
      if (mode === 'echo') socket.send(data, deflate);
      else
        for (let index = 0; index < Number(data); index += 1) server.publish('all', text, deflate);
    },
  },
});
ready(server.port);

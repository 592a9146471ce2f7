/** Bun's own server, run by Bun. */
import {
  broadcastText,
  ready,
  serverMode,
  TLS_IDENTITY,
} from '../../../dist/bench/process/servers/ready.js';

const { mode, deflate, bytes, tls } = serverMode();
const text = broadcastText(bytes);

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  ...(tls ? { tls: TLS_IDENTITY } : {}),
  fetch(request, bun) {
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

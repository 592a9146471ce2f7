/**
 * Plain answers and server-sent events on `node:http`, the latter by hand: one `response.write` per
 * client and event.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { broadcastText, ready, serverMode } from './ready.ts';

const { mode, bytes } = serverMode();
const data = broadcastText(bytes);
const streams = new Set<ServerResponse>();
const server = createServer((request, response) => {
  if (request.url?.startsWith('/send/')) {
    const count = Number(request.url.slice(6));
    for (let index = 0; index < count; index += 1) {
      const event = `data: ${data}\n\n`;
      for (const stream of streams) stream.write(event);
    }
    response.end('ok');
    return;
  }
  if (mode === 'http') {
    // Without writeHead, which would make it chunks: the length is not known so early.
    response.setHeader('content-type', 'text/plain');
    response.end(data);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.write(':\n\n');
  streams.add(response);
  response.on('close', () => streams.delete(response));
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));

/** ws on an HTTP server, as its documentation shows. */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { broadcastText, ready, serverMode, TLS_IDENTITY } from './ready.ts';

const { mode, deflate, ourSettings, bytes, tls } = serverMode();
const text = Buffer.from(broadcastText(bytes));
const settings = ourSettings
  ? {
      zlibDeflateOptions: { level: 3, windowBits: 13, memLevel: 6 },
      zlibInflateOptions: { windowBits: 13 },
      serverMaxWindowBits: 13,
      clientMaxWindowBits: 13,
    }
  : {};
const perMessageDeflate = deflate ? { threshold: 0, ...settings } : false;
const server = tls ? createHttpsServer(TLS_IDENTITY) : createHttpServer();
const sockets = new WebSocketServer({ server, perMessageDeflate });

function broadcast(count: number): void {
  for (let index = 0; index < count; index += 1) {
    for (const client of sockets.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(text, { binary: false });
    }
  }
}

sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  if (mode === 'broadcast') socket.on('message', (data) => broadcast(Number(String(data))));
  else socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));

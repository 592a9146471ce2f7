/** ws on its own HTTP server, as its documentation shows. */
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { broadcastText, ready, serverMode } from './ready.ts';

const { mode, deflate, bytes } = serverMode();
const text = Buffer.from(broadcastText(bytes));
const perMessageDeflate = deflate ? { threshold: 0 } : false;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate });

function broadcast(count: number): void {
  for (let index = 0; index < count; index += 1) {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(text, { binary: false });
    }
  }
}

server.on('connection', (socket) => {
  socket.on('error', () => {});
  if (mode === 'broadcast') socket.on('message', (data) => broadcast(Number(String(data))));
  else socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on('listening', () => ready((server.address() as AddressInfo).port));

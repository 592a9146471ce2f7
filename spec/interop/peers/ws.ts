/** `ws`, both ways, compressing everything. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { Ends, type ForeignPeer, obey } from './peer.ts';

const OPTIONS = { perMessageDeflate: { threshold: 0 } };

function handle(socket: WebSocket, ends: Ends): void {
  const echo = {
    send: (data: string | Buffer) => socket.send(data),
    ping: (payload: string, ponged: () => void) => {
      socket.once('pong', (heard: Buffer) => String(heard) === payload && ponged());
      socket.ping(payload);
    },
    sendParts: (parts: readonly string[]) => {
      for (const [index, part] of parts.entries()) {
        socket.send(part, { fin: index === parts.length - 1 });
      }
    },
    close: (code?: number, reason?: string) => socket.close(code, reason),
  };
  socket.on('message', (data: Buffer, isBinary) => obey(echo, isBinary ? data : String(data)));
  socket.on('close', (code, reason) => ends.see(code, reason));
  socket.on('error', () => {});
}

const HABITS = { pings: true, fragments: true, compresses: true, declines: [] };

/** ws. */
export const ws: ForeignPeer = {
  name: 'ws',
  asServer: HABITS,
  asClient: HABITS,
  async start() {
    const ends = new Ends();
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...OPTIONS });
    server.on('connection', (socket) => handle(socket, ends));
    await once(server, 'listening');
    return {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      connect: (url) => handle(new WebSocket(url, OPTIONS), ends),
      nextEnd: () => ends.next(),
      stop: () => server.close(),
    };
  },
};

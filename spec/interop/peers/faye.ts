/** `faye-websocket` with its extension package, both ways. */
import { createServer } from 'node:http';
import FayeWebSocket from 'faye-websocket';
import deflate from 'permessage-deflate';
import { listen } from '../../support/sockets.ts';
import { Ends, type ForeignPeer, obey } from './peer.ts';

const OPTIONS = { extensions: [deflate.configure({})], maxLength: 1 << 26 };

function handle(socket: FayeWebSocket, ends: Ends): void {
  const echo = {
    send: (data: string | Buffer) => socket.send(data),
    ping: (payload: string, ponged: () => void) => void socket.ping(payload, ponged),
    close: (code?: number, reason?: string) => socket.close(code, reason),
  };
  socket.on('message', ({ data }: { data: string | Buffer }) => obey(echo, data));
  socket.on('close', ({ code, reason }: { code: number; reason: string }) => {
    ends.see(code, reason);
  });
  socket.on('error', () => {});
}

const HABITS = {
  pings: true,
  compresses: true,
  declines: [],
  bareClose: '1000',
  bareCloseHeard: '1000',
};

/** faye-websocket. */
export const faye: ForeignPeer = {
  name: 'faye-websocket',
  asServer: HABITS,
  asClient: HABITS,
  async start() {
    const ends = new Ends();
    const server = createServer();
    server.on('upgrade', (request, socket, head) => {
      handle(new FayeWebSocket(request, socket, head, [], OPTIONS), ends);
    });
    return {
      url: `ws://127.0.0.1:${await listen(server)}/`,
      connect: (url) => handle(new FayeWebSocket.Client(url, [], OPTIONS), ends),
      nextEnd: () => ends.next(),
      stop: () => void server.close(),
    };
  },
};

/** `websocket` (WebSocket-Node), both ways: no compression, and large messages in fragments. */
import { createServer } from 'node:http';
import websocket, { type Connection } from 'websocket';
import { listen } from '../../support/sockets.ts';
import { Ends, type ForeignPeer, obey } from './peer.ts';

const OPTIONS = {
  maxReceivedFrameSize: 1 << 26,
  maxReceivedMessageSize: 1 << 26,
  fragmentOutgoingMessages: true,
  fragmentationThreshold: 1000,
};

function handle(connection: Connection, ends: Ends): void {
  const echo = {
    send: (data: string | Buffer) =>
      typeof data === 'string' ? connection.sendUTF(data) : connection.sendBytes(data),
    ping: (payload: string, ponged: () => void) => {
      connection.on('pong', (heard) => String(heard) === payload && ponged());
      connection.ping(Buffer.from(payload));
    },
    // It cuts what it sends by itself: this is more than it sends in one frame.
    sendParts: (parts: readonly string[]) => connection.sendUTF(parts.join('')),
    close: (code?: number, reason?: string) => connection.close(code, reason),
  };
  connection.on('message', ({ utf8Data, binaryData }) => obey(echo, utf8Data ?? binaryData!));
  connection.on('close', (code, reason) => ends.see(code, reason));
  connection.on('error', () => {});
}

const HABITS = {
  pings: true,
  fragments: true,
  bareClose: '1000 Normal connection closure',
  bareCloseHeard: '1006 Connection dropped by remote peer.',
};

/** websocket. */
export const webSocketNode: ForeignPeer = {
  name: 'websocket',
  asServer: HABITS,
  asClient: HABITS,
  async start() {
    const ends = new Ends();
    const httpServer = createServer();
    const server = new websocket.server({ httpServer, autoAcceptConnections: true, ...OPTIONS });
    server.on('connect', (connection: Connection) => handle(connection, ends));
    return {
      url: `ws://127.0.0.1:${await listen(httpServer)}/`,
      connect: (url) => {
        const client = new websocket.client(OPTIONS);
        client.on('connect', (connection: Connection) => handle(connection, ends));
        client.connect(url);
      },
      nextEnd: () => ends.next(),
      stop: () => void httpServer.close(),
    };
  },
};

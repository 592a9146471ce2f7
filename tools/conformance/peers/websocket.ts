/**
 * `websocket` (WebSocket-Node), its limits on size raised to what the suite needs; it knows no
 * compression.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { EchoServer, ForeignPeer, MessageHandler } from './peer.ts';

/** As much of its interface as is needed: it has no types of its own. */
type NodeMessage = { type: 'utf8'; utf8Data: string } | { type: 'binary'; binaryData: Buffer };
interface NodeConnection {
  on(name: 'message', listener: (message: NodeMessage) => void): void;
  on(name: 'close' | 'error', listener: () => void): void;
  sendUTF(data: string): void;
  sendBytes(data: Buffer): void;
}
interface NodeRequest {
  accept(protocol: null, origin: string | undefined): NodeConnection;
  readonly origin: string | undefined;
}
interface NodeServer {
  on(name: 'request', listener: (request: NodeRequest) => void): void;
}
interface NodeClient {
  on(name: 'connect', listener: (connection: NodeConnection) => void): void;
  on(name: 'connectFailed', listener: () => void): void;
  connect(url: string): void;
}
interface WebSocketNode {
  server: new (options: object) => NodeServer;
  client: new (options: object) => NodeClient;
}

const require = createRequire(import.meta.url);
const { version } = require('websocket/package.json') as { version: string };
const WebSocketNode = require('websocket') as WebSocketNode;

/** Twice the largest message of group 9; its own limits are far below that. */
const SIZE = 32 * 1024 * 1024;
const OPTIONS = { maxReceivedFrameSize: SIZE, maxReceivedMessageSize: SIZE };

function handle(connection: NodeConnection, onMessage: MessageHandler): void {
  connection.on('error', () => {});
  connection.on('message', (message) => {
    if (message.type === 'utf8') {
      onMessage(message.utf8Data, (answer) => connection.sendUTF(answer.toString()));
    } else onMessage(message.binaryData, (answer) => connection.sendBytes(Buffer.from(answer)));
  });
}

function serve(): Promise<EchoServer> {
  const httpServer = createServer((_request, response) => response.writeHead(404).end());
  const server = new WebSocketNode.server({ httpServer, autoAcceptConnections: false, ...OPTIONS });
  server.on('request', (request) => {
    handle(request.accept(null, request.origin), (data, reply) => reply(data));
  });
  return new Promise((resolve) => {
    httpServer.listen(0, '127.0.0.1', () => {
      const { port } = httpServer.address() as AddressInfo;
      resolve({ port, close: () => new Promise((done) => httpServer.close(() => done())) });
    });
  });
}

function connect(url: string, onMessage: MessageHandler): Promise<void> {
  return new Promise((resolve) => {
    const client = new WebSocketNode.client(OPTIONS);
    client.on('connectFailed', () => resolve());
    client.on('connect', (connection) => {
      handle(connection, onMessage);
      connection.on('close', () => resolve());
    });
    client.connect(url);
  });
}

/** websocket. */
export const websocket: ForeignPeer = { agent: `websocket ${version}`, serve, connect };

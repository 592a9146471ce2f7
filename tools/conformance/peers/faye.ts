/**
 * `faye-websocket`: without its extension package it knows no compression.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import type { EchoServer, ForeignPeer, MessageHandler } from './peer.ts';

/** As much of its interface as is needed: it has no types of its own. */
interface FayeSocket {
  on(name: 'message', listener: (event: { data: string | Buffer }) => void): void;
  on(name: 'close' | 'error', listener: () => void): void;
  send(data: string | Buffer): boolean;
}
interface Faye {
  new (
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    protocols: [],
    options: object,
  ): FayeSocket;
  Client: new (url: string, protocols: [], options: object) => FayeSocket;
}

const require = createRequire(import.meta.url);
const { version } = require('faye-websocket/package.json') as { version: string };
const FayeWebSocket = require('faye-websocket') as Faye;

function handle(socket: FayeSocket, onMessage: MessageHandler): void {
  socket.on('error', () => {});
  socket.on('message', ({ data }) => onMessage(data, (answer) => socket.send(answer)));
}

function serve(): Promise<EchoServer> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const peer = new FayeWebSocket(request, socket, head, [], {});
    handle(peer, (data, reply) => reply(data));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

function connect(url: string, onMessage: MessageHandler): Promise<void> {
  return new Promise((resolve) => {
    const socket = new FayeWebSocket.Client(url, [], {});
    handle(socket, onMessage);
    socket.on('close', () => resolve());
  });
}

/** faye-websocket. */
export const faye: ForeignPeer = { agent: `faye-websocket ${version}`, serve, connect };

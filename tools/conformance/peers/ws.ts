/**
 * `ws`: with its limit on fragments lifted, and as it comes. Its limit on size is its own.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { EchoServer, ForeignPeer, MessageHandler } from './peer.ts';

const manifest = createRequire(import.meta.url).resolve('ws/package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

/** Options that its types do not know yet. */
type Limits = { maxFragments?: number };

const asIs: Limits = {};
const lifted: Limits = { maxFragments: 1 << 20 };

function handle(socket: WebSocket, onMessage: MessageHandler): void {
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary) => {
    const reply = (answer: string | Buffer): void => socket.send(answer, { binary: isBinary });
    onMessage(isBinary ? data : data.toString(), reply);
  });
}

function serve(limits: Limits): Promise<EchoServer> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: 0, perMessageDeflate: true, ...limits };
    const server = new WebSocketServer(options, () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
      resolve({ port, close });
    });
    server.on('connection', (socket) => handle(socket, (data, reply) => reply(data)));
  });
}

function connect(limits: Limits, url: string, onMessage: MessageHandler): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: true, ...limits });
    handle(socket, onMessage);
    socket.on('close', () => resolve());
  });
}

const peer = (agent: string, limits: Limits): ForeignPeer => ({
  agent,
  serve: () => serve(limits),
  connect: (url, onMessage) => connect(limits, url, onMessage),
});

/** As it comes. */
export const ws: ForeignPeer = peer(`ws ${version}`, asIs);

/** With its limit on fragments lifted. */
export const wsLifted: ForeignPeer = peer(`ws ${version} (maxFragments lifted)`, lifted);

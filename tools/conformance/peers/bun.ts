/**
 * Bun: its server and its built-in client, in its own runtime; its limits on size raised to what
 * the suite needs.
 *
 * The package `bun` brings the program; `BUN` names another one.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EchoServer, ForeignPeer, MessageHandler } from './peer.ts';

/** As much of Bun's interface as is needed. */
interface BunSocket {
  send(data: string | Buffer, compress: boolean): void;
}
interface BunServer {
  readonly port: number;
  stop(): void;
  upgrade(request: unknown): boolean;
}
interface BunGlobal {
  readonly version: string;
  serve(options: object): BunServer;
}
interface StandardSocket {
  binaryType: string;
  send(data: string | Buffer): void;
  addEventListener(name: string, listener: (event: { data?: unknown }) => void): void;
}
interface Globals {
  readonly Bun?: BunGlobal;
  readonly WebSocket: new (url: string) => StandardSocket;
}

const { Bun, WebSocket } = globalThis as unknown as Globals;

const command =
  process.env['BUN'] ??
  fileURLToPath(new URL('../../../../node_modules/.bin/bun', import.meta.url));

const version = Bun?.version ?? execFileSync(command, ['--version'], { encoding: 'utf8' }).trim();

/** Twice the largest message of group 9. */
const SIZE = 32 * 1024 * 1024;

async function serve(): Promise<EchoServer> {
  const server = Bun!.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request: unknown, self: BunServer) =>
      self.upgrade(request) ? undefined : new Response('no', { status: 404 }),
    websocket: {
      perMessageDeflate: true,
      maxPayloadLength: SIZE,
      backpressureLimit: SIZE,
      message: (socket: BunSocket, data: string | Buffer) => socket.send(data, true),
    },
  });
  return { port: server.port, close: async () => server.stop() };
}

function connect(url: string, onMessage: MessageHandler): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      const message = typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer);
      onMessage(message, (answer) => socket.send(answer));
    });
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => resolve());
  });
}

/** Bun. */
export const bun: ForeignPeer = { agent: `Bun ${version}`, command, serve, connect };

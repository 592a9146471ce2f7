/**
 * The program that Bun and Node run: Bun's server, and the built-in client of either. What it says
 * and hears is in `child.ts`.
 */
import { createInterface } from 'node:readline';
import { type EchoSocket, obey } from './peer.ts';
import { callAndEcho, type StandardClass } from './standard-client.ts';

interface BunSocket {
  data: Map<string, () => void>;
  send(data: string | Buffer, compress: boolean): void;
  ping(payload: string): void;
  close(code?: number, reason?: string): void;
}

interface BunServer {
  readonly port: number;
  stop(): void;
  upgrade(request: unknown, options: { data: BunSocket['data'] }): boolean;
}

interface Globals {
  readonly WebSocket: StandardClass;
  readonly Bun?: { serve(options: object): BunServer };
}

const { Bun, WebSocket } = globalThis as unknown as Globals;

const say = (told: object): void => void process.stdout.write(`${JSON.stringify(told)}\n`);

const echoOf = (socket: BunSocket): EchoSocket => ({
  send: (data) => socket.send(data, true),
  ping: (payload, ponged) => {
    socket.data.set(payload, ponged);
    socket.ping(payload);
  },
  close: (code, reason) => socket.close(code, reason),
});

const server = Bun?.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request: unknown, server: BunServer) =>
    server.upgrade(request, { data: new Map() }) ? undefined : new Response('no'),
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: 1 << 26,
    message: (socket: BunSocket, data: string | Buffer) => obey(echoOf(socket), data),
    pong: (socket: BunSocket, payload: Buffer) => socket.data.get(String(payload))?.(),
    close: (_socket: BunSocket, code: number, reason: string) => say({ end: [code, reason] }),
  },
});

say({ port: server?.port ?? null });
createInterface({ input: process.stdin })
  .on('line', (url) => callAndEcho(WebSocket, url, (...end) => say({ end })))
  .on('close', () => process.exit(0));

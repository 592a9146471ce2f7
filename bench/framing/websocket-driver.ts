/** `websocket-driver`, taken through a handshake in memory, after which it speaks frames. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { ByteSink, Contender, Role } from './contender.ts';

/** As much of its driver objects as is used here; it has no type declarations for the rest. */
interface Driver {
  readonly io: {
    write(chunk: Buffer | string): boolean;
    on(event: 'data', listener: (piece: Buffer | string) => void): void;
  };
  readonly messages: { on(event: 'data', listener: (data: string | Buffer) => void): void };
  start(): boolean;
  text(message: string): boolean;
  binary(message: Buffer): boolean;
}

interface ServerDriver extends Driver {
  on(event: 'connect', listener: () => void): void;
}

const driver = createRequire(import.meta.url)('websocket-driver') as {
  server(): ServerDriver;
  client(url: string): Driver;
};

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const REQUEST = `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

export const contender: Contender = {
  name: 'websocket-driver',

  createDecoder(role, onMessage) {
    const open = openDriver(role, undefined);
    open.messages.on('data', onMessage);
    return (chunk) => open.io.write(chunk);
  },

  createEncoder(role, socket) {
    const open = openDriver(role, socket);
    return {
      send(payload) {
        if (typeof payload === 'string') open.text(payload);
        else open.binary(payload);
      },
      flush() {},
    };
  },
};

function openDriver(role: Role, socket: ByteSink | undefined): Driver {
  return role === 'server' ? openServer(socket) : openClient(socket);
}

function openServer(socket: ByteSink | undefined): Driver {
  const server = driver.server();
  server.on('connect', () => server.start());
  server.io.on('data', () => {});
  server.io.write(Buffer.from(REQUEST));
  if (socket !== undefined) server.io.on('data', (piece) => socket.write(piece));
  return server;
}

function openClient(socket: ByteSink | undefined): Driver {
  const client = driver.client('ws://localhost/');
  let request = '';
  client.io.on('data', (piece) => {
    if (request === '') request = String(piece);
    else socket?.write(piece);
  });
  client.start();
  const key = /Sec-WebSocket-Key: (\S+)/i.exec(request)![1]!;
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  client.io.write(
    Buffer.from(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r
Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    ),
  );
  return client;
}

/**
 * A server made of bytes: it shows the requests it was sent, and answers what the spec says.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { computeAccept } from 'barewire/handshake';
import type { Test } from 'tap';

/** One connection as the server sees it. */
export class RawRequest {
  readonly socket: Socket;
  /** Everything received so far, as Latin-1. */
  text = '';

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** The value of a field of the head; `undefined` without. */
  field(name: string): string | undefined {
    return new RegExp(`^${name}: (.*?)\r$`, 'im').exec(this.text)?.[1];
  }

  /** The head up to its empty line. */
  get head(): string {
    return this.text.slice(0, this.text.indexOf('\r\n\r\n') + 4);
  }

  /** Answers with a correct 101, and whatever lines more. */
  switch(lines = '', behind: string | Buffer = ''): void {
    const accept = computeAccept(this.field('sec-websocket-key') ?? '');
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
    const rest = `Sec-WebSocket-Accept: ${accept}\r\n${lines}\r\n`;
    this.socket.write(Buffer.concat([Buffer.from(head + rest, 'latin1'), Buffer.from(behind)]));
  }
}

/** A running server. */
export interface RawServer {
  readonly port: number;
  readonly requests: RawRequest[];
  /** Connections that came, also those without a request. */
  connections(): number;
}

/** Starts a server that calls `answer` for each complete head. It ends with the test. */
export async function rawServer(
  t: Test,
  answer: (request: RawRequest) => void,
  tls?: TlsOptions,
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const request = new RawRequest(socket);
    let isComplete = false;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      request.text += bytes.toString('latin1');
      if (isComplete || !request.text.includes('\r\n\r\n')) return;
      isComplete = true;
      requests.push(request);
      answer(request);
    });
  };
  let count = 0;
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.on('connection', (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, requests, connections: () => count };
}

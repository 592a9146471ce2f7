/**
 * The server that is fuzzed: one path for every way to answer, limits small enough to be met, and a
 * clock that moves only when it is told to.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createServer, type Exchange, type Server } from 'barewire';
import { FakeTime } from '../../spec/support/fake-time.ts';

/** What a handler throws on purpose. Any other error that is reported is a finding. */
export class Planned extends Error {}

/** A server under test. */
export interface Subject {
  readonly server: Server;
  readonly port: number;
  readonly time: FakeTime;
  /** Errors that handlers did not throw on purpose. */
  readonly errors: unknown[];
  /** The server's end of the connection from a port, while it is open. */
  socketOf(port: number): Socket | undefined;
  /** Follows its connections no more. */
  forget(): void;
  /** Exchanges begun, but for hijacked ones, and those of them whose clean-up ran. */
  readonly exchanges: { begun: number; over: number };
}

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

const WAYS: Readonly<Record<string, (exchange: Exchange) => unknown>> = {
  '/hello': (exchange) => exchange.respond(200, {}, 'hello'),
  '/echo': async (exchange) => exchange.respond(200, {}, await exchange.body.bytes()),
  '/unread': (exchange) => exchange.respond(200, { 'x-read': 'no' }, 'unread'),
  '/throws': () => {
    throw new Planned('as planned');
  },
  '/rejects': async () => {
    await turn();
    throw new Planned('as planned, and late');
  },
  '/late': async (exchange) => {
    for (let left = 5; left > 0; left -= 1) await turn();
    if (exchange.ending === undefined) exchange.respond(200, {}, 'late');
  },
  '/stream': async (exchange) => {
    const body = exchange.stream(200);
    for (let left = 40; left > 0; left -= 1) {
      if (!(await body.write('x'.repeat(3_000)))) return;
    }
    body.end();
  },
  '/pieces': async (exchange) => {
    // The answer to HEAD is complete at once, and the body thrown away: reading it is a mistake.
    if (exchange.method === 'HEAD') return exchange.respond(200);
    const body = exchange.stream(200);
    for await (const piece of exchange.body.pieces()) await body.write(piece);
    body.end({ 'x-done': 'yes' });
    return undefined;
  },
  '/early': async (exchange) => {
    for await (const _ of exchange.body) {
      if (exchange.ending === undefined) exchange.respond(202);
    }
    if (exchange.ending === undefined) exchange.respond(200);
  },
  '/events': (exchange) => {
    const events = exchange.eventStream({ keepAliveMs: 5_000 });
    for (let id = 0; id < 3; id += 1) events.send({ id: String(id), data: 'tick' });
  },
  '/raw': (exchange) => {
    const { socket } = exchange.hijack();
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.write(bytes));
    // Whoever takes a socket over answers for its end.
    void (async () => {
      for (let left = 10; left > 0; left -= 1) await turn();
      socket.destroy();
    })();
  },
};

/** When `/slow` and `/soon` answer. */
export const SLOW_MS = 60_000;
export const SOON_MS = 2_000;

/**
 * Answers after a while. It has to: behind more bytes than the server reads ahead, nobody sees
 * that a client has left, and an exchange that is never answered would never end.
 */
function answerIn(ms: number, exchange: Exchange, time: FakeTime): void {
  const stop = time.startTicking(ms, () => {
    stop();
    if (exchange.ending === undefined) exchange.respond(200, {}, exchange.path.slice(1));
  });
}

const CONNECTIONS = 'barewire:server:connection';

/** Notes the server's end of each connection by the port of the client. */
function followSockets(server: Server): Pick<Subject, 'socketOf' | 'forget'> {
  const sockets = new Map<number, Socket>();
  const note = (message: unknown): void => {
    const { server: whose, socket } = message as { server: Server; socket: Socket };
    const { remotePort } = socket;
    if (whose !== server || remotePort === undefined) return;
    sockets.set(remotePort, socket);
    socket.once('close', () => {
      if (sockets.get(remotePort) === socket) sockets.delete(remotePort);
    });
  };
  subscribe(CONNECTIONS, note);
  return {
    socketOf: (port) => sockets.get(port),
    forget: () => void unsubscribe(CONNECTIONS, note),
  };
}

/** The paths that the server knows. */
export const PATHS: readonly string[] = [...Object.keys(WAYS), '/slow', '/soon', '/ws', '/nothing'];

/** Starts the server on a free port of 127.0.0.1. */
export async function startSubject(): Promise<Subject> {
  const time = new FakeTime();
  const errors: unknown[] = [];
  const exchanges = { begun: 0, over: 0 };
  const server = createServer({
    time,
    error: (error) => {
      if (!(error instanceof Planned)) errors.push(error);
    },
    maxBodyBytes: 20_000,
    maxRequestsPerConnection: 20,
    maxDrainBytes: 4_000,
    request(exchange) {
      const way = WAYS[exchange.path];
      if (exchange.path !== '/raw') {
        exchanges.begun += 1;
        exchange.onClose(() => {
          exchanges.over += 1;
        });
      }
      if (exchange.path === '/slow') return answerIn(SLOW_MS, exchange, time);
      if (exchange.path === '/soon') return answerIn(SOON_MS, exchange, time);
      return way === undefined ? exchange.reject(404) : way(exchange);
    },
    websocket: {
      accept: (exchange) => exchange.path === '/ws',
      maxMessageBytes: 20_000,
      deflate: true,
      message: (peer, data) => void peer.send(data),
    },
  });
  const following = followSockets(server);
  const { port } = await server.listen(0, '127.0.0.1');
  return { server, port, time, errors, exchanges, ...following };
}

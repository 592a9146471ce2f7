/**
 * The server that is fuzzed: one path for every way to answer, limits small enough to be met, and a
 * clock that moves only when it is told to.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createServer, type Exchange, type Server } from 'barewire';
import { FakeTime } from '../../spec/support/fake-time.ts';
import type { Asked } from './answers.ts';

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
  /** What was asked on the connection from a port; `undefined` when there was none. */
  historyOf(port: number | undefined): readonly Asked[] | undefined;
  /** Follows its connections no more. */
  forget(): void;
  /** Exchanges begun, but for hijacked ones, and those of them whose clean-up ran. */
  readonly exchanges: { begun: number; over: number };
  /** Connections that may last: open event streams and WebSockets. */
  lasting(): number;
}

/** Text that is nowhere the same, so that nothing can be lost, doubled or moved unseen. */
export const numbered = (length: number): string =>
  Array.from({ length: length / 2 }, (_, index) => `${index} `)
    .join('')
    .slice(0, length);

/** What `/stream` writes, and how often. */
export const STREAMED: string = numbered(3_000);
export const STREAMED_PIECES = 40;

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
    for (let left = STREAMED_PIECES; left > 0; left -= 1) {
      if (!(await body.write(STREAMED))) return;
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
  '/much': (exchange) => exchange.respond(200, {}, MUCH),
  // Writes, and does not look whether anybody reads.
  '/hose': (exchange) => {
    const body = exchange.stream(200);
    for (let left = 40; left > 0; left -= 1) void body.write(PIECE);
    body.end();
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

/** More than the system takes for a client that does not read. */
const MUCH = Buffer.alloc(16 * 1_024 * 1_024);
const PIECE = Buffer.alloc(64 * 1_024);

/** What the server takes of a body, throws away of one, and answers on a connection. */
export const MAX_BODY_BYTES = 20_000;
export const MAX_DRAIN_BYTES = 4_000;
export const MAX_REQUESTS = 20;

/** A body for `/sip`, which takes a piece, and the rest a second later. */
export const SIPPED_BYTES = 600_000;

async function sip(exchange: Exchange, time: FakeTime): Promise<void> {
  let length = 0;
  for await (const piece of exchange.body.pieces({ maxBytes: SIPPED_BYTES })) {
    if (length === 0) {
      await new Promise<void>((resolve) => {
        const stop = time.startTicking(1_000, () => {
          stop();
          resolve();
        });
      });
    }
    length += piece.length;
  }
  exchange.respond(200, {}, String(length));
}

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

/** Notes the server's end of each connection, and what is asked there, by the client's port. */
function follow(server: Server): Pick<Subject, 'socketOf' | 'historyOf' | 'forget'> {
  const sockets = new Map<number, Socket>();
  const histories = new Map<number, Asked[]>();
  const connected = (message: unknown): void => {
    const { server: whose, socket } = message as { server: Server; socket: Socket };
    const { remotePort } = socket;
    if (whose !== server || remotePort === undefined) return;
    sockets.set(remotePort, socket);
    histories.set(remotePort, []);
    socket.once('close', () => {
      if (sockets.get(remotePort) === socket) sockets.delete(remotePort);
    });
  };
  const requested = (message: unknown): void => {
    const { server: whose, exchange } = message as { server: Server; exchange: Exchange };
    const { method, path, client } = exchange;
    if (whose === server) histories.get(client.port)?.push({ method, path });
  };
  subscribe('barewire:server:connection', connected);
  subscribe('barewire:server:request', requested);
  return {
    socketOf: (port) => sockets.get(port),
    historyOf: (port) => histories.get(port ?? 0),
    forget: () => {
      unsubscribe('barewire:server:connection', connected);
      unsubscribe('barewire:server:request', requested);
    },
  };
}

/** The paths that the server knows. */
export const PATHS: readonly string[] = [
  ...Object.keys(WAYS).filter((path) => path !== '/much' && path !== '/hose'),
  ...['/slow', '/soon', '/ws', '/nothing'],
];

/** Starts the server on a free port of 127.0.0.1. */
export async function startSubject(): Promise<Subject> {
  const time = new FakeTime();
  const errors: unknown[] = [];
  const exchanges = { begun: 0, over: 0 };
  const streams = new Set<Exchange>();
  const server = createServer({
    time,
    error: (error) => {
      if (!(error instanceof Planned)) errors.push(error);
    },
    maxBodyBytes: MAX_BODY_BYTES,
    maxRequestsPerConnection: MAX_REQUESTS,
    maxDrainBytes: MAX_DRAIN_BYTES,
    maxBufferedBytes: 1_024 * 1_024,
    request(exchange) {
      const way = WAYS[exchange.path];
      if (exchange.path !== '/raw') {
        exchanges.begun += 1;
        exchange.onClose(() => {
          exchanges.over += 1;
          streams.delete(exchange);
        });
        if (exchange.path === '/events') streams.add(exchange);
      }
      if (exchange.path === '/slow') return answerIn(SLOW_MS, exchange, time);
      if (exchange.path === '/sip') return sip(exchange, time);
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
  const following = follow(server);
  const { port } = await server.listen(0, '127.0.0.1');
  const lasting = (): number => streams.size + server.stats().openWebSockets;
  return { server, port, time, errors, exchanges, lasting, ...following };
}

/**
 * The workloads of the process benches, P1 – P3 and P6 – P10. Each returns one number for one
 * server.
 *
 * CPU figures are µs of the server's own CPU time per unit of work; memory figures are bytes.
 */
import { connect, type Socket } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  closeClients,
  type EchoLoad,
  openClient,
  openClients,
  type RawClient,
  runEcho,
} from './load.ts';
import { type Contender, ServerProcess } from './server-process.ts';

/** Measures one server once. */
export type Measure = (contender: Contender) => Promise<number>;

const DEFLATE_OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';

async function withServer<Result>(
  contender: Contender,
  args: readonly string[],
  use: (server: ServerProcess) => Promise<Result>,
): Promise<Result> {
  const server = await ServerProcess.start(contender, args);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** CPU time of `work`, in µs per unit. */
async function cpuPer(server: ServerProcess, work: () => Promise<number>): Promise<number> {
  const before = server.cpuSeconds;
  const units = await work();
  return ((server.cpuSeconds - before) * 1e6) / units;
}

/** P1 – P3, P10: messages echoed. */
export function echo(load: EchoLoad): Measure {
  return (contender) =>
    withServer(contender, [], async (server) => {
      const isUnframed = contender.name === 'net.Socket';
      const clients = await openClients(server.port, load.connections);
      await runEcho(clients, { ...load, isUnframed, messages: load.messages / 5 });
      const cost = await cpuPer(server, () => runEcho(clients, { ...load, isUnframed }));
      closeClients(clients);
      return cost;
    });
}

/** P6: one command, `burst` messages to every client, `rounds` times. */
export function broadcast(
  clientCount: number,
  burst: number,
  rounds: number,
  deflate = false,
): Measure {
  const args = ['--mode', 'broadcast', ...(deflate ? ['--deflate'] : [])];
  return (contender) =>
    withServer(contender, args, async (server) => {
      const clients = await openClients(server.port, clientCount, deflate ? DEFLATE_OFFER : '');
      const command = encodeFrame({ opcode: OPCODE.text, payload: `${burst}`, maskingKey: 1 });
      const frameBytes = await firstFrameBytes(clients, burst, command);
      const cost = await cpuPer(server, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const arrived = bytesEverywhere(clients, frameBytes * (deflate ? 1 : burst), deflate);
          clients[round % clients.length]!.socket.write(command);
          await arrived;
        }
        return rounds * burst * clientCount;
      });
      closeClients(clients);
      return cost;
    });
}

/** Length of one broadcast frame, found by sending one burst; a warm-up, too. */
async function firstFrameBytes(
  clients: readonly RawClient[],
  burst: number,
  command: Buffer,
): Promise<number> {
  const first = new Promise<number>((resolve) => {
    clients[0]!.onData = (bytes) =>
      resolve(bytes.readUInt8(1) < 126 ? 2 + bytes.readUInt8(1) : 4 + bytes.readUInt16BE(2));
  });
  const others = bytesEverywhere(clients.slice(1), 1, true);
  clients[0]!.socket.write(command);
  const [length] = await Promise.all([first, others]);
  await quiet(50 + burst);
  return length;
}

/** Resolves when every client has got so many bytes; with `anything`, when each has got some. */
function bytesEverywhere(
  clients: readonly RawClient[],
  expected: number,
  anything: boolean,
): Promise<void> {
  return new Promise((resolve) => {
    let missing = clients.length;
    for (const client of clients) {
      let received = 0;
      client.onData = (bytes) => {
        const wasMissing = received < expected;
        received += bytes.length;
        if (wasMissing && (anything || received >= expected)) {
          received = expected;
          missing -= 1;
          if (missing === 0) resolve();
        }
      };
    }
    if (missing === 0) resolve();
  });
}

function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** P7: growth of resident memory per idle connection; after one compressed echo each if asked. */
export function idleMemory(count: number, deflate = false): Measure {
  return (contender) =>
    withServer(contender, deflate ? ['--deflate'] : [], async (server) => {
      closeClients(await openClients(server.port, 200, deflate ? DEFLATE_OFFER : ''));
      await quiet(500);
      const before = server.residentBytes;
      const clients = await openClients(server.port, count, deflate ? DEFLATE_OFFER : '');
      if (deflate) await echoCompressed(clients);
      await quiet(3000);
      const grown = server.residentBytes - before;
      closeClients(clients);
      return grown / count;
    });
}

/** One compressed message there and back on every connection, twenty connections at a time. */
async function echoCompressed(clients: readonly RawClient[]): Promise<void> {
  // "hello hello hello hello" as one raw deflate block with the tail cut [RFC 7692 §7.2.1].
  const payload = Buffer.from('ca48cdc9c95748409200', 'hex');
  const frame = encodeFrame(
    { opcode: OPCODE.text, rsv: 4, payload, maskingKey: 1 },
    { allowIllegal: true },
  );
  for (let start = 0; start < clients.length; start += 20) {
    const batch = clients.slice(start, start + 20);
    const answered = bytesEverywhere(batch, 1, true);
    for (const client of batch) client.socket.write(frame);
    await answered;
  }
}

/** P8: opening handshakes, each followed by a closing handshake. */
export function handshakes(count: number): Measure {
  const close = encodeFrame({
    opcode: OPCODE.close,
    payload: Buffer.from('03e8', 'hex'),
    maskingKey: 1,
  });
  const one = async (port: number): Promise<void> => {
    const client = await openClient(port);
    const ended = new Promise<void>((resolve) => client.socket.once('close', () => resolve()));
    client.socket.end(close);
    client.socket.resume();
    await ended;
  };
  return (contender) =>
    withServer(contender, [], async (server) => {
      const run = async (total: number): Promise<number> => {
        const lane = async (): Promise<void> => {
          for (let index = 0; index < total / 20; index += 1) await one(server.port);
        };
        await Promise.all(Array.from({ length: 20 }, lane));
        return total;
      };
      await run(count / 5);
      return cpuPer(server, () => run(count));
    });
}

/** P9: server-sent events to many streams. */
export function eventFanOut(streamCount: number, rounds: number): Measure {
  return (contender) =>
    withServer(contender, ['--mode', 'sse'], async (server) => {
      const streams = await openStreams(server.port, streamCount);
      const trigger = await openStream(server.port, '/send/1');
      await quiet(200);
      const cost = await cpuPer(server, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const arrived = everybody(streams);
          trigger.write(`GET /send/1 HTTP/1.1\r\nHost: x\r\n\r\n`);
          await arrived;
        }
        return rounds * streamCount;
      });
      for (const stream of [...streams, trigger]) stream.destroy();
      return cost;
    });
}

async function openStreams(port: number, count: number): Promise<Socket[]> {
  const streams: Socket[] = [];
  while (streams.length < count) {
    const batch = Math.min(100, count - streams.length);
    const opened = Array.from({ length: batch }, () => openStream(port, '/events'));
    streams.push(...(await Promise.all(opened)));
  }
  return streams;
}

/** Sends one request and resolves when an answer begins. */
function openStream(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once('data', () => {
      socket.on('data', () => {});
      resolve(socket);
    });
  });
}

/** Resolves when each stream has got something. */
function everybody(streams: readonly Socket[]): Promise<void> {
  return new Promise((resolve) => {
    let missing = streams.length;
    for (const stream of streams) {
      stream.once('data', () => {
        missing -= 1;
        if (missing === 0) resolve();
      });
    }
  });
}

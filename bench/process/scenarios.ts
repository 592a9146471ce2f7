/**
 * What is done to one server, once, and what that cost: CPU time per unit of work in ns, or bytes
 * of memory.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { Sample } from '../support/report.ts';
import { bytesEverywhere, firstFrameBytes, quiet } from './arrivals.ts';
import {
  closeClients,
  DEFLATE_OFFER,
  type EchoLoad,
  type Opening,
  openClient,
  openClients,
  type RawClient,
  runEcho,
} from './load.ts';
import { type Contender, ServerProcess } from './server-process.ts';
import { everybody, openStream, openStreams } from './streams.ts';

/** Measures one server once. */
export type Measure = (contender: Contender) => Promise<Sample>;

/** What a load is carried by. */
export interface Carriage {
  readonly tls?: boolean;
  readonly deflate?: boolean;
}

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

const flags = ({ tls, deflate }: Carriage): string[] => [
  ...(tls ? ['--tls'] : []),
  ...(deflate ? ['--deflate'] : []),
];

const openingOf = ({ tls, deflate }: Carriage): Opening => ({
  tls: tls ?? false,
  headers: deflate ? DEFLATE_OFFER : '',
});

/**
 * CPU time of `work` per unit. `busy` tells how much of the time the server was at work: much less
 * than 100 % says that the load generator was the slower one.
 */
async function cpuPer(server: ServerProcess, work: () => Promise<number>): Promise<Sample> {
  const before = server.cpuTime;
  const start = performance.now();
  const units = await server.profiled(work);
  const elapsed = performance.now() - start;
  const after = server.cpuTime;
  const user = ((after.user - before.user) * 1e9) / units;
  const system = ((after.system - before.system) * 1e9) / units;
  const value = user + system;
  return { value, parts: { user, system, 'busy %': (value * units) / 1e4 / elapsed } };
}

/** Messages echoed. */
export function echo(load: EchoLoad, carriage: Carriage = {}): Measure {
  return (contender) =>
    withServer(contender, flags(carriage), async (server) => {
      const clients = await openClients(server.port, load.connections, openingOf(carriage));
      const { isUnframed = false } = contender;
      const deflate = carriage.deflate ?? false;
      const messages = load.messages / 5;
      await runEcho(clients, { ...load, isUnframed, deflate, messages });
      const sample = await cpuPer(server, () => runEcho(clients, { ...load, isUnframed, deflate }));
      closeClients(clients);
      return sample;
    });
}

/** One command, `burst` messages to every client, `rounds` times. */
export function broadcast(
  clientCount: number,
  burst: number,
  rounds: number,
  carriage: Carriage = {},
): Measure {
  const args = ['--mode', 'broadcast', ...flags(carriage)];
  const isPacked = carriage.deflate ?? false;
  return (contender) =>
    withServer(contender, args, async (server) => {
      const clients = await openClients(server.port, clientCount, openingOf(carriage));
      const command = encodeFrame({ opcode: OPCODE.text, payload: `${burst}`, maskingKey: 1 });
      const frameBytes = await firstFrameBytes(clients, burst, command, isPacked);
      const sample = await cpuPer(server, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const arrived = bytesEverywhere(clients, frameBytes * (isPacked ? 1 : burst), isPacked);
          clients[round % clients.length]!.socket.write(command);
          await arrived;
        }
        return rounds * burst * clientCount;
      });
      closeClients(clients);
      return sample;
    });
}

/** Growth of resident memory per idle connection; after one compressed echo each if asked. */
export function idleMemory(count: number, deflate = false): Measure {
  return (contender) =>
    withServer(contender, flags({ deflate }), async (server) => {
      const opening = openingOf({ deflate });
      const first = await openClients(server.port, 200, opening);
      // What a process takes once, such as the state that is lent, is no connection's.
      if (deflate) await echoCompressed(first.slice(0, 40));
      closeClients(first);
      await quiet(500);
      const before = server.residentBytes;
      const clients = await openClients(server.port, count, opening);
      if (deflate) await echoCompressed(clients);
      await quiet(3000);
      const grown = server.residentBytes - before;
      closeClients(clients);
      return { value: grown / count };
    });
}

/** One compressed message there and back on every connection, twenty connections at a time. */
async function echoCompressed(clients: readonly RawClient[]): Promise<void> {
  const one = { payloadBytes: 200, inFlight: 1, kind: 'text', deflate: true } as const;
  for (let start = 0; start < clients.length; start += 20) {
    const batch = clients.slice(start, start + 20);
    await runEcho(batch, { ...one, connections: batch.length, messages: batch.length });
  }
}

/** Opening handshakes, each followed by a closing handshake, twenty at a time. */
export function handshakes(count: number): Measure {
  const payload = Buffer.from('03e8', 'hex');
  const close = encodeFrame({ opcode: OPCODE.close, payload, maskingKey: 1 });
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

/** Server-sent events to many streams. */
export function eventFanOut(streamCount: number, rounds: number): Measure {
  return (contender) =>
    withServer(contender, ['--mode', 'sse'], async (server) => {
      const streams = await openStreams(server.port, streamCount);
      const trigger = await openStream(server.port, '/send/1');
      await quiet(200);
      const sample = await cpuPer(server, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const arrived = everybody(streams);
          trigger.write(`GET /send/1 HTTP/1.1\r\nHost: x\r\n\r\n`);
          await arrived;
        }
        return rounds * streamCount;
      });
      for (const stream of [...streams, trigger]) stream.destroy();
      return sample;
    });
}

/**
 * What is done to one server, once, and what that cost: CPU time per unit of work in ns, or bytes
 * of memory.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { Sample } from '../support/report.ts';
import { Arrivals, quiet } from './arrivals.ts';
import { readBroadcast, readEvent } from './deliveries.ts';
import { CLOSE, CLOSE_ANSWER, openAndClose, openShortly } from './handshakes.ts';
import { type EchoLoad, runEcho } from './load.ts';
import {
  closeClients,
  connectRaw,
  DEFLATE_OFFER,
  type Opening,
  openClients,
  openMany,
  type RawClient,
  refuseSurplus,
} from './raw-client.ts';
import { type RequestLoad, runRequests } from './requests.ts';
import { type Contender, ServerProcess } from './server-process.ts';
import { broadcastText } from './servers/ready.ts';
import { openStreams } from './streams.ts';

/** Bytes of a broadcast or an event, as servers send them unless they are told otherwise. */
const EVENT_BYTES = 200;
/** The engine compiles for so many; a short look has no more to warm up than it measures. */
const WARM_UP_HANDSHAKES = 3_000;
const FULL_RATE = 'handshakes per CPU second /s';

/** A cost in CPU time, and how fast it went. */
interface Cost extends Sample {
  readonly perSecond: number;
}

/** Measures one server once. */
export type Measure = (contender: Contender) => Promise<Sample>;

/** What a load is carried by. */
export interface Carriage {
  readonly tls?: boolean;
  readonly deflate?: boolean;
  /** So many connections are opened, closed and collected before. */
  readonly shortFirst?: number;
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
async function cpuPer(server: ServerProcess, work: () => Promise<number>): Promise<Cost> {
  const before = server.cpuTime;
  const start = performance.now();
  const units = await server.profiled(work);
  const elapsed = performance.now() - start;
  const after = server.cpuTime;
  const user = ((after.user - before.user) * 1e9) / units;
  const system = ((after.system - before.system) * 1e9) / units;
  const value = user + system;
  const parts = { user, system, 'busy %': (value * units) / 1e4 / elapsed };
  return { value, parts, perSecond: (units * 1e3) / elapsed };
}

/** The same with more to be seen on the way. */
function noting({ value, parts }: Cost, more: Readonly<Record<string, number>>): Sample {
  return { value, parts: { ...parts, ...more } };
}

/** Messages echoed. */
export function echo(load: EchoLoad, carriage: Carriage = {}): Measure {
  return (contender) =>
    withServer(contender, flags(carriage), async (server) => {
      await openShortly(server, carriage.shortFirst ?? 0);
      const clients = await openClients(server.port, load.connections, openingOf(carriage));
      const { isUnframed = false } = contender;
      const deflate = carriage.deflate ?? false;
      const messages = load.messages / 5;
      await runEcho(clients, { ...load, isUnframed, deflate, messages });
      let wireBytes = 0;
      const sample = await cpuPer(server, async () => {
        const tally = await runEcho(clients, { ...load, isUnframed, deflate });
        wireBytes = tally.bytes / tally.messages;
        return tally.messages;
      });
      await refuseSurplus(clients);
      closeClients(clients);
      return deflate ? noting(sample, { 'on the wire, B': wireBytes }) : sample;
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
      const arrivals = new Arrivals(clients, {
        read: readBroadcast(broadcastText(EVENT_BYTES), burst, isPacked),
        frames: isPacked ? burst : undefined,
      });
      const send = (round = 0): boolean => clients[round % clients.length]!.socket.write(command);
      await arrivals.first(send);
      await quiet(50 + burst);
      await arrivals.repeat(rounds / 5, send);
      const before = arrivals.receivedBytes;
      const messages = Math.ceil(rounds) * burst * clientCount;
      const sample = await cpuPer(server, async () => {
        await arrivals.repeat(rounds, send);
        return messages;
      });
      const wireBytes = (arrivals.receivedBytes - before) / messages;
      await arrivals.finish();
      closeClients(clients);
      return isPacked ? noting(sample, { 'on the wire, B': wireBytes }) : sample;
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
      const { clients, wireBytes, grown } = await server.profiled(async () => {
        const before = server.residentBytes;
        const clients = await openClients(server.port, count, opening);
        const wireBytes = deflate ? await echoCompressed(clients) : 0;
        await quiet(3000);
        return { clients, wireBytes, grown: server.residentBytes - before };
      });
      closeClients(clients);
      const value = grown / count;
      return deflate ? { value, parts: { 'on the wire, B': wireBytes } } : { value };
    });
}

/** One compressed message there and back on all, twenty at a time; resolves with its bytes. */
async function echoCompressed(clients: readonly RawClient[]): Promise<number> {
  const one = { payloadBytes: 200, inFlight: 1, kind: 'text', deflate: true } as const;
  let received = 0;
  for (let start = 0; start < clients.length; start += 20) {
    const batch = clients.slice(start, start + 20);
    const load = { ...one, connections: batch.length, messages: batch.length };
    received += (await runEcho(batch, load)).bytes;
  }
  return received / clients.length;
}

/**
 * Opening and closing handshakes, twenty at a time, behind as many as warm the engine up. Those of
 * a CPU second are the rate at full load; the rate by the clock is bounded by the generator, too.
 */
export function handshakes(count: number, carriage: Carriage = {}): Measure {
  return (contender) =>
    withServer(contender, flags(carriage), async (server) => {
      const expected = contender.isUnframed === true ? CLOSE : CLOSE_ANSWER;
      const run = async (total: number): Promise<number> => {
        const lane = async (): Promise<void> => {
          for (let index = 0; index < total / 20; index += 1) {
            await openAndClose(server.port, openingOf(carriage), expected);
          }
        };
        await Promise.all(Array.from({ length: 20 }, lane));
        return Math.ceil(total / 20) * 20;
      };
      await run(Math.min(count, WARM_UP_HANDSHAKES));
      const cost = await cpuPer(server, () => run(count));
      // Of so short a run that no tick of the clock was counted there is no rate.
      const full = cost.value === 0 ? 0 : 1e9 / cost.value;
      return noting(cost, { 'handshakes /s': cost.perSecond, [FULL_RATE]: full });
    });
}

/** Server-sent events to many streams. */
export function eventFanOut(streamCount: number, rounds: number): Measure {
  return (contender) =>
    withServer(contender, ['--mode', 'sse'], async (server) => {
      const streams = await openStreams(server.port, streamCount);
      const trigger = connectRaw(server.port);
      const send = (): void => {
        trigger.socket.write(`GET /send/1 HTTP/1.1\r\nHost: x\r\n\r\n`);
      };
      await quiet(200); // What a server sends to begin with is no event.
      const arrivals = new Arrivals(streams, {
        read: readEvent(broadcastText(EVENT_BYTES), streams[0]!.isChunked),
      });
      await arrivals.first(send);
      await quiet(200);
      await arrivals.repeat(rounds / 5, send);
      const sample = await cpuPer(server, async () => {
        await arrivals.repeat(rounds, send);
        return Math.ceil(rounds) * streamCount;
      });
      await arrivals.finish();
      closeClients([...streams, trigger]);
      return sample;
    });
}

/** Plain requests on kept connections, each with a small answer. */
export function requests(load: RequestLoad): Measure {
  return (contender) =>
    withServer(contender, ['--mode', 'http', '--bytes', `${load.bodyBytes}`], async (server) => {
      const clients = await openMany(load.connections, async () => connectRaw(server.port));
      await runRequests(clients, { ...load, requests: load.requests / 5 });
      const sample = await cpuPer(server, () => runRequests(clients, load));
      await refuseSurplus(clients);
      closeClients(clients);
      return sample;
    });
}

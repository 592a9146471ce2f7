/** What a server is given to do while its allocation is measured. */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { Arrivals } from '../process/arrivals.ts';
import { readBroadcast, readEvent } from '../process/deliveries.ts';
import { type EchoLoad, runEcho } from '../process/load.ts';
import { closeClients, connectRaw, openClients, type RawClient } from '../process/raw-client.ts';
import type { Contender } from '../process/server-process.ts';
import { broadcastText } from '../process/servers/ready.ts';
import { openStreams } from '../process/streams.ts';

/** A server's clients, and their work. */
export interface Driven {
  /** Does the work so many times over, until all of it has arrived. */
  work(rounds: number): Promise<unknown>;
  close(): void;
}

/** One kind of work. */
export interface Drive {
  readonly args: readonly string[];
  /** Messages of one round. */
  readonly units: number;
  /** Rounds of a sample: in more of them a collection would run. */
  readonly rounds: number;
  /** Rounds before the first sample. */
  readonly warmUp: number;
  open(port: number, contender: Contender): Promise<Driven>;
}

/** Messages that come back. Reads of others bring 64 KiB of memory each: few in a sample. */
export function echoing(load: Omit<EchoLoad, 'messages'>): Drive {
  return {
    args: [],
    units: 1,
    rounds: 480,
    warmUp: 20_000,
    async open(port, { isUnframed = false }) {
      const clients = await openClients(port, load.connections);
      const work = (messages: number) => runEcho(clients, { ...load, isUnframed, messages });
      return { work, close: () => closeClients(clients) };
    },
  };
}

const RECEIVERS = 200;
const fanOut = { units: RECEIVERS, rounds: 10, warmUp: 300 } as const;

async function driven(
  clients: readonly RawClient[],
  trigger: () => void,
  read: (gathered: Buffer) => boolean,
  close: () => void,
): Promise<Driven> {
  const arrivals = new Arrivals(clients, { read });
  await arrivals.first(trigger);
  return {
    work: (rounds) => arrivals.repeat(rounds, trigger),
    close,
  };
}

/** One message of so many bytes to 200 clients. */
export function broadcasting(bytes: number): Drive {
  return {
    ...fanOut,
    args: ['--mode', 'broadcast', '--bytes', `${bytes}`],
    async open(port) {
      const clients = await openClients(port, RECEIVERS);
      const command = encodeFrame({ opcode: OPCODE.text, payload: '1', maskingKey: 1 });
      const trigger = (): void => void clients[0]!.socket.write(command);
      const read = readBroadcast(broadcastText(bytes), 1, false);
      return driven(clients, trigger, read, () => closeClients(clients));
    },
  };
}

/** One event of so many bytes to 200 streams. */
export function streaming(bytes: number): Drive {
  return {
    ...fanOut,
    args: ['--mode', 'sse', '--bytes', `${bytes}`],
    async open(port) {
      const streams = await openStreams(port, RECEIVERS);
      const asking = connectRaw(port);
      const trigger = (): void =>
        void asking.socket.write('GET /send/1 HTTP/1.1\r\nHost: x\r\n\r\n');
      const read = readEvent(broadcastText(bytes), streams[0]!.isChunked);
      return driven(streams, trigger, read, () => closeClients([...streams, asking]));
    },
  };
}

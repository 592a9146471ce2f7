/** Ten thousand WebSockets in one process: opened, one message each, idle, another, closed. */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { BAREWIRE } from '../process/contenders.ts';
import { refuseSurplus } from '../process/raw-client.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type Crowd, disperse, frameLength, gather, roundTrip } from './crowd.ts';
import { type Figure, inLanes, latencies, pause, type Soak } from './figures.ts';

/** Every client sends a message of its own and must get it back. */
async function echoEach(crowd: Crowd, lap: number): Promise<number[]> {
  return inLanes(crowd.clients, 100, async (client, index) => {
    const payload = `client ${index}, lap ${lap}`;
    const frame = encodeFrame({ opcode: OPCODE.text, payload, maskingKey: 0x5a17c3e9 });
    const start = performance.now();
    const answer = await roundTrip(client, frame, frameLength);
    const took = performance.now() - start;
    if (answer.toString('utf8', 2) !== payload) throw new Error(`wrong echo: ${answer}`);
    return took;
  });
}

async function measure(server: ServerProcess, count: number, idleMs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const memoryBefore = server.residentBytes;
  const step = async <Result>(label: string, work: () => Promise<Result>): Promise<Result> => {
    const cpuBefore = server.cpuSeconds;
    const result = await work();
    const grown = server.residentBytes - memoryBefore;
    figures.push(
      { label: `${label}: CPU of the server`, value: server.cpuSeconds - cpuBefore, unit: 's' },
      { label: `${label}: memory per connection`, value: grown / count, unit: 'B' },
    );
    return result;
  };
  const crowd = await step('opened', () => gather(server.port, count));
  const first = await step('one message each', () => echoEach(crowd, 1));
  await step(`idle ${idleMs / 1000} s`, () => pause(idleMs));
  const second = await step('another message each', () => echoEach(crowd, 2));
  await refuseSurplus(crowd.clients);
  if (crowd.lost > 0) throw new Error(`${crowd.lost} connections were lost`);
  const clean = await step('closed', () => disperse(crowd));
  if (clean !== count) throw new Error(`${count - clean} closing handshakes were not answered`);
  return [
    ...figures,
    { label: 'resident at the end', value: server.residentBytes, unit: 'B' },
    ...latencies('handshake', crowd.openingMs),
    ...latencies('first echo', first),
    ...latencies('second echo', second),
    { label: 'connections and messages lost', value: 0, unit: 'count' },
    { label: 'bytes too many', value: 0, unit: 'count' },
  ];
}

async function run(quick: boolean): Promise<readonly Figure[]> {
  const server = await ServerProcess.start(BAREWIRE);
  try {
    const warm = await gather(server.port, 200);
    await echoEach(warm, 0);
    await disperse(warm);
    await pause(500);
    return await measure(server, quick ? 2_000 : 10_000, quick ? 2_000 : 60_000);
  } finally {
    await server.stop();
  }
}

/** 10,000 connections, from the first handshake to the last FIN. */
export const TEN_THOUSAND: Soak = {
  name: 'ten-thousand',
  title: (quick) => `${quick ? '2,000' : '10,000'} WebSockets in one process, from open to close`,
  run,
};

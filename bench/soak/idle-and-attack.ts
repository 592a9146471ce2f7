/**
 * 10,000 idle keep-alive connections and 200 slow heads: are ordinary requests still answered?
 *
 * Ordinary requests come on ten connections that are kept, and each on a new one; their times are
 * taken before the crowd is there, and again while the attack goes on. At the end every idle
 * connection asks once more: none may have been lost.
 */
import { connect, type Socket } from 'node:net';
import { ServerProcess } from '../process/server-process.ts';
import { type Figure, inLanes, latencies, pause, type Soak } from './figures.ts';
import { SlowHeads } from './slow-heads.ts';

const REQUEST = 'GET /ordinary HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const KEPT = 10;
const BETWEEN_MS = 10;

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** Sends one request; resolves with the time until the answer came, in ms. */
function request(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const fail = (): void => reject(new Error('cut instead of answered'));
    socket.once('close', fail);
    socket.once('data', (bytes) => {
      socket.off('close', fail);
      const text = bytes.toString('latin1');
      const isWhole = text.startsWith('HTTP/1.1 200 OK\r\n') && text.endsWith('\r\n\r\nok');
      if (isWhole) resolve(performance.now() - start);
      else reject(new Error(`not the answer: ${text.slice(0, 80)}`));
    });
    socket.write(REQUEST);
  });
}

/** Ordinary clients, for so long. */
async function askAround(port: number, forMs: number, label: string): Promise<Figure[]> {
  const until = performance.now() + forMs;
  const kept: number[] = [];
  const fresh: number[] = [];
  const keep = async (): Promise<void> => {
    const socket = await open(port);
    while (performance.now() < until) {
      kept.push(await request(socket));
      await pause(BETWEEN_MS);
    }
    socket.destroy();
  };
  const renew = async (): Promise<void> => {
    while (performance.now() < until) {
      const start = performance.now();
      const socket = await open(port);
      await request(socket);
      fresh.push(performance.now() - start);
      socket.destroy();
      await pause(BETWEEN_MS);
    }
  };
  await Promise.all([renew(), ...Array.from({ length: KEPT }, keep)]);
  return [
    ...latencies(`${label}, kept connection`, kept),
    ...latencies(`${label}, new connection`, fresh),
  ];
}

async function openIdle(port: number, count: number): Promise<Socket[]> {
  return inLanes(Array.from({ length: count }), 100, async () => {
    const socket = await open(port);
    await request(socket);
    return socket;
  });
}

async function measure(server: ServerProcess, quick: boolean): Promise<Figure[]> {
  const { port } = server;
  const [idleCount, attackerCount] = quick ? [1_000, 50] : [10_000, 200];
  const calm = await askAround(port, quick ? 1_000 : 3_000, 'calm');
  const before = server.residentBytes;
  const idle = await openIdle(port, idleCount);
  await pause(500);
  const memory = (server.residentBytes - before) / idleCount;
  // From its second request on a connection remembers fields until it is idle: what it forgets then
  // is still resident memory before V8 has collected it.
  await inLanes(idle, 100, request);
  await pause(2_500);
  const memoryAgain = (server.residentBytes - before) / idleCount;
  const cpuBefore = server.cpuSeconds;
  const attackMs = quick ? 8_000 : 25_000;
  const attack = new SlowHeads(port, attackerCount);
  const attacked = await askAround(port, attackMs, 'attacked');
  const cpu = (100_000 * (server.cpuSeconds - cpuBefore)) / attackMs;
  attack.stop();
  if (attack.cutMs.length < attackerCount) throw new Error('attackers outlive their deadline');
  const underAttack = (server.residentBytes - before) / (idleCount + attackerCount);
  await inLanes(idle, 100, request);
  for (const socket of idle) socket.destroy();
  return [
    ...calm,
    ...attacked,
    { label: 'memory per idle connection, asked once', value: memory, unit: 'B' },
    { label: 'memory per idle connection, asked twice', value: memoryAgain, unit: 'B' },
    { label: 'memory per connection after the attack', value: underAttack, unit: 'B' },
    { label: 'CPU of the server during the attack', value: cpu, unit: 'percent' },
    { label: 'slow heads told 408', value: attack.told, unit: 'count' },
    { label: 'slow heads cut, soonest', value: Math.min(...attack.cutMs), unit: 'ms' },
    ...latencies('slow heads cut', attack.cutMs),
    { label: 'idle connections and requests lost', value: 0, unit: 'count' },
  ];
}

async function run(quick: boolean): Promise<readonly Figure[]> {
  const contender = { name: 'soak', script: '../../soak/server.js' };
  const server = await ServerProcess.start(contender, quick ? ['--head-ms', '3000'] : []);
  try {
    return await measure(server, quick);
  } finally {
    await server.stop();
  }
}

/** A server on the open internet. */
export const IDLE_AND_ATTACK: Soak = {
  name: 'idle-and-attack',
  title: (quick) =>
    quick
      ? '1,000 idle connections and 50 slow heads, deadline 3 s'
      : '10,000 idle connections and 200 slow heads, deadline 10 s',
  run,
};

/**
 * A full house: many chat clients and many event streams at once on one demo process, while
 * ordinary requests are still answered.
 *
 *   npm run demo:crowd -- [--chats 1000] [--streams 1000]
 *
 * The demo runs in a process of its own, on a free port of 127.0.0.1, so that its memory and CPU
 * time are its own. Every phase has a bound; the exit code tells whether the house stood.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Address, ChatGuest, type Guest, StreamGuest } from './crowd-clients.ts';

/** So many connections are opened at once: fewer than a listen queue holds. */
const OPEN_AT_ONCE = 100;
const REQUESTS = 300;
const MESSAGES = 5;
const TICKS = 3;
const PHASE_MS = 20_000;

/** What a crowd found. Times in ms. */
export interface CrowdReport {
  readonly chats: number;
  readonly streams: number;
  readonly openingMs: number;
  /** Of the ordinary requests, while everybody was there. */
  readonly requestMs: { readonly median: number; readonly p99: number; readonly slowest: number };
  /** From one guest's word until the last of all had heard it. */
  readonly broadcastMs: { readonly median: number; readonly slowest: number };
  readonly ticks: number;
  readonly missedTicks: number;
  /** Connections that broke on their own; the house stood when this is empty. */
  readonly broken: readonly string[];
}

/** Opens the crowd, lets it live, and closes it. Rejects when a phase takes too long. */
export async function runCrowd(
  address: Address,
  { chats, streams }: { readonly chats: number; readonly streams: number },
): Promise<CrowdReport> {
  const guests: Guest[] = [];
  try {
    const begun = performance.now();
    const speakers = await open(chats, guests, () => new ChatGuest(address));
    const listeners = await open(streams, guests, () => new StreamGuest(address));
    const openingMs = performance.now() - begun;
    const requestMs = await within('requests', measureRequests(address));
    const broadcastMs = await within('broadcasts', measureBroadcasts(speakers));
    await within('ticks', untilTicked(listeners));
    return {
      chats: speakers.length,
      streams: listeners.length,
      openingMs,
      requestMs,
      broadcastMs,
      ticks: listeners.reduce((sum, { ticks }) => sum + ticks, 0),
      missedTicks: listeners.reduce((sum, { missed }) => sum + missed, 0),
      broken: guests.flatMap(({ broken }) => broken ?? []),
    };
  } finally {
    for (const guest of guests) guest.close();
  }
}

async function open<Kind extends Guest>(
  count: number,
  guests: Guest[],
  enter: () => Kind,
): Promise<Kind[]> {
  const opened: Kind[] = [];
  while (opened.length < count) {
    const some = Array.from({ length: Math.min(OPEN_AT_ONCE, count - opened.length) }, enter);
    guests.push(...some);
    await within('opening', Promise.all(some.map((guest) => guest.opened)));
    opened.push(...some);
  }
  return opened;
}

async function measureRequests({ host, port }: Address): Promise<CrowdReport['requestMs']> {
  const times: number[] = [];
  for (let n = 0; n < REQUESTS; n += 1) {
    const begun = performance.now();
    const response = await fetch(`http://${host}:${port}/page/icon.svg`);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`an ordinary request got ${response.status}`);
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { median: at(0.5), p99: at(0.99), slowest: at(1) };
}

async function measureBroadcasts(
  guests: readonly ChatGuest[],
): Promise<CrowdReport['broadcastMs']> {
  const times: number[] = [];
  for (let n = 0; n < MESSAGES && guests.length > 0; n += 1) {
    const text = `crowd ${n}`;
    const heard = guests.map((guest) => guest.hears(text));
    const begun = performance.now();
    guests[n % guests.length]?.send({ type: 'say', text });
    await Promise.all(heard);
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((left, right) => left - right);
  return { median: sorted[sorted.length >> 1] ?? 0, slowest: sorted.at(-1) ?? 0 };
}

/** Waits until every stream has had a few ticks. */
async function untilTicked(guests: readonly StreamGuest[]): Promise<void> {
  while (guests.some(({ ticks, broken }) => ticks < TICKS && broken === undefined)) {
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function within<Value>(phase: string, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`${phase}: not done after ${PHASE_MS / 1000} s`);
    timer = setTimeout(() => reject(error), PHASE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the demo and returns where it listens. */
async function startDemo(): Promise<{ demo: ChildProcess; address: Address }> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const demo = spawn(process.execPath, [main, '--port', '0'], { stdio });
  for await (const line of createInterface({ input: demo.stdout })) {
    const port = /http:\/\/\S+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return { demo, address: { host: '127.0.0.1', port: Number(port) } };
  }
  throw new Error('the demo did not start');
}

/** Resident memory in MiB and CPU time in s of a process; `undefined` where there is no /proc. */
function usageOf(pid: number): { memory: number; cpu: number } | undefined {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return { memory: Number(kib) / 1024, cpu: (Number(fields[11]) + Number(fields[12])) / 100 };
  } catch {
    return undefined;
  }
}

async function main(): Promise<void> {
  const options = { chats: { type: 'string' }, streams: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const count = (text: string | undefined): number => {
    const value = Number(text ?? 1000);
    if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is no number of guests`);
    return value;
  };
  const guests = { chats: count(values.chats), streams: count(values.streams) };
  const { demo, address } = await startDemo();
  const pid = demo.pid ?? 0;
  const show = (what: string, value: string): void => console.log(`${what.padEnd(26)} ${value}`);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  try {
    const before = usageOf(pid);
    const report = await runCrowd(address, guests);
    const after = usageOf(pid);
    show('chat clients', String(report.chats));
    show('event streams', String(report.streams));
    show('all open after', ms(report.openingMs));
    const { median, p99, slowest } = report.requestMs;
    show('ordinary requests', `median ${ms(median)}, p99 ${ms(p99)}, slowest ${ms(slowest)}`);
    const { broadcastMs } = report;
    show(
      'a word to everybody',
      `median ${ms(broadcastMs.median)}, slowest ${ms(broadcastMs.slowest)}`,
    );
    show('events', `${report.ticks} received, ${report.missedTicks} missed`);
    if (before !== undefined && after !== undefined) {
      const grown = after.memory - before.memory;
      show(
        'memory of the demo',
        `${after.memory.toFixed(0)} MiB, ${grown.toFixed(0)} of it for the crowd`,
      );
      show('CPU time of the demo', `${(after.cpu - before.cpu).toFixed(2)} s`);
    }
    for (const reason of new Set(report.broken)) show('broken', reason);
    if (report.broken.length + report.missedTicks > 0) process.exitCode = 1;
  } finally {
    demo.kill();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: Error) => {
    console.error(`demo:crowd: ${error.message}`);
    process.exitCode = 1;
  });
}

/**
 * What permessage-deflate costs: CPU per echoed message, and memory of a connection that was busy
 * once and is idle now; against ws, each in a process of its own.
 *
 *   node dist/bench/deflate.bench.js
 *
 * An echo is one message inflated and one compressed, as a server does it. CPU is user and system
 * time of the whole process, threads included. Rounds alternate between the peers; the figures are
 * medians. Memory is the growth of resident memory after a collection, divided by the connections.
 *
 * `handle` is what a codec does where it can; `as ws`, with zlib's own level and memory, as ws
 * does; `documented`, what it does elsewhere: one-shot zlib calls with the window as a dictionary.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MessageCodec, type MessageCodecOptions } from 'barewire/deflate';
import * as ws from 'ws';

type Peer = 'handle' | 'handle, as ws' | 'documented' | 'ws';
type Echo = (payload: Buffer) => Promise<number>;

const PEERS: readonly Peer[] = ['handle', 'handle, as ws', 'documented', 'ws'];
const ROUNDS = 3;
const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const OPTIONS: Readonly<Record<Exclude<Peer, 'ws'>, MessageCodecOptions>> = {
  handle: {},
  'handle, as ws': { level: 6, windowBits: 15, memoryLevel: 8 },
  documented: { zlib: 'documented' },
};

interface Task {
  readonly peer: Peer;
  readonly kind: 'cpu' | 'memory';
  readonly connections: number;
  readonly messageBytes: number;
  readonly messages: number;
}

/** JSON records that repeat their keys and not their values. */
function records(length: number, seed: number): Buffer {
  let text = '';
  for (let state = seed + 1; text.length < length; ) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    text += `{"id":${state},"user":"user${state % 997}","price":${(state % 10007) / 100}},`;
  }
  return Buffer.from(text.slice(0, length));
}

function ourEcho(peer: Exclude<Peer, 'ws'>): [echo: Echo, release: () => void] {
  const codec = new MessageCodec('server', DEFAULTS, OPTIONS[peer]);
  const echo: Echo = (payload) =>
    new Promise((resolve, reject) => {
      codec.decompress(payload, true, 2 ** 26, (error, message) => {
        if (error) reject(error);
        else codec.compress(message, true, (_, packed) => resolve(packed.length));
      });
    });
  return [echo, () => codec.releaseIdle()];
}

interface WsDeflate {
  accept(offers: object[]): void;
  compress(data: Buffer, fin: boolean, done: (error: Error | null, out: Buffer) => void): void;
  decompress(data: Buffer, fin: boolean, done: (error: Error | null, out: Buffer) => void): void;
}

function wsEcho(): [echo: Echo, release: () => void] {
  // Not in the types of the package, but among its exports.
  const { PerMessageDeflate } = ws as unknown as {
    PerMessageDeflate: new (options: object) => WsDeflate;
  };
  const codec = new PerMessageDeflate({ threshold: 0, isServer: true });
  codec.accept([{}]);
  const echo: Echo = (payload) =>
    new Promise((resolve, reject) => {
      codec.decompress(payload, true, (error, message) => {
        if (error) reject(error);
        else codec.compress(message, true, (_, packed) => resolve(packed.length));
      });
    });
  return [echo, () => {}];
}

/** What a client would send: each connection's messages share one window. */
function sentBy(count: number, task: Task): Promise<Buffer>[] {
  const client = new MessageCodec('client', DEFAULTS);
  return Array.from(
    { length: count },
    (_, at) =>
      new Promise((resolve) => {
        const message = records(task.messageBytes, at);
        client.compress(message, true, (_, packed) => resolve(packed));
      }),
  );
}

async function runTask(task: Task): Promise<Record<string, number>> {
  const perConnection = Math.ceil(task.messages / task.connections);
  const payloads: Buffer[] = [];
  if (task.messageBytes <= 16384)
    payloads.push(...(await Promise.all(sentBy(perConnection, task))));
  else while (payloads.length < perConnection) payloads.push((await sentBy(1, task)[0])!);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const peers = Array.from({ length: task.connections }, () =>
    task.peer === 'ws' ? wsEcho() : ourEcho(task.peer),
  );
  const cpu = process.cpuUsage();
  let bytes = 0;
  for (const payload of payloads) {
    for (const [echo] of peers) bytes += await echo(payload);
  }
  const { user, system } = process.cpuUsage(cpu);
  const messages = perConnection * task.connections;
  if (task.kind === 'memory') {
    for (const [, release] of peers) release();
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
    globalThis.gc?.();
  }
  const rss = (process.memoryUsage.rss() - before) / task.connections;
  // The peers are alive until here.
  return { cpu: (user + system) / messages, bytes: bytes / messages, rss, peers: peers.length };
}

function inChild(task: Task): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
    });
    child.once('message', (result) => resolve(result as Record<string, number>));
    child.once('exit', (code) => code !== 0 && reject(new Error(`exit ${code}`)));
  });
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[values.length >> 1]!;

async function compare(
  peers: readonly Peer[],
  title: string,
  figure: 'cpu' | 'rss',
  task: Omit<Task, 'peer'>,
): Promise<void> {
  const results = new Map<Peer, Record<string, number>[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of peers) results.get(peer)!.push(await inChild({ ...task, peer }));
  }
  const of = (peer: Peer, name: string): number =>
    median(results.get(peer)!.map((result) => result[name]!));
  const shown = peers.map((peer) => {
    const value = of(peer, figure);
    const text = figure === 'cpu' ? `${value.toFixed(1)} µs` : `${(value / 1024).toFixed(1)} KiB`;
    const ratio = (value / of('ws', figure)).toFixed(2);
    const bytes = of(peer, 'bytes').toFixed(0);
    return `  ${peer.padEnd(16)} ${text.padStart(12)}  ${ratio} × ws  ${bytes} B out`;
  });
  console.log([title, ...shown].join('\n'));
}

const [given] = process.argv.slice(2);
if (given !== undefined) {
  process.send!(await runTask(JSON.parse(given)), () => process.exit(0));
} else {
  for (const [messageBytes, messages] of [
    [100, 10_000],
    [1024, 5000],
    [16_384, 500],
    [262_144, 40],
  ] as const) {
    const title = `echo of ${messageBytes} B on one connection: CPU per message`;
    await compare(PEERS, title, 'cpu', { kind: 'cpu', connections: 1, messageBytes, messages });
  }
  for (const [messageBytes, messages] of [
    [100, 10_000],
    [1024, 5000],
  ] as const) {
    const title = `echo of ${messageBytes} B in turn on 1000 connections: CPU per message`;
    await compare(PEERS, title, 'cpu', { kind: 'cpu', connections: 1000, messageBytes, messages });
  }
  for (const [messageBytes, each] of [
    [100, 1],
    [1024, 50],
  ] as const) {
    const title = `${each} × ${messageBytes} B echoed, then idle: each of 2000 connections`;
    const messages = 2000 * each;
    await compare(['handle', 'ws'], title, 'rss', {
      kind: 'memory',
      connections: 2000,
      messageBytes,
      messages,
    });
  }
}

/** Allocation of a server for each message it echoes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type EchoLoad, runEcho } from '../process/load.ts';
import { closeClients, openClients } from '../process/raw-client.ts';
import type { Contender } from '../process/server-process.ts';
import type { Sample } from '../support/report.ts';
import { HEAP_FLAGS, type Heap } from './heap.ts';

/** Reads of others bring 64 KiB of memory each: with more of them a collection would run. */
const MESSAGES = 480;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function ask(child: ChildProcess, question: 'collect' | 'read'): Promise<Heap> {
  const told = once(child, 'message');
  child.send(question);
  const [heap] = (await told) as [Heap];
  return heap;
}

/** What `work` made the server allocate; undefined when a collection ran meanwhile. */
async function allocated(
  child: ChildProcess,
  work: () => Promise<unknown>,
): Promise<Pick<Heap, 'heap' | 'buffers'> | undefined> {
  await ask(child, 'collect');
  const before = await ask(child, 'read');
  await work();
  const after = await ask(child, 'read');
  if (after.collections > before.collections) return undefined;
  return { heap: after.heap - before.heap, buffers: after.buffers - before.buffers };
}

/** Takes samples of bytes per message; what asking itself allocates is taken off. */
export async function sampleServer(
  contender: Contender,
  load: Omit<EchoLoad, 'messages'>,
  count: number,
): Promise<(Sample | Error)[]> {
  const child = fork(path(`../process/servers/${contender.script}`), [], {
    execArgv: [...HEAP_FLAGS, '--import', path('./probe.js')],
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...contender.env },
  });
  try {
    const [port] = (await once(child.stdout!, 'data')) as [Buffer];
    const clients = await openClients(Number.parseInt(String(port), 10), load.connections);
    const { isUnframed = false } = contender;
    const run = (messages: number) => () => runEcho(clients, { ...load, isUnframed, messages });
    await run(20_000)();
    const samples: (Sample | Error)[] = [];
    for (let tries = 0; samples.length < count && tries < count * 4; tries += 1) {
      const idle = await allocated(child, async () => {});
      const busy = await allocated(child, run(MESSAGES));
      if (idle === undefined || busy === undefined) continue;
      const heap = (busy.heap - idle.heap) / MESSAGES;
      const buffers = (busy.buffers - idle.buffers) / MESSAGES;
      samples.push({ value: heap + buffers, parts: { heap, buffers } });
    }
    closeClients(clients);
    return samples.length > 0 ? samples : [new Error('a collection ran in every sample')];
  } finally {
    child.kill();
  }
}

/** Allocation of a server for each message it answers, or sends to one of many. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../process/server-process.ts';
import type { Sample } from '../support/report.ts';
import type { Drive } from './drives.ts';
import { HEAP_FLAGS, type Heap } from './heap.ts';
import { formatSites, type Sites } from './sites.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function ask<Answer = Heap>(
  child: ChildProcess,
  question: 'collect' | 'read' | 'watch' | 'sites',
): Promise<Answer> {
  const told = once(child, 'message');
  child.send(question);
  const [answer] = (await told) as [Answer];
  return answer;
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

/**
 * Takes samples of bytes per message; what asking itself allocates is taken off. `tell` hears
 * where they were allocated, which is looked at behind the samples.
 */
export async function sampleServer(
  contender: Contender,
  drive: Drive,
  count: number,
  tell?: (sites: string) => void,
): Promise<(Sample | Error)[]> {
  const args = [...drive.args, ...(contender.args ?? [])];
  const child = fork(path(`../process/servers/${contender.script}`), args, {
    execArgv: [...HEAP_FLAGS, '--import', path('./probe.js')],
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...contender.env },
  });
  try {
    const [port] = (await once(child.stdout!, 'data')) as [Buffer];
    const driven = await drive.open(Number.parseInt(String(port), 10), contender);
    await driven.work(drive.warmUp);
    const messages = drive.rounds * drive.units;
    const samples: (Sample | Error)[] = [];
    for (let tries = 0; samples.length < count && tries < count * 4; tries += 1) {
      const idle = await allocated(child, async () => {});
      const busy = await allocated(child, () => driven.work(drive.rounds));
      if (idle === undefined || busy === undefined) continue;
      const heap = (busy.heap - idle.heap) / messages;
      const buffers = (busy.buffers - idle.buffers) / messages;
      samples.push({ value: heap + buffers, parts: { heap, buffers } });
    }
    if (tell !== undefined) {
      await ask(child, 'watch');
      await driven.work(drive.rounds);
      tell(formatSites(contender.name, await ask<Sites>(child, 'sites'), messages));
    }
    driven.close();
    return samples.length > 0 ? samples : [new Error('a collection ran in every sample')];
  } finally {
    child.kill();
  }
}

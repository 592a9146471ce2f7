/**
 * Allocation of a codec, in a process of its own.
 *
 *   codec-worker.js <module of a contender | frames> <workload as JSON> <samples> [sites]
 *
 * `frames` stands for our frame reader alone, whose sink takes nothing: what is left then is what
 * the reader itself allocates for each frame.
 */
import { FrameReader } from 'barewire/codec';
import { makeDecodeCase, makeEncodeCase } from '../framing/cases.ts';
import type { Contender } from '../framing/contender.ts';
import { makeReads, messagesInPass, type Workload } from '../framing/workload.ts';
import type { Sample } from '../support/report.ts';
import type { Case } from '../support/suite.ts';
import { collect, readHeap, watchCollections } from './heap.ts';
import { formatSites, SiteWatch } from './sites.ts';

/** What the parent gets. */
export interface CodecAnswer {
  readonly samples: readonly Sample[];
  readonly sites: string | undefined;
}

function framesOnly(workload: Workload): Case {
  const reads = makeReads(workload);
  let bytes = 0;
  const reader = new FrameReader(
    {
      frame() {},
      payload(_, start, end) {
        bytes += end - start;
      },
      frameEnd() {},
      failed(error) {
        throw error;
      },
    },
    { role: workload.role },
  );
  return {
    name: 'frames',
    units: messagesInPass(workload),
    run() {
      for (const read of reads) reader.receive(read);
      return bytes;
    },
  };
}

async function makeCase(module: string, workload: Workload): Promise<Case> {
  if (module === 'frames') return framesOnly(workload);
  const { contender } = (await import(module)) as { contender: Contender };
  return workload.direction === 'decode'
    ? makeDecodeCase(contender, workload)
    : makeEncodeCase(contender, workload);
}

function takeSample({ prepare, run, units = 1 }: Case): Sample | undefined {
  prepare?.();
  collect();
  const before = readHeap();
  run();
  const after = readHeap();
  if (after.collections > before.collections) return undefined;
  const heap = (after.heap - before.heap) / units;
  const buffers = (after.buffers - before.buffers) / units;
  return { value: heap + buffers, parts: { heap, buffers } };
}

/** Where one more run allocates. */
async function findSites({ name, prepare, run, units = 1 }: Case): Promise<string> {
  const watch = new SiteWatch();
  prepare?.();
  await watch.begin();
  run();
  return formatSites(name, await watch.end(), units);
}

const [module, workload, count, wantsSites] = process.argv.slice(2);
const measured = await makeCase(module!, JSON.parse(workload!));
watchCollections();
for (let warm = 0; warm < 200; warm += 1) {
  measured.prepare?.();
  measured.run();
}
const samples: Sample[] = [];
for (let tries = 0; samples.length < Number(count) && tries < Number(count) * 5; tries += 1) {
  const sample = takeSample(measured);
  if (sample !== undefined) samples.push(sample);
  // Collections are counted when the loop turns.
  await new Promise((resolve) => setImmediate(resolve));
}
const sites = wantsSites === undefined ? undefined : await findSites(measured);
process.send!({ samples, sites } satisfies CodecAnswer, () => process.exit(0));

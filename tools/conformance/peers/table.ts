/**
 * The table of results: several implementations, as server and as client, through the suite.
 *
 *   node dist/tools/conformance/peers/table.js [--quick] [--peers ws,undici] [--only server]
 *
 * Writes `tools/conformance/results.md`, and a report with all of them side by side.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Progress } from '../progress.ts';
import { writeReports } from '../report/write.ts';
import type { CaseResult } from '../result.ts';
import { selectCases } from '../selection.ts';
import { runAsClient, runAsServer } from './both-ways.ts';
import { PEERS } from './index.ts';
import { formatResults } from './results-page.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    peers: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string', default: 'tools/conformance/results.md' },
  },
});
const selection = { beyond: true, quick: values.quick };
const cores = availableParallelism();
const names = values.peers?.split(',') ?? Object.keys(PEERS);

const tables: { role: 'server' | 'client'; results: CaseResult[] }[] = [];
for (const role of ['server', 'client'] as const) {
  if (values.only !== undefined && values.only !== role) continue;
  const results: CaseResult[] = [];
  for (const name of names) {
    const peer = await PEERS[name]?.();
    if (peer === undefined) throw new Error(`there is no peer ${name}`);
    if ((role === 'server' ? peer.serve : peer.connect) === undefined) continue;
    const total = selectCases(selection, role === 'server' ? 'client' : 'server').length;
    const progress = new Progress(process.stderr, `${peer.agent} as ${role}`, total);
    const run = role === 'server' ? runAsServer : runAsClient;
    const own = await run(name, peer.agent, {
      selection,
      parallel: cores * 2,
      parallelHeavy: cores,
      onResult: (result) => progress.add(result),
    });
    progress.stop();
    results.push(...own);
  }
  const title = `WebSocket ${role}s`;
  await writeReports(`reports/table-${role}s`, results, { title, when: new Date() });
  tables.push({ role, results });
}
await writeFile(values.out, formatResults(tables, values.quick === true));
console.log(`Written: ${values.out}`);

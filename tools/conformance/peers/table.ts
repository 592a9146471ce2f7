/**
 * The table of results: several implementations, as server and as client, through the suite.
 *
 *   node dist/tools/conformance/peers/table.js [--peers ws,undici] [--only server]
 *                                              [--quick] [--cases '9.*']
 *
 * Rows are kept in `tools/conformance/results.json`, and `results.md` is written anew from all of
 * them after each: hours of work can be done in pieces. The reports of a row are in
 * `reports/table`.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Progress } from '../progress.ts';
import { writeReports } from '../report/write.ts';
import { selectCases } from '../selection.ts';
import { runAsClient, runAsServer } from './both-ways.ts';
import { PEERS } from './index.ts';
import { formatResults } from './results-page.ts';
import { keepRow, makeRow, readRows } from './rows.ts';

const FOLDER = 'reports/table';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    cases: { type: 'string' },
    peers: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string', default: 'tools/conformance/results.md' },
  },
});
/** Beside the page. */
const ROWS = values.out.replace(/(\.md)?$/, '.json');
const selection = {
  beyond: values.cases === undefined,
  quick: values.quick,
  cases: values.cases?.split(','),
};
const cores = availableParallelism();

async function measure(name: string, role: 'server' | 'client'): Promise<void> {
  const peer = await PEERS[name]?.();
  if (peer === undefined) throw new Error(`there is no peer ${name}`);
  if ((role === 'server' ? peer.serve : peer.connect) === undefined) return;
  const total = selectCases(selection, role === 'server' ? 'client' : 'server').length;
  const progress = new Progress(process.stderr, `${peer.agent} as ${role}`, total);
  const run = role === 'server' ? runAsServer : runAsClient;
  const results = await run(name, peer.agent, {
    selection,
    parallel: cores * 2,
    parallelHeavy: cores,
    onResult: (result) => progress.add(result),
  });
  progress.stop();
  const title = `${peer.agent} as ${role}`;
  await writeReports(`${FOLDER}/${role}-${name}`, results, { title, when: new Date() });
  keepRow(ROWS, makeRow(name, peer.agent, role, results));
  await writeFile(values.out, formatResults(readRows(ROWS, Object.keys(PEERS))));
}

for (const role of ['server', 'client'] as const) {
  if (values.only !== undefined && values.only !== role) continue;
  for (const name of values.peers?.split(',') ?? Object.keys(PEERS)) await measure(name, role);
}
console.log(`Written: ${values.out}`);

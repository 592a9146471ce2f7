/**
 * Our own server and client through the suite, and our own cases with it:
 *
 *   node dist/tools/conformance/peers/check-own.js [--quick]
 *
 * Ends with 1 unless every case is OK, but for the three that have no rule; closing verdicts
 * included.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Progress } from '../progress.ts';
import { buildSummary } from '../report/summary.ts';
import { writeReports } from '../report/write.ts';
import type { CaseResult } from '../result.ts';
import { selectCases } from '../selection.ts';
import { barewire } from './barewire.ts';
import { runAsClient, runAsServer } from './both-ways.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean' } } });
const selection = { beyond: true, quick: values.quick };
const cores = availableParallelism();

const isPerfect = ({ behavior, behaviorClose }: CaseResult): boolean =>
  behavior === 'INFORMATIONAL' || (behavior === 'OK' && behaviorClose === 'OK');

let bad = 0;
for (const [role, run] of [
  ['client', runAsServer],
  ['server', runAsClient],
] as const) {
  const agent = `${barewire.agent} as ${role === 'client' ? 'server' : 'client'}`;
  const progress = new Progress(process.stderr, agent, selectCases(selection, role).length);
  const results = await run('barewire', agent, {
    selection,
    parallel: cores * 2,
    parallelHeavy: cores,
    onResult: (result) => progress.add(result),
  });
  progress.stop();
  console.log(buildSummary(results));
  const folder = `reports/own-${role === 'client' ? 'server' : 'client'}`;
  console.log(
    `Report: ${await writeReports(folder, results, { title: agent, when: new Date() })}\n`,
  );
  const imperfect = results.filter((result) => !isPerfect(result));
  for (const { entry, behavior, behaviorClose } of imperfect) {
    console.log(`not perfect: ${entry.case.id} ${behavior} / ${behaviorClose}`);
  }
  bad += imperfect.length;
}
process.exit(bad === 0 ? 0 : 1);

/**
 * Our own server and client through the suite, and our own cases with it:
 *
 *   node dist/tools/conformance/peers/check-own.js [--quick]
 *
 * Ends with 1 unless every case is OK, but for those that have no rule (7.1.6, 7.13.1, 7.13.2 and
 * b3.2.5 of our own); closing verdicts included.
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

/** Only they may be INFORMATIONAL. */
const WITHOUT_RULE = ['7.1.6', '7.13.1', '7.13.2', 'b3.2.5'];

const isPerfect = ({ entry, behavior, behaviorClose }: CaseResult): boolean =>
  WITHOUT_RULE.includes(entry.case.id)
    ? behavior === 'INFORMATIONAL'
    : behavior === 'OK' && behaviorClose === 'OK';

const describe = ({ entry, behavior, behaviorClose }: CaseResult): string =>
  `${entry.case.id} ${behavior} / ${behaviorClose}`;

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
  for (const result of imperfect) console.log(`not perfect: ${describe(result)}`);
  // On a machine that is busy a timer may run out in company; what is wrong is wrong alone, too.
  const again =
    imperfect.length === 0
      ? []
      : await run('barewire', agent, {
          selection: { beyond: true, cases: imperfect.map(({ entry }) => entry.case.id) },
          ...{ parallel: 1, parallelHeavy: 1 },
          onResult: (result) => console.log(`  alone: ${describe(result)}`),
        });
  bad += again.filter((result) => !isPerfect(result)).length;
}
process.exit(bad === 0 ? 0 : 1);

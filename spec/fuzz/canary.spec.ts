/** The fuzzer proves itself: it finds the bugs of the canary, each behind another kind of door. */
import t from 'tap';
import { TARGETS } from '../../fuzz/targets.ts';
import { runFuzzer } from '../support/fuzzer.ts';

const RUNS = '1500000';

for (const name of Object.keys(TARGETS).filter((name) => name.startsWith('canary'))) {
  t.test(`finds the planted bug of ${name} within its budget`, async (t) => {
    const { status, output } = await runFuzzer(name, '--runs', RUNS, '--seed', '11');
    t.equal(status, 1);
    t.match(output, /FOUND after \d+ runs: CanaryBug/);
  });
}

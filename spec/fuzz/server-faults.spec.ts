/** The target of the running server notices the faults planted there. */
import t from 'tap';
import { FAULTS } from '../../fuzz/faults.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { FOUND, faultsOf, fuzzWithFault } from '../support/planted-faults.ts';

// Minutes of processor time on a busy machine.
t.setTimeout(300_000);

for (const [fault, target] of faultsOf((name) => name === 'server')) {
  const { fastPath } = FAULTS[fault]!;
  const needed = fastPath === undefined ? {} : needsFastPath(fastPath);
  t.test(`${target} notices the planted fault ${fault}`, needed, async (t) => {
    const { status, output } = await fuzzWithFault(fault, target);
    t.equal(status, 1, output.slice(0, 200).replaceAll('\n', ' '));
    t.match(output, FOUND);
  });
}

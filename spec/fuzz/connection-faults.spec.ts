/** The target of whole connections notices the faults planted there. */
import t from 'tap';
import { FOUND, faultsOf, fuzzWithFault } from '../support/planted-faults.ts';

// Minutes of processor time on a busy machine; without fast paths there is less to be led by, and
// one of them is found after 200,000 runs only.
t.setTimeout(300_000);

for (const [fault, target, options] of faultsOf((name) => name === 'connection')) {
  t.test(`${target} notices the planted fault ${fault}`, options, async (t) => {
    const { status, output } = await fuzzWithFault(fault, target);
    t.equal(status, 1, output.slice(0, 200).replaceAll('\n', ' '));
    t.match(output, FOUND);
  });
}

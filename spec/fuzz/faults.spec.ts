/** Each target proves itself: it notices a fault planted into the sources that it looks at. */
import t from 'tap';
import { FAULTS } from '../../fuzz/faults.ts';
import { TARGETS } from '../../fuzz/targets.ts';
import { FOUND, faultsOf, fuzzWithFault } from '../support/planted-faults.ts';

// Minutes of processor time on a busy machine.
t.setTimeout(300_000);

t.test('every target has a fault to notice', (t) => {
  const covered = new Set(Object.values(FAULTS).map(({ target }) => target));
  const targets = Object.keys(TARGETS).filter((name) => !name.startsWith('canary'));
  t.same([...covered].sort(), [...targets, 'server'].sort());
  t.end();
});

// Those of connections and of the server are in files of their own.
for (const [fault, target, options] of faultsOf(
  (name) => name !== 'connection' && name !== 'server',
)) {
  t.test(`${target} notices the planted fault ${fault}`, options, async (t) => {
    const { status, output } = await fuzzWithFault(fault, target);
    t.equal(status, 1, output.slice(0, 200).replaceAll('\n', ' '));
    t.match(output, FOUND);
  });
}

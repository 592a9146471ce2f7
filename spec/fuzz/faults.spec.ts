/** Each target proves itself: it notices a fault planted into the sources that it looks at. */
import t from 'tap';
import { FAULTS } from '../../fuzz/faults.ts';
import { TARGETS } from '../../fuzz/targets.ts';
import { runFuzzer } from '../support/fuzzer.ts';

/** Of the server, a run is a batch of conversations. */
const runsOf = (target: string): string => (target === 'server' ? '200' : '400000');

t.test('every target has a fault to notice', (t) => {
  const covered = new Set(Object.values(FAULTS).map(({ target }) => target));
  const targets = Object.keys(TARGETS).filter((name) => !name.startsWith('canary'));
  t.same([...covered].sort(), [...targets, 'server'].sort());
  t.end();
});

for (const [fault, { target }] of Object.entries(FAULTS)) {
  t.test(`${target} notices the planted fault ${fault}`, async (t) => {
    const { status, output } = await runFuzzer(target, '--fault', fault, '--runs', runsOf(target));
    t.equal(status, 1, output.slice(0, 200).replaceAll('\n', ' '));
    t.match(output, /FOUND (after \d+ runs|in batch \d+): /);
  });
}

/** The law of options: a name that a set does not know is refused, at every door. */

import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { type Bag, refusalOf, SETS } from '../support/option-sets.ts';

for (const [set, [take, names]] of Object.entries(SETS)) {
  t.test(`law: ${set} refuses every name that it does not know`, async (t) => {
    const unknown = fc
      .oneof(
        fc.constantFrom('constructor', 'maxMesageBytes', 'timeout', 'Signal', 'toString'),
        fc.constantFrom(...names).map((name) => `${name}s`),
        fc.string({ minLength: 1, maxLength: 20 }),
      )
      // Without a prototype every name is an own one.
      .filter((name) => !names.includes(name) && !/^(data|retry|url|protocols?|key)$/.test(name));
    const law = fc.asyncProperty(unknown, async (name) => {
      const bag = Object.assign(Object.create(null) as Bag, { [name]: 1 });
      return (await refusalOf(take, bag)) === 'invalid-option';
    });
    await fc.assert(law, runs(20));
    t.pass('no counterexample');
  });
}

/**
 * Every set of options, at every door: a value that no option could have is refused. Nothing is
 * ignored, and nothing is made into what it is not.
 */
import t from 'tap';
import { refusalOf, SETS } from '../support/option-sets.ts';

for (const [set, [take, names]] of Object.entries(SETS)) {
  t.test(`${set}: refuses a value that no option could have`, async (t) => {
    for (const name of names) {
      for (const value of [Symbol('x'), Number.NaN]) {
        const refusal = await refusalOf(take, { [name]: value });
        t.match(refusal, /^invalid-(option|argument|header)$/, `${name}: ${String(value)}`);
      }
    }
    const isSpread = set === 'a proxy' || set === 'ReplayLog';
    if (!isSpread) t.not(await refusalOf(take, null as never), 'taken');
  });
}

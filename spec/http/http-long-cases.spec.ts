/**
 * The long cases of the corpus, in a file of their own: cut at every place, each costs seconds.
 */
import t from 'tap';
import { checkCase } from '../support/http-case-check.ts';
import { HTTP_CASES, isLong, OWN_HTTP_CASES } from '../support/http-cases.ts';

const LONG_CASES = [...HTTP_CASES.cases, ...OWN_HTTP_CASES].filter(isLong);

for (const httpCase of LONG_CASES) {
  t.test(`${httpCase.id}: ${httpCase.title}`, (t) => {
    checkCase(t, httpCase);
    t.end();
  });
}

t.test('some cases are long', (t) => {
  t.equal(LONG_CASES.length, 13);
  t.end();
});

/** The case corpus and our own cases, but for the long ones: those are in `http-long-cases`. */
import t from 'tap';
import { checkCase, OTHERWISE } from '../support/http-case-check.ts';
import { HTTP_CASES, isLong, OWN_HTTP_CASES } from '../support/http-cases.ts';

for (const httpCase of [...HTTP_CASES.cases, ...OWN_HTTP_CASES]) {
  if (isLong(httpCase)) continue;
  t.test(`${httpCase.id}: ${httpCase.title}`, (t) => {
    checkCase(t, httpCase);
    t.end();
  });
}

t.test('our own cases are many, and each has a name of its own', (t) => {
  const names = [...HTTP_CASES.cases, ...OWN_HTTP_CASES].map(({ id }) => id);
  t.ok(OWN_HTTP_CASES.length >= 450, `${OWN_HTTP_CASES.length} cases`);
  t.equal(new Set(names).size, names.length);
  t.end();
});

t.test('takes an alternative only where the corpus calls a case debatable', (t) => {
  t.equal(HTTP_CASES.cases.length, 373);
  for (const id of Object.keys(OTHERWISE)) {
    t.equal(HTTP_CASES.cases.find((httpCase) => httpCase.id === id)?.debatable, true, id);
  }
  t.end();
});

import { LIMITS, type Limit, type LimitName, resolveLimit } from 'barewire/base';
import t from 'tap';

const rows = Object.entries<Limit>(LIMITS) as [LimitName, Limit][];

/** The unit that the last word of a limit's name announces. */
const UNIT_OF_ENDING: readonly (readonly [ending: RegExp, unit: Limit['unit']])[] = [
  [/Bytes$/, 'bytes'],
  [/Ms$/, 'ms'],
  [/Ratio$/, 'ratio'],
  [/(Count|Fragments|Offers|Connections|PerAddress|PerConnection|PerSocket)$/, 'count'],
];

t.test(
  'every limit is finite, named by its unit, and says whom it follows and what it stops',
  (t) => {
    for (const [name, row] of rows) {
      t.ok(Number.isSafeInteger(row.value) && row.value > 0, `${name} is ${row.value}`);
      t.ok(row.precedent.length > 3 && row.stops.length > 3, `${name} gives reasons`);
      const unit = UNIT_OF_ENDING.find(([ending]) => ending.test(name))?.[1];
      t.equal(unit ?? row.unit, row.unit, `${name} is counted in ${row.unit}`);
    }
    t.end();
  },
);

t.test('uses the default only when nothing is given', (t) => {
  for (const [name, row] of rows) t.equal(resolveLimit(name, undefined), row.value, name);
  t.equal(resolveLimit('maxBodyBytes', 0), 0);
  t.equal(resolveLimit('maxBodyBytes', 1), 1);
  t.equal(resolveLimit('maxBodyBytes', Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  t.equal(resolveLimit('maxBodyBytes', Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  t.end();
});

t.test('refuses whatever is no whole number from 0, and coerces nothing', (t) => {
  const bad: unknown[] = [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53];
  bad.push('1', '', null, true, [], {}, 10n, new Date(0));
  for (const given of bad) {
    t.throws(
      () => resolveLimit('maxFrameBytes', given as number),
      {
        name: 'UsageError',
        code: 'invalid-option',
        message: /^maxFrameBytes must be a whole number/,
      },
      String(given),
    );
  }
  t.end();
});

t.test('the defaults cannot be changed for others in the same process', (t) => {
  for (const table of [LIMITS, ...Object.values<Limit>(LIMITS)]) t.ok(Object.isFrozen(table));
  t.end();
});

import t from 'tap';
import { BEYOND_CATALOGUE } from '../../../tools/conformance/cases/beyond/index.ts';
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import { formatIds, parseIds } from '../../../tools/conformance/peers/id-ranges.ts';
import { formatResults } from '../../../tools/conformance/peers/results-page.ts';
import { keepRow, makeRow, readRows } from '../../../tools/conformance/peers/rows.ts';
import { chooseAgain } from '../../../tools/conformance/runner-server.ts';
import { fakeResult } from './results.ts';

const NAMES = ['first', 'second'];

t.test('rows are kept between runs, and may be measured in pieces', (t) => {
  const folder = `${t.testdir({})}/rows.json`;
  t.same(readRows(folder), [], 'there need not be any');
  keepRow(folder, makeRow('second', 'B 2', 'server', [fakeResult('1.1.1')]));
  keepRow(folder, makeRow('first', 'A 1', 'server', [fakeResult('1.1.1'), fakeResult('2.1')]));
  const later = [fakeResult('2.1', 'FAILED', 'UNCLEAN'), fakeResult('2.2')];
  keepRow(folder, makeRow('first', 'A 1', 'server', later));
  keepRow(folder, makeRow('second', 'B 3', 'server', [fakeResult('2.1')]));
  keepRow(folder, makeRow('second', 'B 3', 'client', [fakeResult('2.1')]));
  const rows = readRows(folder, NAMES);
  t.same(
    rows.map(({ agent, role }) => `${agent} ${role}`).sort(),
    ['A 1 server', 'B 3 client', 'B 3 server'],
    'a new version begins anew',
  );
  t.equal(rows[0]?.name, 'first');
  t.same(rows[0]?.verdicts, {
    '1.1.1': { behavior: 'OK', behaviorClose: 'OK' },
    '2.1': { behavior: 'FAILED', behaviorClose: 'UNCLEAN' },
    '2.2': { behavior: 'OK', behaviorClose: 'OK' },
  });
  t.end();
});

t.test('the page counts verdicts, and names what is not fine', (t) => {
  const results = [
    ...['6.4.1', '6.4.2', '6.4.3'].map((id) => fakeResult(id, 'NON-STRICT')),
    fakeResult('1.1.1', 'OK', 'UNCLEAN'),
    fakeResult('12.1.1', 'UNIMPLEMENTED'),
    fakeResult('9.3.1', 'FAILED', 'FAILED'),
    fakeResult('7.1.6', 'INFORMATIONAL', 'INFORMATIONAL'),
    fakeResult('b1.1.1', 'FAILED', 'OK'),
  ];
  const page = formatResults([makeRow('first', 'A 1', 'client', results)]);
  t.match(page, '| A 1 | 7 | 1 | 3 | 1 | 1 | 1 | 2 |');
  t.match(page, '- A 1, not fine: 1.1.1, 9.3.1\n');
  t.match(page, '- A 1, NON-STRICT: 6.4.1 – 6.4.3\n');
  t.match(page, '| A 1 | 1 | – | – | – | – | 1 | – |');
  t.match(page, '## As client');
  t.notMatch(page, '## As server');
  t.equal(formatIds(['2.10', '2.9', '2.11', '3.1', '1.1.8']), '1.1.8, 2.9 – 2.11, 3.1');
  t.end();
});

t.test('ids are written in ranges and read again', (t) => {
  const all = [...CATALOGUE, ...BEYOND_CATALOGUE].map(({ case: { id } }) => id);
  t.same(parseIds(formatIds(all)), all);
  t.same(parseIds(formatIds([...all].reverse())), all);
  const some = all.filter((_, index) => index % 3 > 0 || index % 7 === 0);
  t.same(parseIds(formatIds(some)), some);
  t.end();
});

t.test('only the few that failed or were tolerated, and soon, are run again alone', (t) => {
  const slow = fakeResult('9.1.1', 'FAILED', 'OK', { duration: 100_000 });
  const soon = fakeResult('1.1.1', 'OK', 'UNCLEAN');
  const tolerated = fakeResult('3.2', 'NON-STRICT');
  const late = fakeResult('6.4.1', 'NON-STRICT', 'OK', { duration: 2100 });
  t.same(chooseAgain([slow, soon, fakeResult('2.1'), tolerated, late]), [soon, tolerated]);
  const many = Array.from({ length: 41 }, () => fakeResult('2.1', 'FAILED'));
  t.same(chooseAgain(many), []);
  t.end();
});

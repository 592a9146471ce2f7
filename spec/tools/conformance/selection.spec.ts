import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findRegressions } from '../../../tools/conformance/baseline.ts';
import { buildIndex } from '../../../tools/conformance/report/json.ts';
import type { CaseResult } from '../../../tools/conformance/result.ts';
import { readIndex, type Selection, selectCases } from '../../../tools/conformance/selection.ts';
import { fakeResult } from './results.ts';

const count = (selection: Selection, role: 'client' | 'server' = 'client'): number =>
  selectCases(selection, role).length;

t.test('all cases of the original by default, and ours only when they are asked for', (t) => {
  t.equal(count({}), 517);
  t.equal(count({ cases: ['*'] }), 517);
  t.equal(count({ quick: true }), 247);
  t.equal(count({ exclude: ['12.*', '13.*'] }), 301);
  t.ok(count({ beyond: true }) > 517 + 100);
  t.ok(count({ cases: ['b*'] }) > 100);
  t.equal(count({ cases: ['b1.1.1', '2.1'] }), 2);
  t.equal(count({ cases: ['2.*'], beyond: true }), 11);
  t.equal(count({ cases: ['b6.*'] }, 'client') > 40, true);
  t.throws(() => selectCases({ cases: ['b6.*'] }, 'server'), /no case is left/);
  t.throws(() => selectCases({ cases: ['b7.*'] }, 'client'), /no case is left/);
  t.end();
});

t.test('a pattern that matches nothing is a mistake, not an empty run', (t) => {
  t.throws(() => selectCases({ cases: ['2.*', '8.1'] }, 'client'), {
    message: 'no case matches "8.1"',
  });
  t.throws(() => selectCases({ exclude: ['x'] }, 'client'), { message: 'no case matches "x"' });
  t.throws(() => selectCases({ cases: ['9.1.1'], quick: true }, 'client'), /no case is left/);
  t.end();
});

t.test('what was not fine last time, from the index or the folder it lies in', (t) => {
  const folder = t.testdir();
  const index = buildIndex([
    fakeResult('2.1', 'FAILED'),
    fakeResult('2.2', 'OK', 'UNCLEAN'),
    fakeResult('2.3'),
    fakeResult('6.4.1', 'NON-STRICT'),
    fakeResult('7.13.1', 'INFORMATIONAL', 'INFORMATIONAL'),
  ]);
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
  const ids = (path: string): string[] =>
    selectCases({ onlyFailed: readIndex(path) }, 'client').map(({ case: { id } }) => id);
  t.same(ids(folder), ['2.1', '2.2']);
  t.same(ids(join(folder, 'index.json')), ['2.1', '2.2']);
  const beyond = { x: { 'b1.1.1': { behavior: 'FAILED', behaviorClose: 'OK' } } };
  writeFileSync(join(folder, 'beyond.json'), JSON.stringify(beyond));
  t.same(ids(folder), ['2.1', '2.2', 'b1.1.1']);
  t.throws(() => selectCases({ onlyFailed: buildIndex([fakeResult('2.3')]) }, 'client'), {
    name: 'NothingFailed',
    message: /no case is left to run/,
  });
  t.throws(() => selectCases({ onlyFailed: index, cases: ['5.*'] }, 'client'), {
    name: 'SelectionError',
    message: /nothing that failed there was chosen/,
  });
  t.end();
});

t.test('an index that is none is refused', (t) => {
  const folder = t.testdir({ 'bad.json': '{', 'other.json': '{"a":1}', 'list.json': '[]x' });
  mkdirSync(join(folder, 'empty'));
  t.throws(() => readIndex(join(folder, 'bad.json')), { name: 'SelectionError' });
  t.throws(() => readIndex(join(folder, 'other.json')), /is no index/);
  t.throws(() => readIndex(join(folder, 'list.json')), /cannot read/);
  t.throws(() => readIndex(join(folder, 'empty')), /cannot read/);
  t.end();
});

t.test('only what has become worse is a regression', (t) => {
  const baseline = buildIndex([
    fakeResult('2.1'),
    fakeResult('2.2', 'FAILED', 'FAILED'),
    fakeResult('2.3', 'NON-STRICT'),
    fakeResult('2.4', 'OK', 'UNCLEAN'),
    fakeResult('12.1.1', 'UNIMPLEMENTED'),
  ]);
  const worse = (...results: Parameters<typeof fakeResult>[]): string[] =>
    findRegressions(
      results.map((each) => fakeResult(...each)),
      baseline,
    ).map(({ entry }) => entry.case.id);
  t.same(
    worse(['2.1'], ['2.2', 'FAILED', 'FAILED'], ['2.3', 'NON-STRICT'], ['2.4', 'OK', 'UNCLEAN']),
    [],
  );
  t.same(worse(['2.1', 'NON-STRICT'], ['2.2', 'OK'], ['2.3', 'FAILED']), ['2.1', '2.3']);
  t.same(worse(['2.1', 'OK', 'WRONG CODE'], ['2.4', 'OK', 'FAILED'], ['12.1.1', 'FAILED']), [
    '2.1',
    '12.1.1',
  ]);
  t.same(worse(['2.5', 'FAILED'], ['2.6']), ['2.5'], 'new and not fine');
  const strict = (result: CaseResult): boolean => result.behavior !== 'OK';
  const some = [fakeResult('2.3', 'NON-STRICT'), fakeResult('3.2', 'NON-STRICT')];
  t.same(findRegressions(some, baseline), [], 'NON-STRICT is no regression by itself');
  t.same(findRegressions(some, baseline, strict), [some[1]], 'but new and not strict');
  const renamed = [fakeResult('2.1', 'FAILED', 'OK', { agent: 'Test Peer/2.0' })];
  t.equal(findRegressions(renamed, baseline).length, 1, 'one agent there, one here');
  t.end();
});

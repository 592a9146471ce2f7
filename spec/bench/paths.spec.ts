/** Each fast path has a row that shows what it is worth, and those rows can be measured. */
import { FAST_PATHS } from 'barewire/base';
import t from 'tap';
import { PATH_ROWS } from '../../bench/paths/rows.ts';
import { FULL, listWorkloads } from '../../bench/process/workloads.ts';
import { checkReport, runBench } from '../support/bench.ts';

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('each fast path is off by itself in some row', (t) => {
  const served = listWorkloads(FULL).filter(({ id }) => id.startsWith('PATHS '));
  const off = new Set([
    ...PATH_ROWS.flatMap(({ paths }) => paths.map((path) => `-${path}`)),
    ...served.flatMap(({ seats }) =>
      seats.map(({ contender }) => contender.env?.['BAREWIRE_FAST_PATHS']),
    ),
  ]);
  for (const path of FAST_PATHS) t.ok(off.has(`-${path}`), path);
  const ids = PATH_ROWS.map(({ id }) => id);
  t.equal(new Set(ids).size, ids.length);
  t.end();
});

t.test('the rows of the codec and of HTTP do their work with every setting', (t) => {
  const report = runBench(t, 'paths', '--rounds', '1', '--ms', '1');
  t.equal(report.rows.length, PATH_ROWS.length);
  for (const [index, { id, paths }] of PATH_ROWS.entries()) {
    const row = report.rows[index]!;
    t.equal(row.id, id);
    const others = [...paths, 'any'].map((path) => `without ${path}`);
    checkReport(t, { ...report, rows: [row] }, ['barewire', ...others]);
  }
  t.end();
});

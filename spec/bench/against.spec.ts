/** Our server beside that of another checkout. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { against, findOther } from '../../bench/process/against.ts';
import { FULL, listWorkloads } from '../../bench/process/workloads.ts';
import { runBench } from '../support/bench.ts';

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

const other = { name: 'barewire, old', script: '/old/dist/bench/process/servers/barewire.js' };

t.test('each row has our server, then the other one under the same settings', (t) => {
  for (const workload of listWorkloads(FULL)) {
    const { id, title, seats } = against(workload, other, false);
    const [ours, theirs] = seats;
    t.same([id, title, seats.length], [workload.id, workload.title, 2]);
    t.equal(ours, workload.seats[0]);
    t.equal(ours!.contender.script, 'barewire.js', id);
    const { name, script } = other;
    t.same(theirs, { ...ours, name, contender: { ...ours!.contender, name, script } });
    const all = against(workload, other, true).seats;
    t.same(all.slice(2), workload.seats.slice(1));
  }
  t.end();
});

t.test('a checkout that has been built takes part, with the ratio', (t) => {
  const here = fileURLToPath(new URL('../../..', import.meta.url));
  const { name } = findOther(here);
  t.match(name, /^barewire, [^/]+$/, 'the last part of its path');
  process.env['BENCH_LENGTH'] = '0.002';
  const report = runBench(t, 'process', 'P1', '--rounds', '1', '--against', here);
  const [ours, theirs, ...others] = report.rows[0]!.entries;
  t.same([ours!.name, theirs!.name, others.length], ['barewire', name, 0]);
  t.same([ours!.error, theirs!.error], [undefined, undefined]);
  t.match(report.command, / --against /);
  t.end();
});

/**
 * Servers in processes of their own: CPU time per message, memory per connection (P1 – P3, P6 –
 * P10), the same over TLS and with permessage-deflate.
 *
 *   npm run bench -- process [names …] [--rounds 5] [--quick] [--json file] [--svg file]
 *                            [--against folder [--peers]]
 *
 * A name chooses the rows that begin with it: `P3` means `P3a`, `P3b` and `P3c`, `TLS` all with
 * TLS. Every round measures all contenders one after the other, each in a fresh process, so that
 * drift of the machine meets all alike. `--against` another checkout that has been built compares
 * our server with that one's, and with nobody else unless `--peers` asks for the others, too. What
 * the columns mean stands in bench/README.md.
 */
import { writeFileSync } from 'node:fs';
import { against, findOther } from './process/against.ts';
import { programVersions } from './process/contenders.ts';
import { measureRow } from './process/measure.ts';
import { FULL, listWorkloads, QUICK } from './process/workloads.ts';
import { drawBars } from './support/chart.ts';
import { readAmount, readCommandLine, readRows, refuse } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { makeReport, type Row, writeReport } from './support/report.ts';
import { formatRow } from './support/table.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.process,
});
const rounds = readAmount('--rounds', values.rounds, values.quick ? 3 : 5);
const scale = values.quick ? QUICK : FULL;
// For specs, which want to see that it works and not how fast.
const length = Number(process.env['BENCH_LENGTH'] ?? scale.length);
if (!Number.isFinite(length) || length <= 0) {
  refuse(`BENCH_LENGTH takes a number above zero, not ${process.env['BENCH_LENGTH']}`);
}
const chosen = readRows(listWorkloads({ ...scale, length }), positionals);
if (values.peers && values.against === undefined) {
  refuse('--peers says who takes part in --against, and all do without it');
}
const other = values.against === undefined ? undefined : findOther(values.against);
const workloads =
  other === undefined ? chosen : chosen.map((one) => against(one, other, values.peers));

const rows: Row[] = [];
for (const workload of workloads) {
  const start = performance.now();
  const row = await measureRow(workload, rounds, (name, sample) => {
    const outcome = sample instanceof Error ? sample.message : 'done';
    process.stderr.write(`  ${workload.id} ${name}: ${outcome}\n`);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`\n${formatRow(row)}\n  ${rounds} rounds, ${seconds} s`);
  rows.push(row);
}
const report = makeReport('process', rows, programVersions());
if (values.json !== undefined) writeReport(values.json, report);
if (values.svg !== undefined) writeFileSync(values.svg, drawBars('Servers', rows));
// Sockets of a sample that failed may be left; nothing waits for them.
const bearing = other === undefined ? 1 : 2;
const isLost = rows.some(({ entries }) =>
  entries.slice(0, bearing).some(({ samples }) => samples.length === 0),
);
process.exit(isLost ? 1 : 0);

/**
 * What each fast path of the codec and of HTTP is worth by itself: the same work with all of them,
 * with one of them off, and with all of them off, each in a process of its own, in turns.
 *
 *   npm run bench -- paths [ids …] [--quick] [--rounds n] [--ms n] [--json file] [--svg file]
 *
 * What they and the others are worth to a server stands in the rows `PATHS` of bench/process.
 */
import { measurePaths } from './paths/measure.ts';
import { PATH_ROWS } from './paths/rows.ts';
import { readCommandLine, readRows } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import type { Row } from './support/report.ts';
import { effortOf, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.paths,
});
const effort = effortOf(values);
const chosen = readRows(PATH_ROWS, positionals);
const { rounds, milliseconds } = effort;
console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
const rows: Row[] = [];
for (const one of chosen) {
  const row = await measurePaths(one, effort);
  console.log(formatRow(row));
  rows.push(row);
}
saveRows('paths', rows, values);
if (rows.some(({ entries }) => entries.some(({ samples }) => samples.length === 0))) {
  process.exitCode = 1;
}

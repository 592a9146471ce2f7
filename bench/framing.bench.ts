/**
 * Framing, decode and encode, by size (P4): barewire against `ws` with and without its native
 * addons, and against websocket-driver; each in a process of its own, in turns.
 *
 *   npm run bench -- framing [ids …] [--quick] [--rounds n] [--ms n]
 *                            [--with module of a contender]… [--json file] [--svg file]
 *
 * An id chooses the rows that begin with it, such as `"P4 decode masked"`. What is timed, what is
 * not, and how to add an implementation of your own stands in bench/README.md.
 */
import { listSeats, measureFraming } from './framing/measure.ts';
import { idOf, listWorkloads } from './framing/workload.ts';
import { readCommandLine, refuseRows } from './support/command-line.ts';
import { chooseRows } from './support/selection.ts';
import { effortOf, SUITE_OPTIONS, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: { ...SUITE_OPTIONS, with: { type: 'string', multiple: true, default: [] } },
});
const effort = effortOf(values);
const listed = listWorkloads(values.quick).map((workload) => ({ id: idOf(workload), workload }));
const workloads = chooseRows(listed, positionals).map(({ workload }) => workload);
if (workloads.length === 0) {
  refuseRows(positionals);
}
const { rounds, milliseconds } = effort;
console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
const rows = await measureFraming(workloads, listSeats(values.with), effort, (row) => {
  console.log(formatRow(row));
});
saveRows('framing', rows, values);
// Such as a contender of `--with` that cannot be loaded, or loses messages.
if (rows.some(({ entries }) => entries.some(({ samples }) => samples.length === 0))) {
  process.exitCode = 1;
}

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
import { loadGuests } from './framing/guests.ts';
import { listSeats, measureFraming } from './framing/measure.ts';
import { idOf, listWorkloads } from './framing/workload.ts';
import { readCommandLine, readRows } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { effortOf, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.framing,
});
const effort = effortOf(values);
const list = (quick: boolean) =>
  listWorkloads(quick).map((workload) => ({ id: idOf(workload), workload }));
const chosen = readRows(list(values.quick), positionals, list(false));
const workloads = chosen.map(({ workload }) => workload);
const guests = await loadGuests(values.with ?? []);
const { rounds, milliseconds } = effort;
console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
const rows = await measureFraming(workloads, listSeats(guests), effort, (row) => {
  console.log(formatRow(row));
});
saveRows('framing', rows, values);
// Such as a contender of `--with` that cannot be loaded, or loses messages.
if (rows.some(({ entries }) => entries.some(({ samples }) => samples.length === 0))) {
  process.exitCode = 1;
}

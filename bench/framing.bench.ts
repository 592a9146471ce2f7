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
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listSeats, measureFraming } from './framing/measure.ts';
import { idOf, listWorkloads } from './framing/workload.ts';
import { readCommandLine, readRows, refuse } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { effortOf, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';

/** Nothing is measured beside a module that cannot take part. */
async function checkContender(path: string): Promise<void> {
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { contender?: unknown };
    if (typeof module.contender === 'object') return;
  } catch (error) {
    refuse(`--with ${path} cannot be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
  refuse(`--with ${path} exports no contender`);
}

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.framing,
});
const effort = effortOf(values);
const listed = listWorkloads(values.quick).map((workload) => ({ id: idOf(workload), workload }));
const workloads = readRows(listed, positionals).map(({ workload }) => workload);
for (const path of values.with ?? []) await checkContender(path);
const { rounds, milliseconds } = effort;
console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
const rows = await measureFraming(workloads, listSeats(values.with ?? []), effort, (row) => {
  console.log(formatRow(row));
});
saveRows('framing', rows, values);
// Such as a contender of `--with` that cannot be loaded, or loses messages.
if (rows.some(({ entries }) => entries.some(({ samples }) => samples.length === 0))) {
  process.exitCode = 1;
}

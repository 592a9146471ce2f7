/** Measures framing: one process for each contender, all of them in turns, row by row. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRow, type Row, type Sample } from '../support/report.ts';
import type { Effort } from '../support/suite.ts';
import { takeTurns } from '../support/turns.ts';
import type { Answer, Order } from './worker.ts';
import { idOf, titleOf, type Workload } from './workload.ts';

/** A contender, and how its process is started. */
export interface Seat {
  readonly label: string;
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
}

const beside = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
const NO_ADDONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

/**
 * Keeps freed memory instead of giving it back to the kernel. Whether glibc does so by itself hangs
 * on what happens to lie at the end of the heap, and it is worth a factor of ten at 1 MiB.
 */
const ALLOCATOR = { MALLOC_TRIM_THRESHOLD_: '1073741824', MALLOC_MMAP_THRESHOLD_: '1073741824' };

/** Lists who takes part; `others` are paths of modules that export a `contender`. */
export function listSeats(others: readonly string[]): Seat[] {
  return [
    { label: 'barewire', module: beside('barewire.js'), env: {} },
    { label: 'ws + addon', module: beside('ws.js'), env: {} },
    { label: 'ws, no addon', module: beside('ws.js'), env: NO_ADDONS },
    { label: 'websocket-driver', module: beside('websocket-driver.js'), env: {} },
    ...others.map((path) => ({ label: path, module: resolve(path), env: {} })),
  ];
}

/** Measures all workloads; `tell` hears of each row when it is there. */
export async function measureFraming(
  workloads: readonly Workload[],
  seats: readonly Seat[],
  effort: Effort,
  tell: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  let group = '';
  let children: ChildProcess[] = [];
  for (const workload of workloads) {
    // New processes for each direction and role: one that has done everything is nobody's case.
    const next = `${workload.direction} ${workload.role}`;
    if (next !== group) {
      for (const child of children) child.disconnect();
      children = seats.map(start);
      group = next;
    }
    const row = await measureOne(workload, seats, children, effort);
    tell(row);
    rows.push(row);
  }
  for (const child of children) if (child.connected) child.disconnect();
  return rows;
}

function start({ module, env }: Seat): ChildProcess {
  return fork(beside('worker.js'), [module], {
    env: { ...process.env, ...ALLOCATOR, ...env },
    // benny announces every sample on standard output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Not what this process was started with: under a test runner that is a lot.
    execArgv: [],
  });
}

async function measureOne(
  workload: Workload,
  seats: readonly Seat[],
  children: readonly ChildProcess[],
  { rounds, milliseconds }: Effort,
): Promise<Row> {
  for (const child of children) await ask(child, { workload, milliseconds: milliseconds * 2 });
  const samples = await takeTurns(
    rounds,
    children.map((child) => () => ask(child, { workload, milliseconds })),
  );
  return makeRow(
    { id: idOf(workload), title: titleOf(workload), unit: 'ns' },
    seats.map(({ label }, index) => ({
      name: label,
      series: samples.map((round) => round[index]!),
    })),
  );
}

/** An answer, or what went wrong: a contender that fails is an error in its place. */
async function ask(child: ChildProcess, order: Order): Promise<Sample | Error> {
  if (!child.connected) return new Error('its process has ended');
  const abort = new AbortController();
  const { signal } = abort;
  const gone = once(child, 'exit', { signal }).then(() => ({ error: 'its process has ended' }));
  const told = once(child, 'message', { signal }).then(([answer]) => answer as Answer);
  gone.catch(() => {});
  told.catch(() => {});
  child.send(order);
  const answer: Answer = await Promise.race([told, gone]);
  abort.abort();
  return answer.sample ?? new Error(answer.error);
}

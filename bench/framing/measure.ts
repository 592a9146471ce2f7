/** Measures framing: one process for each contender, all of them in turns, row by row. */
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRow, type Row, type Sample } from '../support/report.ts';
import type { Effort } from '../support/suite.ts';
import { takeTurns } from '../support/turns.ts';
import { ask, dismiss, startWorker } from '../support/workers.ts';
import type { Guest } from './guests.ts';
import type { Answer, Order } from './worker.ts';
import { idOf, titleOf, type Workload } from './workload.ts';

/** A contender, and how its process is started. */
export interface Seat {
  readonly label: string;
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absent where messages are written. */
  readonly onlyDecodes?: boolean;
}

const beside = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
const WORKER = beside('worker.js');
const GONE: Answer = { kind: 'failed', error: 'its process has ended' };
const NO_ADDONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

/** Lists who takes part; `guests` come last. */
export function listSeats(guests: readonly Guest[]): Seat[] {
  return [
    { label: 'barewire', module: beside('barewire.js'), env: {} },
    {
      label: 'barewire, shared reads',
      module: beside('barewire.js'),
      env: { BAREWIRE_BENCH_READS: 'shared' },
      onlyDecodes: true,
    },
    { label: 'ws + addon', module: beside('ws.js'), env: {} },
    { label: 'ws, no addon', module: beside('ws.js'), env: NO_ADDONS },
    { label: 'websocket-driver', module: beside('websocket-driver.js'), env: {} },
    ...guests.map(({ name, path }) => ({ label: name, module: resolve(path), env: {} })),
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
  let players: Player[] = [];
  for (const workload of workloads) {
    // New processes for each direction and role: one that has done everything is nobody's case.
    const next = `${workload.direction} ${workload.role}`;
    if (next !== group) {
      dismissAll(players);
      const { direction } = workload;
      const taking = seats.filter(({ onlyDecodes }) => direction === 'decode' || !onlyDecodes);
      players = taking.map((seat) => ({ seat, judged: start(seat), measured: start(seat) }));
      group = next;
    }
    const row = await measureOne(workload, players, effort);
    tell(row);
    rows.push(row);
  }
  dismissAll(players);
  return rows;
}

/** A contender's two processes: in one it is verified, in the other it is measured. */
interface Player {
  readonly seat: Seat;
  readonly judged: ChildProcess;
  readonly measured: ChildProcess;
}

function dismissAll(players: readonly Player[]): void {
  dismiss(players.flatMap(({ judged, measured }) => [judged, measured]));
}

function start({ module, env }: Seat): ChildProcess {
  return startWorker(WORKER, [module], env);
}

async function measureOne(
  workload: Workload,
  players: readonly Player[],
  { rounds, milliseconds }: Effort,
): Promise<Row> {
  const contenders: { name: string; sample: (length: number) => Promise<Sample | Error> }[] = [];
  for (const { seat, judged, measured } of players) {
    const verdict = await askFor(judged, { workload });
    if (verdict.kind === 'absent') continue;
    const sample = async (length: number): Promise<Sample | Error> =>
      verdict.kind === 'failed'
        ? new Error(verdict.error)
        : sampleOf(await askFor(measured, { workload, milliseconds: length }));
    contenders.push({ name: seat.label, sample });
  }
  for (const { sample } of contenders) await sample(milliseconds * 2);
  const samples = await takeTurns(
    rounds,
    contenders.map(
      ({ sample }) =>
        () =>
          sample(milliseconds),
    ),
  );
  return makeRow(
    { id: idOf(workload), title: titleOf(workload), unit: 'ns' },
    contenders.map(({ name }, index) => ({ name, series: samples.map((round) => round[index]!) })),
  );
}

/** What went wrong is an error in the place of the figure. */
function sampleOf(answer: Answer): Sample | Error {
  if (answer.kind === 'sample') return answer.sample;
  return new Error(answer.kind === 'failed' ? answer.error : 'it was not measured');
}

const askFor = (child: ChildProcess, order: Order): Promise<Answer> => ask(child, order, GONE);

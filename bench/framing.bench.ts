/**
 * Framing, decode and encode, by size: barewire against `ws` with and without its native addons,
 * and against websocket-driver; each in a process of its own, in turns.
 *
 *   node dist/bench/framing.bench.js [--quick] [--only part of a title] [--rounds n] [--ms n]
 *                                    [--with module of a contender]… [--json file]
 *
 * The columns with × say how many times longer than barewire the other one takes: the median of the
 * ratios within each round. What is timed, and what is not, stands in bench/README.md.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Answer, Order } from './framing/worker.ts';
import { listWorkloads, titleOf, type Workload } from './framing/workload.ts';
import { figuresOf, takeTurns } from './support/turns.ts';
import { formatTime } from './support/units.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '' },
    ms: { type: 'string', default: '' },
    with: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
});
const rounds = Number(options.rounds || (options.quick ? 5 : 15));
const milliseconds = Number(options.ms || (options.quick ? 15 : 40));

interface Seat {
  readonly label: string;
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
}

const beside = (name: string): string =>
  fileURLToPath(new URL(`./framing/${name}`, import.meta.url));
const NO_ADDONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };
/**
 * Keeps freed memory instead of giving it back to the kernel. Whether glibc does so by itself hangs
 * on what happens to lie at the end of the heap, and it is worth a factor of ten at 1 MiB.
 */
const ALLOCATOR = { MALLOC_TRIM_THRESHOLD_: '1073741824', MALLOC_MMAP_THRESHOLD_: '1073741824' };
const SEATS: readonly Seat[] = [
  { label: 'barewire', module: beside('barewire.js'), env: {} },
  { label: 'ws + addon', module: beside('ws.js'), env: {} },
  { label: 'ws, no addon', module: beside('ws.js'), env: NO_ADDONS },
  { label: 'websocket-driver', module: beside('websocket-driver.js'), env: {} },
  ...options.with.map((path) => ({ label: path, module: resolve(path), env: {} })),
];

async function startAll(): Promise<ChildProcess[]> {
  const worker = beside('worker.js');
  return SEATS.map(({ module, env }) =>
    fork(worker, [module], { env: { ...process.env, ...ALLOCATOR, ...env }, stdio: 'inherit' }),
  );
}

async function ask(child: ChildProcess, order: Order): Promise<number> {
  child.send(order);
  const [answer] = (await once(child, 'message')) as [Answer];
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.nanoseconds!;
}

interface Line {
  readonly title: string;
  readonly contenders: readonly { name: string; nanoseconds: number; times: number }[];
}

async function measure(workload: Workload, children: readonly ChildProcess[]): Promise<Line> {
  for (const child of children) await ask(child, { workload, milliseconds: milliseconds * 2 });
  const samples = await takeTurns(
    rounds,
    children.map((child) => () => ask(child, { workload, milliseconds })),
  );
  const contenders = SEATS.map(({ label }, index) => {
    const { median, ratio } = figuresOf(samples, index, 0);
    return { name: label, nanoseconds: median, times: ratio };
  });
  const { low, high } = figuresOf(samples, 0, 0);
  const cells = contenders.map(({ nanoseconds, times }, index) =>
    index === 0
      ? `${formatTime(nanoseconds)} ${spread(low, high)}`.padStart(20)
      : `${formatTime(nanoseconds).padStart(9)} ${times.toFixed(2).padStart(6)}×`,
  );
  console.log(`${titleOf(workload).padEnd(36)}${cells.join(' ')}`);
  return { title: titleOf(workload), contenders };
}

const spread = (low: number, high: number): string =>
  `(-${((1 - low) * 100).toFixed(0)} +${((high - 1) * 100).toFixed(0)} %)`;

const chosen = listWorkloads(options.quick).filter((workload) =>
  titleOf(workload).includes(options.only),
);
console.log(`node ${process.version}, ${rounds} rounds of ${milliseconds} ms each, in turns`);
const heads = SEATS.map(({ label }, index) => label.padStart(index === 0 ? 20 : 17));
console.log(`${'per message'.padEnd(36)}${heads.join(' ')}`);
const lines: Line[] = [];
let group = '';
let children: ChildProcess[] = [];
for (const workload of chosen) {
  // New processes for each direction and role: a process that has done everything is nobody's case.
  const next = `${workload.direction} ${workload.role}`;
  if (next !== group) {
    for (const child of children) child.disconnect();
    children = await startAll();
    group = next;
  }
  lines.push(await measure(workload, children));
}
for (const child of children) child.disconnect();
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(lines, null, 2)}\n`);

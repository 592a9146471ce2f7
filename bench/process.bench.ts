/**
 * Servers in processes of their own: CPU time per message, memory per connection (P1 – P3, P6 –
 * P10).
 *
 *   npm run bench -- process [names …] [--rounds 5] [--quick] [--json file]
 *
 * Every round measures all contenders one after the other (A B C, A B C, …), each in a fresh
 * process, so
 * that drift of the machine meets all alike. Printed are medians, the spread, and ratios to ours.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BAREWIRE, bun, NET, NODE_HTTP, WS } from './process/contenders.ts';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  idleMemory,
  type Measure,
} from './process/scenarios.ts';
import type { Contender } from './process/server-process.ts';

interface Workload {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly Contender[];
  readonly measure: Measure;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const scale = values.quick ? 0.25 : 1;
const many = values.quick ? 2000 : 10_000;
const some = [BAREWIRE, WS, ...bun()];
const all = [BAREWIRE, WS, ...bun(), NET];

const echoOf = (
  payloadBytes: number,
  connections: number,
  inFlight: number,
  messages: number,
  kind: 'text' | 'binary' = 'text',
): Measure => echo({ payloadBytes, connections, inFlight, kind, messages: messages * scale });

const WORKLOADS: readonly Workload[] = [
  {
    id: 'P1',
    title: 'echo, text 20 B, 100 connections, 1 in flight',
    unit: 'µs',
    contenders: all,
    measure: echoOf(20, 100, 1, 100_000),
  },
  {
    id: 'P2',
    title: 'echo, text 20 B, 100 connections, 32 in flight',
    unit: 'µs',
    contenders: all,
    measure: echoOf(20, 100, 32, 1_000_000),
  },
  {
    id: 'P3a',
    title: 'echo, binary 1 KiB, 20 connections',
    unit: 'µs',
    contenders: all,
    measure: echoOf(1024, 20, 1, 60_000, 'binary'),
  },
  {
    id: 'P3b',
    title: 'echo, binary 16 KiB, 20 connections',
    unit: 'µs',
    contenders: all,
    measure: echoOf(16_384, 20, 1, 40_000, 'binary'),
  },
  {
    id: 'P3c',
    title: 'echo, binary 256 KiB, 20 connections',
    unit: 'µs',
    contenders: all,
    measure: echoOf(262_144, 20, 1, 4000, 'binary'),
  },
  {
    id: 'P6a',
    title: 'broadcast 200 B to 1,000',
    unit: 'µs',
    contenders: some,
    measure: broadcast(1000, 1, 100 * scale),
  },
  {
    id: 'P6b',
    title: 'broadcast 200 B to 8,000',
    unit: 'µs',
    contenders: some,
    measure: broadcast(8000, 1, 12 * scale),
  },
  {
    id: 'P6c',
    title: 'eight broadcasts in one turn to 1,000',
    unit: 'µs',
    contenders: some,
    measure: broadcast(1000, 8, 40 * scale),
  },
  {
    id: 'P6d',
    title: 'compressed broadcast 200 B to 1,000',
    unit: 'µs',
    contenders: some,
    measure: broadcast(1000, 1, 40 * scale, true),
  },
  {
    id: 'P7a',
    title: `memory per idle connection of ${many}`,
    unit: 'B',
    contenders: all,
    measure: idleMemory(many),
  },
  {
    id: 'P7b',
    title: `the same after one compressed echo each, of ${many / 5}`,
    unit: 'B',
    contenders: some,
    measure: idleMemory(many / 5, true),
  },
  {
    id: 'P8',
    title: 'opening and closing handshake',
    unit: 'µs',
    contenders: some,
    measure: handshakes(4000 * scale),
  },
  {
    id: 'P9a',
    title: 'event to 1,000 streams',
    unit: 'µs',
    contenders: [BAREWIRE, NODE_HTTP],
    measure: eventFanOut(1000, 100 * scale),
  },
  {
    id: 'P9b',
    title: 'event to 8,000 streams',
    unit: 'µs',
    contenders: [BAREWIRE, NODE_HTTP],
    measure: eventFanOut(8000, 12 * scale),
  },
  {
    id: 'P10',
    title: `echo, text 20 B, ${many} connections`,
    unit: 'µs',
    contenders: some,
    measure: echoOf(20, many, 1, many * 10),
  },
];

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)]!;

const rounds = values.quick ? 3 : Number(values.rounds);
const results: unknown[] = [];
for (const workload of WORKLOADS) {
  if (positionals.length > 0 && !positionals.some((name) => workload.id.startsWith(name))) continue;
  const figures = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of workload.contenders) {
      const list = figures.get(contender.name) ?? [];
      list.push(await workload.measure(contender));
      figures.set(contender.name, list);
    }
  }
  console.log(`\n${workload.id}  ${workload.title} (${workload.unit})`);
  const ours = median(figures.get(BAREWIRE.name)!);
  for (const [name, list] of figures) {
    const middle = median(list);
    const spread = `${Math.min(...list).toFixed(2)} – ${Math.max(...list).toFixed(2)}`;
    const ratio = name === BAREWIRE.name ? '' : `ours is ${(ours / middle).toFixed(2)} ×`;
    console.log(
      `  ${name.padEnd(14)} ${middle.toFixed(2).padStart(10)}   ${spread.padEnd(22)} ${ratio}`,
    );
    results.push({
      id: workload.id,
      title: workload.title,
      unit: workload.unit,
      name,
      median: middle,
      all: list,
    });
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

/**
 * Bytes that are allocated for each message: by a server that echoes it or sends it to many, and by
 * the codec alone; heap and memory of Buffers, between forced collections.
 *
 *   npm run bench -- allocation [ids …] [--quick] [--rounds n] [--sites] [--json file] [--svg file]
 *
 * What the handler gets, a string or a Buffer, is among it. `frames` is the frame reader with a
 * sink that takes nothing. How it is measured stands in allocation/heap.ts.
 * `--sites` tells which functions allocate it (allocation/sites.ts).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CodecAnswer } from './allocation/codec-worker.ts';
import { broadcasting, type Drive, echoing, streaming } from './allocation/drives.ts';
import { HEAP_FLAGS } from './allocation/heap.ts';
import { sampleServer } from './allocation/server.ts';
import type { Workload } from './framing/workload.ts';
import { BAREWIRE, NET, NODE_HTTP, WS } from './process/contenders.ts';
import type { EchoLoad } from './process/load.ts';
import type { Contender } from './process/server-process.ts';
import { readAmount, readCommandLine, readRows } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { makeRow, type Row, type Sample } from './support/report.ts';
import { saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';
import { formatBytes } from './support/units.ts';

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Measurement {
  readonly id: string;
  readonly title: string;
  readonly measure: (rounds: number) => Promise<Parameters<typeof makeRow>[1]>;
}

function server(
  id: string,
  title: string,
  drive: Drive,
  contenders: readonly Contender[],
): Measurement {
  return {
    id: `ALLOC server ${id}`,
    title,
    async measure(rounds) {
      const all = [];
      for (const contender of contenders) {
        const series = await sampleServer(contender, drive, rounds, tellSites);
        all.push({ name: contender.name, series });
      }
      return all;
    },
  };
}

function echo(id: string, kind: EchoLoad['kind'], inFlight: number, bytes = 20): Measurement {
  const drive = echoing({ payloadBytes: bytes, connections: 10, inFlight, kind });
  const title = `received and echoed: ${kind}, ${inFlight} in flight, ${formatBytes(bytes)}`;
  return server(id, title, drive, [BAREWIRE, WS, NET]);
}

function codec(id: string, title: string, workload: Workload): Measurement {
  const seats: [name: string, module: string][] = [
    ['barewire', beside('./framing/barewire.js')],
    ['ws', beside('./framing/ws.js')],
  ];
  if (workload.direction === 'decode') seats.splice(1, 0, ['frames', 'frames']);
  return {
    id: `ALLOC codec ${id}`,
    title,
    async measure(rounds) {
      const all = [];
      for (const [name, module] of seats) {
        all.push({ name, series: await sampleCodec(module, workload, rounds) });
      }
      return all;
    },
  };
}

async function sampleCodec(
  module: string,
  workload: Workload,
  count: number,
): Promise<(Sample | Error)[]> {
  const more = tellSites === undefined ? [] : ['sites'];
  const args = [module, JSON.stringify(workload), String(count), ...more];
  const child = fork(beside('./allocation/codec-worker.js'), args, { execArgv: [...HEAP_FLAGS] });
  const ended = once(child, 'exit').then(() => []);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [CodecAnswer?];
  if (answer === undefined) return [new Error('its process has ended')];
  const { samples, sites } = answer;
  if (sites !== undefined) tellSites?.(sites);
  return samples.length > 0 ? [...samples] : [new Error('a collection ran in every sample')];
}

/** Too long to be copied: its frame is a header, and the payload where it lies. */
const LONG_BYTES = 16 * 1024;
const short = { size: 20, fragments: 1, script: 'ascii' } as const;
const decode = { ...short, direction: 'decode', role: 'server' } as const;
const encode = { ...short, direction: 'encode', role: 'server' } as const;
const MEASUREMENTS: readonly Measurement[] = [
  echo('text', 'text', 1),
  echo('binary', 'binary', 1),
  echo('text burst', 'text', 16),
  echo('binary burst', 'binary', 16),
  echo('binary long', 'binary', 1, LONG_BYTES),
  server('broadcast', 'sent to one of many: text, 200 B', broadcasting(200), [BAREWIRE, WS]),
  server('events', 'sent to one of many: event, 200 B', streaming(200), [BAREWIRE, NODE_HTTP]),
  codec('decode text', 'read from masked frames: text, 20 B', { ...decode, kind: 'text' }),
  codec('decode binary', 'read from masked frames: binary, 20 B', { ...decode, kind: 'binary' }),
  codec('encode text', 'written to frames: text, 20 B', { ...encode, kind: 'text' }),
  codec('encode binary', 'written to frames: binary, 20 B', { ...encode, kind: 'binary' }),
];

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.allocation,
});
const tellSites = values.sites ? (sites: string) => console.log(sites) : undefined;
const rounds = readAmount('--rounds', values.rounds, values.quick ? 3 : 5);
const rows: Row[] = [];
for (const { id, title, measure } of readRows(MEASUREMENTS, positionals)) {
  const row = makeRow({ id, title, unit: 'B' }, await measure(rounds));
  console.log(formatRow(row));
  rows.push(row);
}
saveRows('allocation', rows, values);

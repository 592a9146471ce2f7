/**
 * Reading HTTP: barewire against Node's own parser and http-parser-js, in turns in one process, in
 * five feeding modes; and how the time of hostile inputs grows when they are doubled.
 *
 *   npm run bench -- http [--quick] [--rounds n] [--ms n] [--json file]
 *                         [--svg file] [ids, such as P5; growth]
 *
 * Every contender delivers method, target and all fields as strings, and must deliver the same as
 * the others before anything is timed (bench/http/contenders.ts). Times are the process's own CPU
 * time, user and system, for one message.
 */
import {
  buildUpgradeResponse,
  formatUpgradeResponse,
  readUpgradeRequest,
} from 'barewire/handshake';
import { RequestReader } from 'barewire/http';
import { Tally } from './http/barewire.ts';
import { CONTENDERS } from './http/contenders.ts';
import { HOSTILE_INPUTS } from './http/hostile.ts';
import { type HttpWorkload, inputBytes, listHttpWorkloads } from './http/inputs.ts';
import { readAmount, readCommandLine, readRows } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { makeRow, type Row } from './support/report.ts';
import { saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';
import { takeTurns } from './support/turns.ts';
import { formatBytes, formatTime } from './support/units.ts';

const { values: options, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.http,
});
const rounds = readAmount('--rounds', options.rounds, options.quick ? 7 : 21);
const microseconds = 1e3 * readAmount('--ms', options.ms, options.quick ? 10 : 30);

/** Results end here, so that no run can be optimised away. */
let sink = 0;

/** CPU time of one call in nanoseconds, from as many calls as fill a sample. */
function timeOf(work: () => unknown, atLeastMicroseconds = microseconds): number {
  const start = process.cpuUsage();
  let count = 0;
  for (let batch = 1; ; batch = Math.min(batch * 2, 64)) {
    for (let turn = 0; turn < batch; turn += 1) work();
    count += batch;
    const { user, system } = process.cpuUsage(start);
    if (user + system >= atLeastMicroseconds) return ((user + system) * 1e3) / count;
  }
}

/** Feeds a workload once to each contender; all must deliver the same strings and bytes. */
function checkAgreement({ id, side, chunks, messages }: HttpWorkload): void {
  const [ours = '', ...others] = CONTENDERS.map(({ open }) => {
    const everything: string[] = [];
    const tally = new Tally(everything);
    const feed = open(side, tally);
    for (const chunk of chunks) feed(chunk);
    if (tally.messages !== messages) throw new Error(`${id}: read ${tally.messages} messages`);
    return JSON.stringify([everything, tally.bodyBytes]);
  });
  for (const other of others) {
    if (other !== ours) throw new Error(`${id}: they differ:\n${ours}\n${other}`);
  }
}

/** Lets the compiler finish, which on a busy machine takes longer than it counts. */
async function warmUp(work: () => unknown): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    timeOf(work);
    await new Promise<void>((next) => setImmediate(next));
  }
}

async function measure(workload: HttpWorkload): Promise<Row> {
  checkAgreement(workload);
  const { id, title, side, chunks, messages } = workload;
  const works = CONTENDERS.map(({ open }) => {
    const tally = new Tally();
    const feed = open(side, tally);
    const once = (): void => {
      for (const chunk of chunks) feed(chunk);
    };
    return { once, tally };
  });
  for (const { once } of works) await warmUp(once);
  const samples = await takeTurns(
    rounds,
    works.map(({ once, tally }) => () => {
      const value = timeOf(once) / messages;
      sink ^= tally.characters;
      return { value };
    }),
  );
  return makeRow(
    { id, title, unit: 'ns' },
    CONTENDERS.map(({ name }, index) => ({ name, series: samples.map((all) => all[index]!) })),
  );
}

/** The whole of an opening handshake: read, judged, and its 101 built. Nobody to compare with. */
async function measureHandshake(): Promise<Row> {
  const bytes = inputBytes('wsHandshake');
  const reader = new RequestReader({
    head({ method, target, version, fields }) {
      const verdict = readUpgradeRequest(
        { method, target, version, fields },
        { origins: 'any', deflate: true },
      );
      if (!verdict.ok) throw verdict.error;
      sink += formatUpgradeResponse(buildUpgradeResponse(verdict)).length;
    },
    body() {},
    end: () => reader.resume(),
    failed(error) {
      throw error;
    },
  });
  const once = (): void => reader.receive(bytes);
  await warmUp(once);
  const samples = await takeTurns(rounds, [() => ({ value: timeOf(once) })]);
  const series = samples.map(([sample]) => sample!);
  return makeRow(
    { id: 'HTTP handshake', title: 'wsHandshake read, judged and its 101 built', unit: 'ns' },
    [{ name: 'barewire', series }],
  );
}

/** Bytes of the smaller input; the larger one is twice as long three times over. */
const SMALL_BYTES = 16_384;
const DOUBLINGS = 3;
/** Linear is 2, quadratic 4; what lies between 2 and this is the noise of caches and collector. */
const LINEAR = 2.5;

/** Prints how time grows with each hostile input; returns how many grow faster than they should. */
async function measureGrowth(): Promise<number> {
  console.log('\nhostile inputs: by how much twice the bytes take longer (linear: 2)');
  let tooFast = 0;
  for (const { title, prepare } of HOSTILE_INPUTS) {
    const works = [prepare(SMALL_BYTES), prepare(SMALL_BYTES << DOUBLINGS)];
    for (const work of works) await warmUp(work);
    const samples = await takeTurns(
      rounds,
      works.map((work) => () => timeOf(work)),
    );
    const [small, large] = works.map((_, index) => Math.min(...samples.map((all) => all[index]!)));
    const growth = (large! / small!) ** (1 / DOUBLINGS);
    if (growth > LINEAR) tooFast += 1;
    const perByte = formatTime(large! / (SMALL_BYTES << DOUBLINGS));
    const mark = growth > LINEAR ? '  GROWS FASTER' : '';
    console.log(`  ${title.padEnd(44)}${growth.toFixed(2)} ×   ${perByte} a byte${mark}`);
  }
  console.log(`  (from ${formatBytes(SMALL_BYTES)} to ${formatBytes(SMALL_BYTES << DOUBLINGS)})`);
  return tooFast;
}

const HANDSHAKE = { id: 'HTTP handshake' };
const GROWTH = { id: 'growth' };
const workloads = listHttpWorkloads();
const chosen = readRows([...workloads, HANDSHAKE, GROWTH], positionals).map(({ id }) => id);
const rows: Row[] = [];
console.log(`node ${process.version}, ${rounds} rounds in turns, CPU time of one message`);
for (const workload of workloads) {
  if (!chosen.includes(workload.id)) continue;
  rows.push(await measure(workload));
  console.log(formatRow(rows.at(-1)!));
}
if (chosen.includes(HANDSHAKE.id)) {
  rows.push(await measureHandshake());
  console.log(formatRow(rows.at(-1)!));
}
if (chosen.includes(GROWTH.id) && (await measureGrowth()) > 0) process.exitCode = 1;
saveRows('http', rows, options);
if (sink === 1e9) console.log('a rare sum');

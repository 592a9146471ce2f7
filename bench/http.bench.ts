/**
 * Reading HTTP: barewire against Node's own parser and http-parser-js, in turns in one process, in
 * five feeding modes; and how the time of hostile inputs grows when they are doubled.
 *
 *   npm run bench -- http [--quick] [--rounds n] [--ms n] [--json file]
 *                         [--svg file] [ids, such as P5; growth]
 *
 * Every contender delivers method, target and all fields as strings, and must deliver the same as
 * the others before anything is timed (bench/http/contenders.ts). Times are the process's own CPU
 * time, user and system, for one message; benny runs the cases, and its own figure by the clock
 * stands beside theirs.
 */
import {
  buildUpgradeResponse,
  formatUpgradeResponse,
  readUpgradeRequest,
} from 'barewire/handshake';
import { RequestReader } from 'barewire/http';
import { Tally } from './http/barewire.ts';
import { CONTENDERS } from './http/contenders.ts';
import { measureGrowth } from './http/growth.ts';
import { makeHeadsCase } from './http/heads-case.ts';
import { type HttpWorkload, inputBytes, listHttpWorkloads } from './http/inputs.ts';
import { readAmount, readCommandLine, readRows } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import type { Row } from './support/report.ts';
import { type Case, type Effort, measureSuite } from './support/suite.ts';
import { type Suite, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.http,
});
// More than other suites: P5 is judged by a few percent.
const effort: Effort = {
  rounds: readAmount('--rounds', values.rounds, values.quick ? 7 : 21),
  milliseconds: readAmount('--ms', values.ms, values.quick ? 10 : 30),
};

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

/** The whole of an opening handshake: read, judged, and its 101 built. Nobody to compare with. */
function handshake(): Case {
  let length = 0;
  const bytes = inputBytes('wsHandshake');
  const reader = new RequestReader({
    head({ method, target, version, fields }) {
      const verdict = readUpgradeRequest(
        { method, target, version, fields },
        { origins: 'any', deflate: true },
      );
      if (!verdict.ok) throw verdict.error;
      length = formatUpgradeResponse(buildUpgradeResponse(verdict)).length;
    },
    body() {},
    end: () => reader.resume(),
    failed(error) {
      throw error;
    },
  });
  return {
    name: 'barewire',
    run() {
      reader.receive(bytes);
      return length;
    },
  };
}

const suites: Suite[] = listHttpWorkloads().map((workload) => ({
  id: workload.id,
  title: workload.title,
  cases() {
    checkAgreement(workload);
    return CONTENDERS.map((contender) => makeHeadsCase(contender, workload.id));
  },
}));
suites.push({
  id: 'HTTP handshake',
  title: 'wsHandshake read, judged and its 101 built',
  cases: () => [handshake()],
});
const GROWTH = { id: 'growth' };
const chosen = readRows([...suites, GROWTH], positionals).map(({ id }) => id);
const rows: Row[] = [];
console.log(`node ${process.version}, ${effort.rounds} rounds in turns, CPU time of one message`);
for (const { id, title, cases } of suites) {
  if (!chosen.includes(id)) continue;
  const row = await measureSuite({ id, title }, await cases(), effort);
  console.log(formatRow(row));
  rows.push(row);
}
if (chosen.includes(GROWTH.id) && (await measureGrowth(effort)) > 0) process.exitCode = 1;
saveRows('http', rows, values);

/**
 * What permessage-deflate costs: CPU per echoed message, against ws, and memory of a connection
 * that was busy once and is idle now.
 *
 *   npm run bench -- deflate [echo | memory] [--quick] [--rounds n] [--ms n]
 *                            [--json file] [--svg file]
 *
 * The connections of a row are used by turns, so that compression states compete for the caches as
 * they do in a server. CPU is that of the whole process, threads included. What an answer takes on
 * the wire stands beside it, without the header of its frame: who compresses less has less to do.
 */
import { measureMemory } from './deflate/memory.ts';
import { makePeer, PEERS, type PeerName, packMessages } from './deflate/peers.ts';
import { readAmount, readCommandLine, readRows, refuse } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import type { Row } from './support/report.ts';
import { type Case, measureSuite } from './support/suite.ts';
import { effortOf, type Suite, saveRows } from './support/suite-command.ts';
import { formatRow } from './support/table.ts';
import { jsonRecords } from './support/texts.ts';
import { formatBytes } from './support/units.ts';

/** Messages that one connection gets, after which it is replaced by a new one. */
const MESSAGES = 50;

async function makeCase(name: PeerName, bytes: number, connections: number): Promise<Case> {
  const texts = Array.from({ length: MESSAGES }, (_, at) => jsonRecords(bytes, at));
  const payloads = await packMessages(texts);
  const notes = { 'on the wire, B': await meanAnswer(name, payloads) };
  let peers = Array.from({ length: connections }, () => makePeer(name));
  let turn = 0;
  return {
    name,
    notes,
    isAsync: true,
    async run() {
      const message = Math.floor(turn / connections) % MESSAGES;
      const who = turn % connections;
      // What was compressed for a new connection means nothing to one that has read it before.
      if (message === 0 && turn >= connections) peers = renew(peers, who, name);
      turn += 1;
      return peers[who]!.echo(payloads[message]!);
    },
  };
}

/** Length of what is sent back, of all messages of one connection: the first are the longest. */
async function meanAnswer(name: PeerName, payloads: readonly Buffer[]): Promise<number> {
  const peer = makePeer(name);
  let bytes = 0;
  for (const payload of payloads) bytes += await peer.echo(payload);
  peer.release();
  return bytes / payloads.length;
}

function renew<Peer>(peers: Peer[], who: number, name: PeerName): Peer[] {
  peers[who] = makePeer(name) as Peer;
  return peers;
}

const echo = (bytes: number, connections: number): Suite => ({
  id: `echo ${bytes} ${connections}`,
  title: `echo of ${formatBytes(bytes)}, ${connections} connections by turns`,
  cases: () => Promise.all(PEERS.map((name) => makeCase(name, bytes, connections))),
});
const SUITES = [
  echo(100, 1),
  echo(1_024, 1),
  echo(16_384, 1),
  echo(262_144, 1),
  echo(100, 500),
  echo(1_024, 500),
];
/** Measured in processes of its own, in rounds and not by time. */
const MEMORY: Pick<Suite, 'id'> = { id: 'memory' };

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: BENCH_OPTIONS.deflate,
});
const effort = effortOf(values);
const chosen = readRows([...SUITES, MEMORY], positionals);
const suites = SUITES.filter((suite) => chosen.includes(suite));
if (suites.length === 0 && values.ms !== undefined) {
  refuse('--ms says nothing about memory: --rounds does');
}
const rows: Row[] = [];
for (const { id, title, cases } of suites) {
  const row = await measureSuite({ id, title }, await cases(), effort);
  console.log(formatRow(row));
  rows.push(row);
}
if (chosen.includes(MEMORY)) {
  const rounds = readAmount('--rounds', values.rounds, 3);
  for (const row of await measureMemory(rounds, values.quick ? 200 : 2_000)) {
    console.log(formatRow(row));
    rows.push(row);
  }
}
saveRows('deflate', rows, values);

/**
 * Profiles a server while a scenario runs, or a part of the codec or of HTTP alone: writes a CPU
 * profile (for the developer tools of any browser on V8), a flame graph, and a text that tells
 * where the time went, which is printed too. `idle` takes snapshots of a server's heap instead,
 * and tells what it has for each connection.
 *
 *   npm run profile -- <scenario> [--server barewire | ws | net | node-http] [--quick]
 *                                 [--into reports] [--top 25]
 *   npm run profile -- all --into bench/results/profiles
 *
 * Only what is measured is profiled: neither the start of the server nor the warm-up. What is
 * profiled has a core for itself (profile/cores.ts), and a text that does not agree with the CPU
 * time that was counted says that it is not to be trusted (profile/doubts.ts).
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCallTree, type CpuProfile } from './profile/call-tree.ts';
import { HELD, holdGenerator } from './profile/cores.ts';
import { doubtsOf } from './profile/doubts.ts';
import { drawFlameGraph } from './profile/flame-graph.ts';
import { growthByKind, type HeapSnapshot } from './profile/heap.ts';
import { describeOrigin } from './profile/origin.ts';
import { describeCalls, describeHeap } from './profile/report.ts';
import { SCENARIOS, type Scenario, SERVERS } from './profile/scenarios.ts';
import { makeFolder, readAmount, readCommandLine, refuse } from './support/command-line.ts';

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: {
    server: { type: 'string', default: 'barewire' },
    quick: { type: 'boolean', default: false },
    into: { type: 'string', default: 'reports' },
    top: { type: 'string' },
  },
});
const scale = values.quick ? 0.02 : 1;
const top = readAmount('--top', values.top, 25);

const [given = '', other] = positionals;
if (other !== undefined) refuse(`one scenario is profiled at a time: ${given} or ${other}`);
if (given !== 'all' && !Object.hasOwn(SCENARIOS, given)) {
  refuse(`npm run profile -- ${Object.keys(SCENARIOS).join(' | ')} | all`);
}
const server = Object.keys(SERVERS).find((name) => name === values.server) as
  | keyof typeof SERVERS
  | undefined;
if (server === undefined) {
  refuse(`no server is called ${values.server}: there are ${Object.keys(SERVERS).join(', ')}`);
}
const chosen = Object.entries(SCENARIOS).filter(
  ([name, { servers }]) => name === given || (given === 'all' && servers.includes(server)),
);
for (const [name, { servers }] of chosen) {
  if (servers.includes(server)) continue;
  refuse(`${name} is nothing that ${server} does: there are ${servers.join(', ')}`);
}
makeFolder('--into', values.into);

/** The line that takes one of them again; where it goes does not matter. */
const commandOf = (name: string): string =>
  [
    `npm run profile -- ${name}`,
    ...(server === 'barewire' ? [] : ['--server', server]),
    ...(values.quick ? ['--quick'] : []),
    ...(values.top === undefined ? [] : ['--top', top]),
  ].join(' ');

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

async function profile(name: string, scenario: Scenario): Promise<void> {
  const { makeMeasure, expected = {}, idleConnections } = scenario;
  const path = join(values.into, server === 'barewire' ? name : `${name}-${server}`);
  const profileFile = `${path}.${idleConnections === undefined ? 'cpuprofile' : 'heapsnapshot'}`;
  rmSync(profileFile, { force: true });
  const contender = { ...SERVERS[server!], profileFile };
  const origin = describeOrigin(commandOf(name));
  const sample = await makeMeasure(scale)(contender);
  const title = `${name}, ${server}`;
  const written = [profileFile, `${path}.txt`];
  let text: string;
  if (idleConnections === undefined) {
    const tree = buildCallTree(readJson(profileFile) as CpuProfile);
    writeFileSync(`${path}.svg`, drawFlameGraph(title, tree));
    written.push(`${path}.svg`);
    const isHeld = readFileSync(`${profileFile}.begun`, 'utf8') === HELD;
    text = describeCalls(title, sample, tree, top, doubtsOf(sample, tree, expected, isHeld));
  } else {
    const [before, after] = [`${profileFile}.begun`, profileFile].map(readJson) as HeapSnapshot[];
    text = describeHeap(title, growthByKind(before!, after!, idleConnections * scale));
  }
  rmSync(`${profileFile}.begun`);
  writeFileSync(`${path}.txt`, `${origin}\n\n${text}\n`);
  console.log(`${origin}\n\n${text}\n\nwritten: ${written.join(', ')}\n`);
}

holdGenerator();
for (const [name, scenario] of chosen) await profile(name, scenario);

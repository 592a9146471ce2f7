/**
 * Profiles a server while a scenario runs: writes a CPU profile (for the developer tools of any
 * browser on V8) and a flame graph, and prints where the time went.
 *
 *   npm run profile -- <scenario> [--server barewire | ws | net | node-http] [--quick]
 *                                 [--into reports] [--top 25]
 *
 * Only what is measured is profiled: neither the start of the server nor the warm-up.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BAREWIRE, NET, NODE_HTTP, WS } from './process/contenders.ts';
import { broadcast, echo, eventFanOut, handshakes, type Measure } from './process/scenarios.ts';
import { buildCallTree, type CpuProfile, listFunctions, sumByOwner } from './profile/call-tree.ts';
import { drawFlameGraph } from './profile/flame-graph.ts';
import { makeFolder, readAmount, readCommandLine, refuse } from './support/command-line.ts';
import { formatTime } from './support/units.ts';

const SERVERS = { barewire: BAREWIRE, ws: WS, net: NET, 'node-http': NODE_HTTP } as const;
const small = { payloadBytes: 20, connections: 100, inFlight: 1, kind: 'text' } as const;
const large = { payloadBytes: 16_384, connections: 20, inFlight: 1, kind: 'binary' } as const;
const deflated = { deflate: true } as const;

/** What can be profiled; `scale` makes it shorter. */
const SCENARIOS: Readonly<Record<string, (scale: number) => Measure>> = {
  echo: (scale) => echo({ ...small, messages: 200_000 * scale }),
  many: (scale) => echo({ ...small, connections: 10_000, messages: 200_000 * scale }),
  burst: (scale) => echo({ ...small, inFlight: 32, messages: 3_000_000 * scale }),
  'echo-1k': (scale) => echo({ ...large, payloadBytes: 1_024, messages: 100_000 * scale }),
  large: (scale) => echo({ ...large, messages: 60_000 * scale }),
  'echo-256k': (scale) => echo({ ...large, payloadBytes: 262_144, messages: 8_000 * scale }),
  tls: (scale) => echo({ ...small, messages: 100_000 * scale }, { tls: true }),
  'tls-large': (scale) => echo({ ...large, messages: 40_000 * scale }, { tls: true }),
  deflate: (scale) => echo({ ...small, payloadBytes: 200, messages: 50_000 * scale }, deflated),
  broadcast: (scale) => broadcast(1_000, 1, 300 * scale),
  'broadcast-8000': (scale) => broadcast(8_000, 1, 40 * scale),
  'broadcast-deflate': (scale) => broadcast(1_000, 1, 300 * scale, deflated),
  handshake: (scale) => handshakes(8_000 * scale),
  'tls-handshake': (scale) => handshakes(3_000 * scale, { tls: true }),
  events: (scale) => eventFanOut(1_000, 300 * scale),
  'events-8000': (scale) => eventFanOut(8_000, 40 * scale),
};

const { values, positionals } = readCommandLine({
  allowPositionals: true,
  options: {
    server: { type: 'string', default: 'barewire' },
    quick: { type: 'boolean', default: false },
    into: { type: 'string', default: 'reports' },
    top: { type: 'string' },
  },
});

const top = readAmount('--top', values.top, 25);

async function profile(scenario: string, makeMeasure: (scale: number) => Measure): Promise<void> {
  const contender = SERVERS[values.server as keyof typeof SERVERS];
  if (contender === undefined)
    refuse(`no server is called ${values.server}: there are ${Object.keys(SERVERS).join(', ')}`);
  makeFolder('--into', values.into);
  const path = join(values.into, `${scenario}-${values.server}`);
  const profileFile = `${path}.cpuprofile`;
  rmSync(profileFile, { force: true });
  const { value, parts } = await makeMeasure(values.quick ? 0.02 : 1)({
    ...contender,
    profileFile,
  });
  rmSync(`${profileFile}.begun`);
  const tree = buildCallTree(JSON.parse(readFileSync(profileFile, 'utf8')) as CpuProfile);
  const title = `${scenario}, ${values.server}`;
  writeFileSync(`${path}.svg`, drawFlameGraph(title, tree));
  const { user = 0, system = 0 } = parts ?? {};
  console.log(
    `${title}: ${formatTime(value)} of CPU per unit while profiled, ` +
      `user ${formatTime(user)}, system ${formatTime(system)}\n`,
  );
  const owners = sumByOwner(tree);
  const whole = [...owners.values()].reduce((sum, time) => sum + time, 0);
  const share = (time: number): string => `${((100 * time) / whole).toFixed(1).padStart(5)} %`;
  for (const [owner, time] of owners) console.log(`${share(time)}  ${owner}`);
  console.log('\nself times');
  for (const { name, place, owner, self } of listFunctions(tree).slice(0, top)) {
    console.log(`${share(self)}  ${owner.padEnd(9)} ${name} ${place}`);
  }
  console.log(`\nwritten: ${profileFile}, ${path}.svg`);
}

const [scenario = '', other] = positionals;
if (other !== undefined) refuse(`one scenario is profiled at a time: ${scenario} or ${other}`);
const found = SCENARIOS[scenario];
if (found === undefined) {
  console.error(`npm run profile -- ${Object.keys(SCENARIOS).join(' | ')}`);
  process.exitCode = 2;
} else {
  await profile(scenario, found);
}

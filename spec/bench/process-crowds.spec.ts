/** The other process benches work at all, and say what became of a server that does not. */
import { join } from 'node:path';
import t from 'tap';
import { bun } from '../../bench/process/contenders.ts';
import {
  broadcast,
  eventFanOut,
  handshakes,
  idleMemory,
  requests,
} from '../../bench/process/scenarios.ts';
import { type Contender, ServerProcess } from '../../bench/process/server-process.ts';
import {
  BARE_HANDLE,
  BAREWIRE,
  checkRow,
  measure,
  NODE_HTTP,
  WS,
  WS_OUR_SETTINGS,
} from '../support/bench.ts';

const RATES = ['handshakes /s', 'handshakes per CPU second /s'];
const ASKED = { connections: 3, requests: 30, bodyBytes: 20 };

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('broadcasts, handshakes, memory and events are measured', async (t) => {
  const both = ['barewire', 'ws'];
  const floor = 'bare handle';
  const crowd = [BAREWIRE, WS, BARE_HANDLE];
  checkRow(t, await measure(crowd, broadcast(5, 2, 2)), [...both, floor]);
  const packed = await measure([BAREWIRE, WS_OUR_SETTINGS], broadcast(5, 1, 2, { deflate: true }));
  checkRow(t, packed, ['barewire', 'ws, our settings'], ['on the wire, B']);
  for (const { parts } of packed.entries) t.ok(parts!['on the wire, B']! < 200);
  checkRow(t, await measure([BAREWIRE, WS], handshakes(40)), both, RATES);
  const events = [BAREWIRE, NODE_HTTP, BARE_HANDLE];
  checkRow(t, await measure(events, eventFanOut(3, 2)), ['barewire', 'node:http', floor]);
  checkRow(t, await measure(events, requests(ASKED)), ['barewire', 'node:http', floor]);
  const memory = await measure([BAREWIRE], idleMemory(20, true));
  t.equal(memory.entries[0]!.error, undefined);
  const bytes = memory.entries[0]!.parts!['on the wire, B']!;
  t.ok(bytes > 4 && bytes < 200, 'of a text of 200 B');
  const idle = await measure([BARE_HANDLE], idleMemory(20));
  t.equal(idle.entries[0]!.error, undefined, 'a floor holds connections, too');
});

t.test('broadcasts and handshakes are measured over TLS', async (t) => {
  const tls = { tls: true };
  checkRow(t, await measure([BAREWIRE, WS], broadcast(3, 1, 2, tls)), ['barewire', 'ws']);
  checkRow(t, await measure([BAREWIRE], handshakes(20, tls)), ['barewire'], RATES);
});

t.test('Bun serves what the others do', { skip: bun().length === 0 }, async (t) => {
  checkRow(t, await measure(bun(), eventFanOut(3, 2)), ['bun']);
  checkRow(t, await measure(bun(), requests(ASKED)), ['bun']);
});

t.test('a server that does not start is an error in its place, and the others go on', async (t) => {
  const broken: Contender = { name: 'broken', script: 'no-such-server.js', program: '/bin/false' };
  const row = await measure([BAREWIRE, broken], handshakes(20));
  t.equal(row.entries[0]!.samples.length, 1);
  t.match(row.entries[1], { samples: [], error: 'broken exited with 1' });
});

t.test('a server that is gone writes no profile, and nobody waits for it', async (t) => {
  const server = await ServerProcess.start({ ...BAREWIRE, profileFile: join(t.testdir(), 'p') });
  process.kill(server.pid, 'SIGKILL');
  await t.rejects(
    server.profiled(async () => undefined),
    { message: /take the profile again/ },
  );
  await server.stop();
});

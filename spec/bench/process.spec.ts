/** The process benches work at all: tiny loads on every server, and what comes of a broken one. */
import t, { type Test } from 'tap';
import { FrameCounter } from '../../bench/process/frame-counter.ts';
import type { EchoLoad } from '../../bench/process/load.ts';
import { measureRow } from '../../bench/process/measure.ts';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  idleMemory,
  type Measure,
} from '../../bench/process/scenarios.ts';
import type { Contender } from '../../bench/process/server-process.ts';
import { FULL, listWorkloads } from '../../bench/process/workloads.ts';
import type { Row } from '../../bench/support/report.ts';
import { chooseRows } from '../../bench/support/selection.ts';

const BAREWIRE: Contender = { name: 'barewire', script: 'barewire.js' };
const WS: Contender = { name: 'ws', script: 'ws.js' };
const NET: Contender = { name: 'net.Socket', script: 'net.js', isUnframed: true };
const NODE_HTTP: Contender = { name: 'node:http', script: 'node-http.js' };
const LOAD: EchoLoad = {
  payloadBytes: 300,
  connections: 2,
  inFlight: 3,
  messages: 60,
  kind: 'text',
};

async function measure(contenders: readonly Contender[], what: Measure): Promise<Row> {
  const seats = contenders.map((contender) => ({
    name: contender.name,
    contender,
    measure: what,
  }));
  return measureRow({ id: 'X', title: 'x', unit: 'ns', seats }, 1, () => {});
}

function checkRow(t: Test, row: Row, names: readonly string[]): void {
  t.same(
    row.entries.map(({ name }) => name),
    names,
  );
  for (const { name, error, samples, parts } of row.entries) {
    t.equal(error, undefined, `${name} does not fail`);
    t.equal(samples.length, 1);
    t.ok(samples[0]! >= 0 && Number.isFinite(samples[0]));
    if (parts !== undefined) t.same(Object.keys(parts), ['user', 'system', 'busy %']);
  }
}

t.test('echoes are measured on every server', async (t) => {
  checkRow(t, await measure([BAREWIRE, WS, NET], echo(LOAD)), ['barewire', 'ws', 'net.Socket']);
  const binary = echo({ ...LOAD, kind: 'binary', payloadBytes: 100_000 });
  checkRow(t, await measure([BAREWIRE, WS], binary), ['barewire', 'ws']);
});

t.test('echoes are measured over TLS, and compressed', async (t) => {
  for (const carriage of [{ tls: true }, { deflate: true }]) {
    checkRow(t, await measure([BAREWIRE, WS], echo(LOAD, carriage)), ['barewire', 'ws']);
  }
});

t.test('a server that does not compress is no contender for compressed echoes', async (t) => {
  const row = await measure([NET], echo(LOAD, { deflate: true }));
  t.match(row.entries[0]!.error, /wrong echo/);
});

t.test('broadcasts, handshakes, memory and events are measured', async (t) => {
  const both = ['barewire', 'ws'];
  checkRow(t, await measure([BAREWIRE, WS], broadcast(5, 2, 2)), both);
  checkRow(t, await measure([BAREWIRE, WS], broadcast(5, 1, 2, { deflate: true })), both);
  checkRow(t, await measure([BAREWIRE, WS], handshakes(40)), both);
  checkRow(t, await measure([BAREWIRE, NODE_HTTP], eventFanOut(3, 2)), ['barewire', 'node:http']);
  const memory = await measure([BAREWIRE], idleMemory(20, true));
  t.equal(memory.entries[0]!.error, undefined);
});

t.test('a server that does not start is an error in its place, and the others go on', async (t) => {
  const broken: Contender = { name: 'broken', script: 'no-such-server.js', program: '/bin/false' };
  const row = await measure([BAREWIRE, broken], handshakes(20));
  t.equal(row.entries[0]!.samples.length, 1);
  t.match(row.entries[1], { samples: [], error: 'broken exited with 1' });
});

t.test('a server of another byte count is noticed', async (t) => {
  const pretending = { ...NET, isUnframed: false };
  const row = await measure([pretending], echo(LOAD));
  t.match(row.entries[0]!.error, /wrong echo/);
});

t.test('frames are counted wherever the bytes are cut', (t) => {
  const stream = Buffer.concat([
    Buffer.from('8100', 'hex'),
    Buffer.from('c103aabbcc', 'hex'),
    Buffer.concat([Buffer.from('827e0100', 'hex'), Buffer.alloc(256)]),
    Buffer.concat([Buffer.from('827f0000000000010000', 'hex'), Buffer.alloc(65_536)]),
  ]);
  for (const step of [1, 2, 3, 7, 100, stream.length]) {
    const counter = new FrameCounter();
    let frames = 0;
    for (let at = 0; at < stream.length; at += step) {
      frames += counter.push(stream.subarray(at, at + step));
    }
    t.equal(frames, 4, `in steps of ${step}`);
  }
  t.end();
});

t.test('every row of P1 – P10 but P4 and P5 is there, each found by its name', (t) => {
  const rows = listWorkloads(FULL);
  for (const id of ['P1', 'P2', 'P3', 'P6', 'P7', 'P8', 'P9', 'P10', 'TLS', 'DEFLATE']) {
    t.ok(chooseRows(rows, [id]).length > 0, id);
  }
  t.same(
    chooseRows(rows, ['p1']).map(({ id }) => id),
    ['P1'],
  );
  t.equal(chooseRows(rows, []).length, rows.length);
  t.same(chooseRows(rows, ['P11']), []);
  t.end();
});

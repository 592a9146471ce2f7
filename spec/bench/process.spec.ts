/** Echo benches work at all: tiny loads on every server. */
import t from 'tap';
import { FrameCounter } from '../../bench/process/frame-counter.ts';
import type { EchoLoad } from '../../bench/process/load.ts';
import { echo } from '../../bench/process/scenarios.ts';
import { FULL, listWorkloads } from '../../bench/process/workloads.ts';
import { chooseRows } from '../../bench/support/selection.ts';
import {
  BARE_HANDLE,
  BAREWIRE,
  checkRow,
  measure,
  NET,
  WS,
  WS_OUR_SETTINGS,
} from '../support/bench.ts';

const LOAD: EchoLoad = {
  payloadBytes: 300,
  connections: 2,
  inFlight: 3,
  messages: 60,
  kind: 'text',
};

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('echoes are measured on every server', async (t) => {
  const row = await measure([BAREWIRE, WS, NET, BARE_HANDLE], echo(LOAD));
  checkRow(t, row, ['barewire', 'ws', 'net.Socket', 'bare handle']);
  const binary = echo({ ...LOAD, kind: 'binary', payloadBytes: 100_000 });
  checkRow(t, await measure([BAREWIRE], binary), ['barewire']);
});

t.test('echoes are measured over TLS, and compressed', async (t) => {
  const overTls = await measure([BAREWIRE, WS], echo(LOAD, { tls: true }));
  checkRow(t, overTls, ['barewire', 'ws']);
  const names = ['barewire', 'ws', 'ws, our settings'];
  const packed = await measure([BAREWIRE, WS, WS_OUR_SETTINGS], echo(LOAD, { deflate: true }));
  checkRow(t, packed, names, ['on the wire, B']);
  for (const { parts } of packed.entries) {
    t.ok(parts!['on the wire, B']! < LOAD.payloadBytes);
    t.ok(parts!['on the wire, B']! > 4);
  }
});

t.test('a server that does not compress is no contender for compressed echoes', async (t) => {
  const row = await measure([NET], echo(LOAD, { deflate: true }));
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
  for (const id of [
    'P1',
    'P2',
    'P3',
    'P6',
    'P7',
    'P8',
    'P9',
    'P10',
    'HTTP',
    'TLS',
    'DEFLATE',
    'PATHS',
  ]) {
    t.ok(chooseRows(rows, [id]).length > 0, id);
  }
  t.same(
    chooseRows(rows, ['p1']).map(({ id }) => id),
    ['P1'],
  );
  const namesOf = (id: string): string[] =>
    chooseRows(rows, [id]).flatMap(({ seats }) => seats.map(({ name }) => name));
  t.ok(namesOf('P7a').includes('bare handle'));
  t.ok(namesOf('P6d').includes('ws, our settings'));
  t.equal(chooseRows(rows, []).length, rows.length);
  t.same(chooseRows(rows, ['P11']), []);
  t.end();
});

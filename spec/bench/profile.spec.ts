/** Profiles: the tree of calls, its sums, its picture, and the command. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import {
  buildCallTree,
  type CpuProfile,
  listFunctions,
  sumByOwner,
} from '../../bench/profile/call-tree.ts';
import { listCores } from '../../bench/profile/cores.ts';
import { doubtsOf } from '../../bench/profile/doubts.ts';
import { drawFlameGraph } from '../../bench/profile/flame-graph.ts';
import { growthByKind, type HeapSnapshot } from '../../bench/profile/heap.ts';
import { placeOf } from '../../bench/profile/places.ts';
import { describeCalls } from '../../bench/profile/report.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9, columnNumber: 0 },
  children,
});
const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 4]),
    node(2, '(idle)', ''),
    node(3, 'onStreamRead', 'node:internal/stream_base_commons', [5]),
    node(4, '(garbage collector)', ''),
    node(5, 'receive', 'file:///x/dist/lib/codec/frame-reader.js', [6, 7]),
    node(6, 'writeBuffer', ''),
    node(7, 'receive', 'file:///x/dist/lib/codec/frame-reader.js'),
  ],
  samples: [2, 3, 5, 6, 6, 7, 4],
  timeDeltas: [1000, 10, 20, 30, 30, 5, 5],
};

const SCRIPT = fileURLToPath(new URL('../../bench/profile.js', import.meta.url));

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('times add up from the samples, by function and by owner', (t) => {
  const tree = buildCallTree(PROFILE);
  t.equal(tree.total, 1100);
  t.match(listFunctions(tree).slice(0, 2), [
    { name: 'writeBuffer', owner: 'native', self: 60 },
    { name: 'receive', place: 'lib/codec/frame-reader.js:10', owner: 'ours', self: 25 },
  ]);
  t.same(Object.fromEntries(sumByOwner(tree)), {
    native: 60,
    ours: 25,
    streams: 10,
    collector: 5,
  });
  t.end();
});

t.test('a text says of how much of the CPU time its shares are', (t) => {
  const tree = buildCallTree(PROFILE);
  const describe = (busy: number): string =>
    describeCalls('echo', { value: 1, parts: { user: 1, system: 1, 'busy %': busy } }, tree, 2);
  // Of 1,100 µs the process was at work for 550, and the profiler saw 100 of them.
  t.match(describe(50), /^seen by the profiler: 18 % of it; the rest is idle to it\n\n 60\.0 %/m);
  t.match(describe(9), /^seen by the profiler: all of it$/m);
  t.notMatch(describeCalls('heads', { value: 1 }, tree, 2), /seen by/);
  t.end();
});

t.test('a profile that does not agree with the CPU time says that it is not to be trusted', (t) => {
  const of = (write: number, script: number, idle: number) =>
    buildCallTree({ ...PROFILE, samples: [6, 5, 2], timeDeltas: [write, script, idle] });
  const sample = (user: number, system: number) => ({
    value: user + system,
    parts: { user, system, 'busy %': 100 },
  });
  const plain = { isPlain: true, leastSeen: 0.8 };
  const right = of(400_000, 500_000, 100_000);
  t.same(doubtsOf(sample(55, 45), right, plain, true), []);
  t.match(doubtsOf(sample(55, 45), right, plain, false), [/^it had no core for itself/]);
  const allWrites = of(730_000, 10_000, 260_000);
  t.same(doubtsOf(sample(57, 43), allWrites, plain, true), [
    '74 % was seen, of at least 80 %',
    'writes seem to take 73 % of the time, and the kernel has taken 43 %',
    'script seems to take 1 % of the time, and user mode has taken 57 %',
  ]);
  t.same(doubtsOf(sample(57, 43), allWrites, {}, true), [], 'nothing is known of it');
  t.same(doubtsOf({ value: 1 }, allWrites, plain, true), [], 'nothing was counted');
  t.same(doubtsOf(sample(57, 43), of(730, 10, 260), plain, true), [], 'too short');
  const text = describeCalls('echo', sample(57, 43), allWrites, 2, ['so it is']);
  t.match(text, /^seen by .*\nDO NOT TRUST THIS PROFILE: so it is\n\n/m);
  t.same(listCores('0-2,5'), [0, 1, 2, 5]);
  t.end();
});

t.test('what a bench does around what it measures is left out, and WebAssembly is ours', (t) => {
  const work = node(1, 'spend', 'file:///x/dist/bench/profile/alone-worker.js', [2, 3, 5]);
  const others = [
    node(2, 'wasm-function[0]', 'wasm://wasm/8778360e'),
    node(3, 'prepare', 'file:///x/dist/bench/framing/cases.js', [4]),
    node(4, 'set', ''),
    node(5, 'cpuUsage', 'node:internal/process/per_thread'),
  ];
  const timeDeltas = [1, 10, 100, 1000, 10_000];
  const tree = buildCallTree({ nodes: [work, ...others], samples: [1, 2, 3, 4, 5], timeDeltas });
  t.same(Object.fromEntries(sumByOwner(tree)), { ours: 10, others: 1 });
  t.end();
});

t.test('a heap is what came for each connection, by constructor, without code', (t) => {
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size'],
    node_types: [['object', 'closure', 'code', 'string'], 'string', 'number', 'number'],
  };
  const strings = ['Peer', 'onData', 'secret', ''];
  const heap = (...nodes: number[][]): HeapSnapshot => ({
    snapshot: { meta },
    nodes: nodes.flat(),
    strings,
  });
  const peer = [0, 0, 1, 100];
  const before = heap(peer, [1, 1, 2, 64]);
  const after = heap(peer, peer, peer, [1, 1, 2, 64], [1, 1, 3, 64], [2, 1, 4, 500], [3, 2, 5, 24]);
  t.same(growthByKind(before, after, 2), [
    { name: 'Peer', count: 1, bytes: 100 },
    { name: '(closure) onData', count: 0.5, bytes: 32 },
    { name: '(string)', count: 0.5, bytes: 12 },
  ]);
  t.end();
});

t.test('a place in a bundle is one in the sources', (t) => {
  const map = {
    version: 3,
    sources: ['../../lib/codec/mask.ts'],
    names: [],
    // Its third line, from the first column on, is the sixth of the source.
    mappings: ';;AAKA',
  };
  const folder = t.testdir({ dist: { bundle: { 'chunk.js.map': JSON.stringify(map) } } });
  const at = (name: string, lineNumber: number): string =>
    placeOf({
      url: pathToFileURL(join(folder, 'dist/bundle', name)).href,
      lineNumber,
      columnNumber: 4,
    });
  t.equal(at('chunk.js', 2), 'lib/codec/mask.ts:6');
  t.equal(at('chunk.js', 0), 'bundle/chunk.js:1', 'nothing is said of this line');
  t.equal(at('other.js', 2), 'bundle/other.js:3', 'without a map');
  t.equal(placeOf({ url: '', lineNumber: -1, columnNumber: -1 }), '');
  const others = { url: 'file:///x/node_modules/debug/src/common.js', lineNumber: 65 };
  t.equal(placeOf({ ...others, columnNumber: 0 }), 'node_modules/debug/src/common.js:66');
  t.end();
});

t.test('the flame graph has a box for each call but the idle ones', (t) => {
  const svg = drawFlameGraph('echo <1>', buildCallTree(PROFILE));
  t.match(svg, 'echo &lt;1>');
  t.match(svg, '<title>writeBuffer: 0.1 ms, 60.0 %</title>');
  t.equal(svg.match(/<title>/g)!.length, 6, 'the root and five calls');
  t.notMatch(svg, /\(idle\)|NaN|<script/);
  t.end();
});

t.test('the README lists every scenario', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' });
  t.equal(status, 2);
  const readme = readFileSync(new URL('../../../bench/README.md', import.meta.url), 'utf8');
  const listed = /^npm run profile -- (\S+) +# ([^`]+?)\n```/m.exec(readme)!;
  const wanted = [listed[1]!, ...listed[2]!.split(/[\s,#]+/)];
  const known = stderr.trim().replace('npm run profile -- ', '').split(' | ');
  t.same(wanted.toSorted(), known.toSorted());
  t.end();
});

t.test('a scenario of many is profiled, too', (t) => {
  const args = [SCRIPT, 'broadcast-deflate', '--quick', '--into', t.testdir({})];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  t.match(stdout, /^broadcast-deflate, barewire: /m);
  t.end();
});

t.test('npm run profile writes a profile and its picture, and tells where time went', (t) => {
  const folder = t.testdir({});
  const args = [SCRIPT, 'echo', '--quick', '--into', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  const text = readFileSync(join(folder, 'echo.txt'), 'utf8');
  t.match(text, /^\d{4}-\d\d-\d\d, node v\S+(, commit .*)?: npm run profile -- echo --quick\n\n/);
  t.match(text, /^echo, barewire: .* of CPU per unit while profiled, user .*, system /m);
  t.match(text, /self times\n +\d+\.\d %/);
  t.ok(stdout.startsWith(text), 'it is printed, too');
  const profile = JSON.parse(readFileSync(join(folder, 'echo.cpuprofile'), 'utf8'));
  t.ok(profile.nodes.length > 10);
  t.match(readFileSync(join(folder, 'echo.svg'), 'utf8'), /^<svg/);
  t.equal(spawnSync(process.execPath, [SCRIPT, 'ecko']).status, 2);
  t.end();
});

t.test('what needs no server is profiled alone', (t) => {
  for (const [scenario, server] of [
    ['decode-short', 'barewire'],
    ['encode-short', 'ws'],
    ['heads', 'node-http'],
  ] as const) {
    const args = [SCRIPT, scenario, '--server', server, '--quick', '--into', t.testdir({})];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    t.equal(status, 0, stderr);
    t.match(stdout, new RegExp(`^${scenario}, ${server}: \\d.* of CPU per unit`, 'm'));
  }
  t.end();
});

t.test('the heap of idle connections is told by constructor', (t) => {
  const folder = t.testdir({});
  const args = [SCRIPT, 'idle', '--quick', '--into', folder];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  const text = readFileSync(join(folder, 'idle.txt'), 'utf8');
  t.match(text, /^ +\d+ +\d\.\d\d {2}WebSocketPeer$/m);
  t.end();
});

t.test('npm run profile refuses what it would not look at', (t) => {
  const script = fileURLToPath(new URL('../../bench/profile.js', import.meta.url));
  for (const [line, what] of [
    [['echo', 'burst'], /^one scenario is profiled at a time: echo or burst\n$/],
    [['echo', '--top', 'abc'], /^--top takes a whole number above zero, not abc\n$/],
    [['echo', '--into', '/dev/null'], /^--into cannot be written: .*\n$/],
    [['echo', '--server', 'node-http'], /^echo is nothing that node-http does: there are .*\n$/],
    [['events', '--server', 'net'], /^events is nothing that net does: there are .*\n$/],
    [['echo', '--server', 'x'], /^no server is called x: there are barewire, .*\n$/],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...line], {
      encoding: 'utf8',
    });
    t.equal(status, 2);
    t.match(stderr, what);
    t.equal(stdout, '');
  }
  t.end();
});

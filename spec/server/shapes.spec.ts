/** The objects of later connections are kept well by V8, whatever became of the first ones. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { needsFastPath } from '../support/fast-paths.ts';

/** Of each class of a server, the objects that ten connections have at least. */
const CLASSES = [
  ...(['SocketPump', 'HttpConnection', 'RequestInput', 'RequestReader', 'Exchange'] as const),
  ...(['WebSocketPeer', '#Wiring', 'PeerOutput', 'Connection', 'ConnectionInput'] as const),
  ...(['ConnectionOutput', 'MessageAssembler', 'MessageSender', 'Outbox', 'FrameParser'] as const),
  ...(['PumpTransport'] as const),
];

const COUNTS = ['2', '3', '4', '5', '6'];

/** Classes that are used without a server, and what their objects are built from. */
const ALONE: Record<string, readonly string[]> = {
  Connection: ['Connection', 'ConnectionInput', 'ConnectionOutput'],
  MessageReader: ['MessageAssembler', 'FrameParser'],
  RequestReader: ['RequestReader'],
  ResponseReader: ['ResponseReader'],
  EventStreamReader: ['EventStreamReader'],
  Http2Transport: ['Http2Transport'],
  WebSocket: ['WebSocket'],
  EventSource: ['EventSource'],
};

type Found = Record<string, readonly [all: number, outside: number]>;

/** Of each class, the objects that a program has, and those of them with fields outside. */
function look(program: string, args: readonly string[], paths?: string): Found {
  const path = fileURLToPath(new URL(`../support/${program}`, import.meta.url));
  const env = paths === undefined ? process.env : { ...process.env, BAREWIRE_FAST_PATHS: paths };
  const flags = ['--expose-gc', path, ...args];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', env });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Found;
}

function check(t: Test, found: Found, classes: readonly string[]): void {
  for (const name of classes) {
    const [all, outside] = found[name] ?? [0, 0];
    t.ok(all >= 10, `${all} × ${name}`);
    // A prototype may have some.
    t.ok(outside < 2, `of ${all} × ${name}, ${outside} have fields outside`);
  }
  t.end();
}

const needed = needsFastPath('shapes');

for (const count of COUNTS) {
  t.test(`${count} short connections, collected, spoil no object of later ones`, needed, (t) => {
    check(t, look('shape-child.js', [count]), CLASSES);
  });
}

for (const [name, classes] of Object.entries(ALONE)) {
  t.test(`the first objects of ${name}, collected, spoil no later one`, needed, (t) => {
    check(t, look('shape-alone.js', [name, '6']), classes);
  });
}

t.test('without this care each of them is spoilt by some number of short connections', (t) => {
  const served = COUNTS.map((count) => look('shape-child.js', [count], '-shapes'));
  const alone = Object.keys(ALONE).map((name) => look('shape-alone.js', [name, '6'], '-shapes'));
  for (const name of [...CLASSES, ...Object.values(ALONE).flat()]) {
    const isSpoilt = [...served, ...alone].some((found) => (found[name]?.[1] ?? 0) >= 10);
    t.ok(isSpoilt, name);
  }
  t.end();
});

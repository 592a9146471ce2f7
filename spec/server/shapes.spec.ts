/** The objects of later connections are kept well by V8, whatever became of the first ones. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

/** Of each class of a server, the objects that ten connections have at least. */
const CLASSES = [
  ...(['SocketPump', 'HttpConnection', 'RequestInput', 'RequestReader', 'Exchange'] as const),
  ...(['WebSocketPeer', '#Wiring', 'PeerOutput', 'Connection', 'ConnectionInput'] as const),
  ...(['ConnectionOutput', 'MessageAssembler', 'MessageSender', 'Outbox', 'FrameParser'] as const),
  ...(['PumpTransport'] as const),
];

/** Classes that are used without a server, and what their objects are built from. */
const ALONE: Record<string, readonly string[]> = {
  Connection: ['Connection', 'ConnectionInput', 'ConnectionOutput', 'MessageAssembler'],
  RequestReader: ['RequestReader'],
  ResponseReader: ['ResponseReader'],
  EventStreamReader: ['EventStreamReader'],
  Http2Transport: ['Http2Transport'],
};

/** None of the objects that a program keeps may have fields outside. */
function check(t: Test, program: string, args: string[], classes: readonly string[]): void {
  const path = fileURLToPath(new URL(`../support/${program}`, import.meta.url));
  const flags = ['--expose-gc', path, ...args];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  const found = JSON.parse(stdout || '{}') as Record<string, [all: number, outside: number]>;
  for (const name of classes) {
    const [all, outside] = found[name] ?? [0, 0];
    t.ok(all >= 10, `${all} × ${name} ${stderr}`);
    t.equal(outside, 0, `of ${all} × ${name}, ${outside} have fields outside`);
  }
  t.end();
}

for (const count of ['2', '3', '4', '5', '6']) {
  t.test(`${count} short connections, collected, spoil no object of later ones`, (t) => {
    check(t, 'shape-child.js', [count], CLASSES);
  });
}

for (const [name, classes] of Object.entries(ALONE)) {
  t.test(`the first objects of ${name}, collected, spoil no later one`, (t) => {
    check(t, 'shape-alone.js', [name, '6'], classes);
  });
}

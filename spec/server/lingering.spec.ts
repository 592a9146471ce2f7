import type { Duplex } from 'node:stream';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { Lingering } from '../../lib/server/lingering.ts';
import { resolveSettings } from '../../lib/server/server-settings.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

function setUp(tuning: object = {}): {
  pump: SocketPump;
  time: FakeTime;
  theirs: Duplex;
  seen: unknown[];
  linger: () => void;
} {
  const time = new FakeTime();
  const settings = resolveSettings({ time, lingerTimeoutMs: 2_000, ...tuning });
  const [ours, theirs] = duplexPair();
  theirs.on('error', () => undefined);
  const seen: unknown[] = [];
  const sink = { receive() {}, receiveEnd() {}, drained() {}, closed() {} };
  const pump = new SocketPump(ours, sink, { ...settings, wheel: new TimerWheel(time) });
  pump.start();
  const linger = (): void => {
    new Lingering(pump, settings, (end) => seen.push([end, pump.hasLostOutput]));
  };
  return { pump, time, theirs, seen, linger };
}

t.test('ends our side and reads until the peer has ended its own', async (t) => {
  const { pump, theirs, seen, linger } = setUp();
  pump.writeText('last', 'latin1');
  linger();
  theirs.write(Buffer.alloc(500_000));
  theirs.end('the rest of an upload');
  theirs.resume();
  await eventually(() => seen.length === 1);
  t.same(seen, [['ended', false]]);
});

t.test('waits for a bounded time', async (t) => {
  const { time, seen, theirs, linger } = setUp();
  linger();
  theirs.resume();
  await new Promise((next) => setImmediate(next));
  time.advance(1_800);
  t.same(seen, []);
  time.advance(400);
  await eventually(() => seen.length === 1);
  t.same(seen, [['ended', false]]);
});

t.test('gives a slow upload time to see its answer, but not for ever', async (t) => {
  const { time, seen, theirs, linger } = setUp({ maxLingerMs: 10_000 });
  linger();
  theirs.resume();
  await new Promise((next) => setImmediate(next));
  for (let passedMs = 0; passedMs < 9_500; passedMs += 1_500) {
    t.same(seen, [], `${passedMs} ms`);
    theirs.write('still sending');
    await new Promise((next) => setImmediate(next));
    time.advance(1_500);
    await new Promise((next) => setImmediate(next));
  }
  await eventually(() => seen.length === 1);
  t.same(seen, [['ended', false]]);
});

t.test('reads a bounded number of bytes', async (t) => {
  const { seen, theirs, linger } = setUp();
  linger();
  theirs.resume();
  for (let count = 0; count < 40 && seen.length === 0; count += 1) {
    theirs.write(Buffer.alloc(1_000_000));
    await new Promise((next) => setImmediate(next));
  }
  await eventually(() => seen.length === 1);
  t.same(seen, [['ended', false]]);
});

t.test('reads as many bytes as it is told', async (t) => {
  const { seen, theirs, linger } = setUp({ maxLingerBytes: 1_000 });
  linger();
  theirs.resume();
  theirs.write(Buffer.alloc(1_000));
  await new Promise((next) => setImmediate(next));
  t.same(seen, []);
  theirs.write('x');
  await eventually(() => seen.length === 1);
  t.same(seen, [['ended', false]]);
});

t.test('begins to wait when the last byte has left, and tells when it never did', async (t) => {
  const { pump, time, seen, linger } = setUp();
  pump.write(Buffer.alloc(400_000));
  linger();
  await new Promise((next) => setImmediate(next));
  time.advance(20_000);
  t.same(seen, [], 'the write deadline is longer');
  time.advance(15_000);
  await eventually(() => seen.length === 1);
  t.same(seen, [['write-timeout', true]]);
});

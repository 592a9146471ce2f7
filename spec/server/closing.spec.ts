import { Duplex, PassThrough } from 'node:stream';
import t from 'tap';
import { Acceptor } from '../../lib/server/acceptor.ts';
import { TimerWheel } from '../../lib/server/clock.ts';
import { resolveClosing, untilEveryoneLeft } from '../../lib/server/closing.ts';
import { FakeTime } from '../support/fake-time.ts';

function setUp(connections: number): {
  acceptor: Acceptor;
  time: FakeTime;
  wheel: TimerWheel;
  streams: PassThrough[];
} {
  const time = new FakeTime();
  const wheel = new TimerWheel(time);
  const acceptor = new Acceptor(
    {
      maxConnections: 9,
      maxConnectionsPerAddress: 9,
      sharedReadBuffer: false,
      directWrites: false,
      headTimeoutMs: 10_000,
      wheel,
    },
    () => undefined,
  );
  const streams = Array.from({ length: connections }, () => new PassThrough());
  for (const stream of streams) acceptor.serve(stream, false);
  return { acceptor, time, wheel, streams };
}

t.test('is over at once when nobody is there', async (t) => {
  const { acceptor, wheel } = setUp(0);
  t.same(await untilEveryoneLeft(acceptor, wheel, 1_000, () => undefined), { cut: 0 });
  t.equal(wheel.length, 0);
});

t.test('waits for those who leave in time', async (t) => {
  const { acceptor, wheel, streams } = setUp(2);
  const over = untilEveryoneLeft(acceptor, wheel, 1_000, () => undefined);
  for (const stream of streams) stream.destroy();
  t.same(await over, { cut: 0 });
  t.equal(wheel.length, 0);
});

t.test(
  'throws out who is there at the deadline, and keeps the process alive until then',
  async (t) => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { acceptor, wheel, time, streams } = setUp(3);
    const over = untilEveryoneLeft(acceptor, wheel, 1_000, () => undefined);
    t.equal(timers(), before + 1);
    streams[0]!.destroy();
    await new Promise((next) => setImmediate(next));
    time.advance(900);
    t.equal(acceptor.open, 2);
    time.advance(500);
    t.ok(streams.every(({ destroyed }) => destroyed));
    t.same(await over, { cut: 2 });
    t.equal(timers(), before);
  },
);

t.test('takes times from the call before those of the server, and none that cannot be', (t) => {
  const settings = { shutdownTimeoutMs: 10_000, closeSpreadMs: 500 };
  t.strictSame(resolveClosing({}, settings), { deadlineMs: 10_000, spreadMs: 500 });
  t.strictSame(resolveClosing({ deadlineMs: 9, spreadMs: 8 }, settings), {
    deadlineMs: 9,
    spreadMs: 8,
  });
  t.strictSame(resolveClosing({ deadlineMs: 7, spreadMs: 8 }, settings), {
    deadlineMs: 7,
    spreadMs: 7,
  });
  for (const bad of [-1, 1.5, Number.NaN, '5', Number.POSITIVE_INFINITY]) {
    const options = { spreadMs: bad as number };
    t.throws(() => resolveClosing(options, settings), { code: 'invalid-option' }, String(bad));
  }
  t.end();
});

t.test('breaks off at the deadline what is to be cut otherwise, and counts it', async (t) => {
  const { acceptor, wheel, time, streams } = setUp(2);
  const told: unknown[] = [];
  const over = untilEveryoneLeft(acceptor, wheel, 1_000, () => {
    told.push(streams.map(({ destroyed }) => destroyed));
    streams[0]!.destroy();
  });
  time.advance(1_400);
  t.same(await over, { cut: 2 });
  t.same(told, [[false, false]]);
});

t.test('does not wait for what does not close when it is destroyed', async (t) => {
  const { acceptor, wheel, time } = setUp(1);
  acceptor.serve(new Duplex({ read: () => undefined, destroy: () => undefined }), false);
  let result: unknown;
  void untilEveryoneLeft(acceptor, wheel, 1_000, () => undefined).then((closed) => {
    result = closed;
  });
  time.advance(1_400);
  for (let turn = 0; turn < 3; turn += 1) await new Promise((next) => setImmediate(next));
  t.equal(result, undefined, 'others may take a moment');
  t.equal(acceptor.open, 1);
  time.advance(1_400);
  await new Promise((next) => setImmediate(next));
  t.same(result, { cut: 2 });
  t.equal(wheel.length, 0);
});

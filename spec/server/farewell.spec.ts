import { connectWebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { sayGoodbye } from '../../lib/server/farewell.ts';
import { FakeTime } from '../support/fake-time.ts';
import { serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

/** Peers that note when they are told. */
function crowd(count: number): {
  time: FakeTime;
  wheel: TimerWheel;
  told: number[];
  peers: (WebSocketPeer & { isOpen: boolean })[];
} {
  const time = new FakeTime();
  const startMs = time.now();
  const told: number[] = [];
  const peers = Array.from({ length: count }, () => ({
    isOpen: true,
    close(code: number, reason: string) {
      if (code !== 1001 || reason !== 'server closes') throw new Error('another goodbye');
      told.push(time.now() - startMs);
    },
  }));
  return { time, wheel: new TimerWheel(time), told, peers: peers as never };
}

t.test('tells everybody at once when nothing is to be spread', (t) => {
  const { wheel, told, peers } = crowd(5);
  sayGoodbye(peers, wheel, 0);
  t.strictSame(told, [0, 0, 0, 0, 0]);
  t.equal(wheel.length, 0);
  sayGoodbye([], wheel, 0);
  sayGoodbye([], wheel, 1_000);
  t.equal(wheel.length, 0);
  t.end();
});

t.test('spreads evenly: the first at once, the last when the time is over', (t) => {
  const { time, wheel, told, peers } = crowd(1_000);
  sayGoodbye(peers, wheel, 10_000);
  t.equal(told.length, 1);
  let worst = 0;
  for (let passed = 100; passed <= 10_000; passed += 100) {
    time.advance(100);
    worst = Math.max(worst, Math.abs(told.length - passed / 10));
  }
  t.ok(worst <= 20, `${worst} too many or too few: no more than two ticks`);
  time.advance(200);
  t.equal(told.length, 1_000);
  t.equal(wheel.length, 0);
  const perSecond = Array.from(
    { length: 9 },
    (_none, second) => told.filter((at) => Math.floor(at / 1_000) === second).length,
  );
  t.ok(
    perSecond.every((count) => count > 70 && count < 130),
    `${perSecond}`,
  );
  t.end();
});

t.test('passes over those who have left, and catches up after a sleep', (t) => {
  const { time, wheel, told, peers } = crowd(4);
  sayGoodbye(peers, wheel, 4_000);
  peers[1]!.isOpen = false;
  time.advance(2_500);
  t.equal(told.length, 2);
  time.sleep(60_000);
  t.equal(told.length, 3);
  t.equal(wheel.length, 0);
  t.end();
});

t.test(
  'a closing server serves whoever waits for its turn, and cuts at the deadline',
  async (t) => {
    const { server, port, time } = await serve(t, {
      websocket: { message: (peer, data) => peer.send(data) },
      request: () => undefined,
    });
    const clients: WebSocketPeer[] = [];
    const ends: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      const client = await connectWebSocket(`ws://127.0.0.1:${port}/`);
      clients.push(client);
      if (name !== 'third') void client.closed.then(({ code }) => ends.push(`${name} ${code}`));
    }
    const [first, second, third] = clients;
    first!.attach({});
    const closing = server.close({ deadlineMs: 9_000, spreadMs: 3_000 });
    t.match(await first!.closed, { code: 1001, reason: 'server closes', closedBy: 'peer' });
    const echo = second![Symbol.asyncIterator]();
    second!.send('still here');
    t.strictSame(await echo.next(), { value: 'still here', done: false });
    t.strictSame(ends, ['first 1001']);
    time.advance(1_500);
    t.equal((await echo.next()).done, true);
    await second!.closed;
    t.strictSame(ends, ['first 1001', 'second 1001']);
    await eventually(() => server.stats().openConnections === 1);
    // The third is told, does not read, and never answers.
    time.advance(8_000);
    t.strictSame(await closing, { cut: 1 });
    third!.terminate();
  },
);

import { mock } from 'node:test';
import { IntervalTicker, systemTicker } from 'barewire/peer';
import t from 'tap';
import { clockOf } from '../../lib/peer/ticker.ts';

t.test('ticks its members with the time, and only them', (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const ticker = new IntervalTicker();
  const ticks: string[] = [];
  const [left, right] = ['left', 'right'].map((name) => ({ tick: () => ticks.push(name) }));
  ticker.add(left!);
  ticker.add(right!);
  mock.timers.tick(1000);
  ticker.delete(left!);
  mock.timers.tick(1000);
  t.strictSame(ticks, ['left', 'right', 'right']);
  ticker.delete(right!);
  mock.timers.tick(5000);
  t.equal(ticks.length, 3);
  t.end();
});

t.test('has one timer for those who come and go, which ends when nobody is left', (t) => {
  const timers = new Map<object, () => void>();
  const begin = (due: () => void): object => {
    const timer = { unref: () => timer };
    timers.set(timer, due);
    return timer;
  };
  const begun = t.capture(globalThis, 'setInterval', begin as never);
  t.capture(globalThis, 'clearInterval', ((timer: object) => timers.delete(timer)) as never);
  const tick = (): void => {
    for (const due of timers.values()) due();
  };
  const ticker = new IntervalTicker();
  let ticks = 0;
  const member = { tick: () => (ticks += 1) };
  for (let times = 0; times < 3; times += 1) {
    ticker.add(member);
    ticker.delete(member);
  }
  t.equal(begun().length, 1);
  tick();
  t.equal(timers.size, 0);
  ticker.add(member);
  t.equal(begun().length, 1, 'and begins anew');
  tick();
  t.equal(ticks, 1);
  t.equal(timers.size, 1);
  t.end();
});

t.test('has a clock that does not go back', (t) => {
  const before = systemTicker.now();
  t.ok(systemTicker.now() >= before);
  t.end();
});

t.test('lends each ticker its clock as one function', (t) => {
  const ticker = { time: 7, now: () => ticker.time, add: () => undefined, delete: () => undefined };
  const clock = clockOf(ticker);
  t.equal(clock(), 7);
  ticker.time = 8;
  t.equal(clock(), 8);
  t.equal(clockOf(ticker), clock, 'the same for everybody');
  t.not(clockOf(systemTicker), clock);
  t.end();
});

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

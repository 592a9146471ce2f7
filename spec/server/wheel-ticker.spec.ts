import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { WheelTicker } from '../../lib/server/wheel-ticker.ts';
import { FakeTime } from '../support/fake-time.ts';

t.test('ticks its members about once a second, and only while there are some', (t) => {
  const time = new FakeTime();
  const wheel = new TimerWheel(time);
  const ticker = new WheelTicker(wheel);
  const ticks: number[] = [];
  const member = { tick: (now: number) => void ticks.push(now) };
  ticker.add(member);
  t.equal(wheel.length, 1);
  time.advance(10_000);
  t.ok(ticks.length >= 8 && ticks.length <= 10, `${ticks.length} ticks`);
  t.ok(ticks.at(-1)! <= ticker.now());
  ticker.delete(member);
  t.equal(wheel.length, 0);
  ticks.length = 0;
  time.advance(10_000);
  t.same(ticks, []);
  t.end();
});

t.test('lets members leave and come while it ticks', (t) => {
  const time = new FakeTime();
  const ticker = new WheelTicker(new TimerWheel(time));
  const seen: string[] = [];
  const second = { tick: () => void seen.push('second') };
  const first = {
    tick: (): void => {
      seen.push('first');
      ticker.delete(first);
      ticker.delete(second);
    },
  };
  ticker.add(first);
  ticker.add(second);
  time.advance(5_000);
  t.same(seen, ['first']);
  ticker.add(second);
  time.advance(1_500);
  t.same(seen, ['first', 'second']);
  t.end();
});

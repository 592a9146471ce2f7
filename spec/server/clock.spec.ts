import { SYSTEM_TIME } from 'barewire/server';
import t from 'tap';
import { Deadline, TimerWheel } from '../../lib/server/clock.ts';
import { FakeTime } from '../support/fake-time.ts';

function setUp(): { time: FakeTime; wheel: TimerWheel; fired: string[]; make: MakeDeadline } {
  const time = new FakeTime();
  const wheel = new TimerWheel(time);
  const fired: string[] = [];
  const make: MakeDeadline = (name) => new Deadline(wheel, name, (owner) => fired.push(owner));
  return { time, wheel, fired, make };
}
type MakeDeadline = (name: string) => Deadline<string>;

t.test('fires once, not early, and within a second', (t) => {
  for (const delay of [0, 1, 127, 128, 129, 5_000, 65_536, 65_537, 600_000]) {
    const { time, fired, make } = setUp();
    make('a').setIn(delay);
    time.advance(delay - 1);
    t.same(fired, [], `nothing ${delay} ms too early`);
    time.advance(1_000);
    t.same(fired, ['a']);
    time.advance(200_000);
    t.same(fired, ['a'], 'and only once');
  }
  t.end();
});

t.test('moves a deadline to later and to earlier', (t) => {
  const { time, fired, make, wheel } = setUp();
  const deadline = make('a');
  deadline.setIn(1_000);
  deadline.setIn(100_000);
  time.advance(99_000);
  t.same(fired, []);
  deadline.setIn(200);
  t.equal(wheel.length, 1);
  time.advance(400);
  t.same(fired, ['a']);
  t.equal(deadline.isSet, false);
  t.end();
});

t.test('forgets a cleared deadline', (t) => {
  const { time, fired, make, wheel } = setUp();
  const deadline = make('a');
  deadline.clear();
  deadline.setIn(1_000);
  deadline.setIn(Number.POSITIVE_INFINITY);
  t.equal(wheel.length, 0);
  time.advance(100_000);
  t.same(fired, []);
  deadline.setIn(1_000);
  time.advance(2_000);
  t.same(fired, ['a'], 'and can be set again');
  t.end();
});

t.test('lets one deadline set, move and clear others while it fires', (t) => {
  const { time, wheel, fired, make } = setUp();
  const victim = make('victim');
  const moved = make('moved');
  const killer = new Deadline(wheel, 'killer', (owner) => {
    fired.push(owner);
    victim.clear();
    moved.setIn(10_000);
    killer.setIn(0);
  });
  killer.setIn(500);
  victim.setIn(500);
  moved.setIn(500);
  time.advance(640);
  t.same(fired, ['killer']);
  killer.clear();
  time.advance(20_000);
  t.same(fired, ['killer', 'moved']);
  t.end();
});

t.test('catches up after the machine has slept', (t) => {
  const { time, fired, make } = setUp();
  make('soon').setIn(300);
  make('late').setIn(3_600_000);
  time.sleep(1_800_000);
  t.same(fired, ['soon']);
  time.sleep(1_900_000);
  t.same(fired, ['soon', 'late']);
  t.end();
});

t.test('runs a timer only while a deadline is set', (t) => {
  const { time, make } = setUp();
  t.equal(time.tickers, 0);
  make('a').setIn(1_000);
  make('b').setIn(2_000);
  t.equal(time.tickers, 1);
  time.advance(10_000);
  t.equal(time.tickers, 0);
  make('c').setIn(1_000);
  t.equal(time.tickers, 1);
  t.end();
});

t.test('does not keep the process alive', async (t) => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const stop = SYSTEM_TIME.startTicking(60_000, () => undefined);
  const during = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  t.equal(during, before, 'the timer is not referenced');
  stop();
  t.ok(SYSTEM_TIME.now() >= 0);
  t.ok(Math.abs(SYSTEM_TIME.epochNow() - Date.now()) < 1_000);
});

t.test('keeps the other deadlines when one throws', (t) => {
  const { time, wheel, fired, make } = setUp();
  make('before').setIn(500);
  const bad = new Deadline(wheel, undefined, () => {
    throw new Error('the owner');
  });
  bad.setIn(500);
  make('after').setIn(500);
  make('later').setIn(65_600);
  t.throws(() => time.advance(640), { message: 'the owner' });
  t.same(fired, ['before']);
  time.advance(129);
  t.same(fired, ['before', 'after'], 'with the next tick');
  time.advance(65_600);
  t.same(fired, ['before', 'after', 'later']);
  t.equal(wheel.length, 0);
  t.equal(time.tickers, 0);
  t.end();
});

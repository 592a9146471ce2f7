import { mock } from 'node:test';
import { systemAlarm } from 'barewire/peer';
import t from 'tap';

t.test('goes off once, unless it is called off, and never at Infinity', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const log: string[] = [];
  systemAlarm(10, () => log.push('due'));
  systemAlarm(10, () => log.push('called off'))();
  const callOff = systemAlarm(Number.POSITIVE_INFINITY, () => log.push('never'));
  mock.timers.tick(9);
  t.strictSame(log, []);
  mock.timers.tick(1_000_000);
  t.strictSame(log, ['due']);
  callOff();
  t.end();
});

t.test('takes more than a timer can hold for a long time, not for none', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  let isDue = false;
  const callOff = systemAlarm(2 ** 40, () => {
    isDue = true;
  });
  mock.timers.tick(2 ** 31 - 2);
  t.equal(isDue, false);
  mock.timers.tick(1);
  t.equal(isDue, true);
  callOff();
  t.end();
});

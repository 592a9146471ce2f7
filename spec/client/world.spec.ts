import t from 'tap';
import { SYSTEM_WORLD } from '../../lib/client/world.ts';

t.test('is the system: unpredictable bytes, lots, a clock that does not go back', (t) => {
  t.equal(SYSTEM_WORLD.randomBytes(16).length, 16);
  t.notSame(SYSTEM_WORLD.randomBytes(16), SYSTEM_WORLD.randomBytes(16));
  const lot = SYSTEM_WORLD.random();
  t.ok(lot >= 0 && lot < 1);
  const before = SYSTEM_WORLD.now();
  t.ok(SYSTEM_WORLD.now() >= before);
  t.equal(Object.isFrozen(SYSTEM_WORLD), true);
  t.end();
});

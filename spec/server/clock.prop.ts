import t from 'tap';
import { Deadline, TimerWheel } from '../../lib/server/clock.ts';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

class Loud extends Error {}

/** Some are due in the same slot. */
const delay = fc.oneof(fc.nat(150_000), fc.constantFrom(0, 1_000, 1_001));
const action = fc.oneof(
  fc.record({ kind: fc.constant('set'), which: fc.nat(5), ms: delay }),
  fc.record({ kind: fc.constant('clear'), which: fc.nat(5), ms: fc.constant(0) }),
  fc.record({ kind: fc.constant('advance'), which: fc.constant(0), ms: fc.nat(80_000) }),
  fc.record({ kind: fc.constant('sleep'), which: fc.constant(0), ms: fc.nat(200_000) }),
);

t.test('fires what a list of times would fire, never early and at most one tick late', (t) => {
  let thrown = 0;
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 30, size: 'max' }),
      fc.boolean(),
      (actions, isLoud) => {
        const time = new FakeTime();
        const wheel = new TimerWheel(time);
        const oracle = new Map<number, number>();
        const deadlines = Array.from(
          { length: 6 },
          (_, index) =>
            new Deadline(wheel, index, (owner) => {
              const dueAt = oracle.get(owner);
              if (dueAt === undefined || dueAt > time.now()) throw new Error('early or not set');
              oracle.delete(owner);
              // What one throws takes no other with it.
              if (isLoud && owner === 0) throw new Loud();
            }),
        );
        let loudAt = 0;
        const quietly = (pass: () => void): void => {
          try {
            pass();
          } catch (error) {
            if (!(error instanceof Loud)) throw error;
            thrown += 1;
            loudAt = time.now();
          }
        };
        for (const { kind, which, ms } of actions) {
          if (kind === 'set') {
            deadlines[which]!.setIn(ms);
            oracle.set(which, time.now() + ms);
          } else if (kind === 'clear') {
            deadlines[which]!.clear();
            oracle.delete(which);
          } else if (kind === 'advance') {
            const end = time.now() + ms;
            // A tick that throws ends what the clock does for it, and nothing else.
            while (time.now() < end) quietly(() => time.advance(end - time.now()));
          } else {
            quietly(() => time.sleep(ms));
          }
          for (const dueAt of oracle.values()) {
            if (kind === 'advance' && Math.max(dueAt, loudAt) + 256 < time.now())
              throw new Error('late');
          }
          if (wheel.length !== oracle.size) throw new Error('the count is wrong');
        }
      },
    ),
    runs(500),
  );
  t.ok(thrown > 20, `${thrown} deadlines threw`);
  t.end();
});

/** The law of waiting before the next attempt: by lot, and never out of its bounds. */
import assert from 'node:assert/strict';
import t from 'tap';
import { Backoff } from '../../lib/client/backoff.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

t.test('law: spreads clients that were lost at the same time, whatever the lots', (t) => {
  const options = fc.record({
    minDelayMs: fc.integer({ min: 1, max: 5000 }),
    wider: fc.integer({ min: 0, max: 100_000 }),
    lots: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      maxLength: 40,
    }),
  });
  fc.assert(
    fc.property(options, ({ minDelayMs, wider, lots }) => {
      const maxDelayMs = minDelayMs + wider;
      const world = new FakeWorld();
      const backoff = new Backoff({ minDelayMs, maxDelayMs }, world);
      let before = minDelayMs;
      for (const lot of lots) {
        world.lot = lot;
        const delayMs = backoff.next()!;
        const widest = Math.min(maxDelayMs, before * 3);
        if (delayMs < minDelayMs || delayMs > widest || !Number.isInteger(delayMs)) return false;
        before = delayMs;
      }
      return true;
    }),
    runs(500),
  );
  t.pass('every delay is whole and in its range');
  t.end();
});

t.test('law: begins anew exactly when a connection has lasted, and gives up in time', (t) => {
  const seen = { lasted: 0, 'to the ms': 0, cut: 0, 'given up': 0 };
  const lot = 0.5;
  const attempt = fc.record({
    isOpened: fc.boolean(),
    // Around the time that makes it last, and exactly that.
    openMs: fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: -2, max: 2 })),
  });
  const minDelayMs = fc.integer({ min: 1, max: 100 });
  const stableMs = fc.integer({ min: 3, max: 5000 });
  const most = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(
      minDelayMs,
      stableMs,
      most,
      fc.array(attempt, { maxLength: 20 }),
      (minDelayMs, stableMs, maxAttempts, attempts) => {
        const world = new FakeWorld();
        world.lot = lot;
        const backoff = new Backoff({ minDelayMs, stableMs, maxAttempts }, world);
        let [count, widest] = [0, minDelayMs];
        for (const { isOpened, openMs } of attempts) {
          const lastedMs = Math.max(0, openMs[0] * stableMs + openMs[1]);
          if (isOpened) backoff.opened();
          world.advance(lastedMs);
          const hasLasted = isOpened && lastedMs >= stableMs;
          if (hasLasted) [count, widest] = [0, minDelayMs];
          if (isOpened) seen[hasLasted ? 'lasted' : 'cut'] += 1;
          if (isOpened && lastedMs === stableMs) seen['to the ms'] += 1;
          const isEnough = count >= maxAttempts;
          if (isEnough) seen['given up'] += 1;
          else {
            count += 1;
            const delayMs = minDelayMs + lot * (3 * widest - minDelayMs);
            widest = Math.min(Math.max(30_000, minDelayMs), Math.round(delayMs));
          }
          assert.equal(backoff.next(), isEnough ? undefined : widest);
          assert.equal(backoff.attempts, count);
        }
      },
    ),
    runs(300),
  );
  t.ok(Math.min(...Object.values(seen)) > 50, JSON.stringify(seen));
  t.end();
});

/** The law of waiting before the next attempt: by lot, and never out of its bounds. */
import fc from 'fast-check';
import t from 'tap';
import { Backoff } from '../../lib/client/backoff.ts';
import { FakeWorld } from '../support/fake-world.ts';
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

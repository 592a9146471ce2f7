import { UsageError } from 'barewire/base';
import t from 'tap';
import { Backoff, inRange } from '../../lib/client/backoff.ts';
import { FakeWorld } from '../support/fake-world.ts';

t.test('waits longer each time, by lot, between the shortest and the longest delay', (t) => {
  const delays = (lot: number): (number | undefined)[] => {
    const world = new FakeWorld();
    world.lot = lot;
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 2000 }, world);
    return Array.from({ length: 6 }, () => backoff.next());
  };
  t.strictSame(delays(0), [100, 100, 100, 100, 100, 100]);
  t.strictSame(delays(0.5), [200, 350, 575, 913, 1420, 2000]);
  t.strictSame(delays(0.999999), [300, 900, 2000, 2000, 2000, 2000]);
  t.end();
});

t.test('begins anew after a connection that lasted, and not after one that did not', (t) => {
  const world = new FakeWorld();
  const backoff = new Backoff({ minDelayMs: 100, stableMs: 5000 }, world);
  backoff.next();
  const second = backoff.next()!;
  backoff.opened();
  world.advance(4999);
  t.ok(backoff.next()! > second);
  t.equal(backoff.attempts, 3);
  backoff.opened();
  world.advance(5000);
  t.equal(backoff.next(), 200);
  t.equal(backoff.attempts, 1);
  // Being open counts once: an attempt that fails later was never open.
  world.advance(60_000);
  t.equal(backoff.next(), 350);
  t.equal(backoff.attempts, 2);
  t.end();
});

t.test('has had enough after so many attempts in a row', (t) => {
  const world = new FakeWorld();
  const backoff = new Backoff({ maxAttempts: 2, stableMs: 10 }, world);
  t.ok(backoff.next());
  t.ok(backoff.next());
  t.equal(backoff.next(), undefined);
  backoff.opened();
  world.advance(10);
  t.ok(backoff.next());
  t.equal(new Backoff({ maxAttempts: 0 }, world).next(), undefined);
  t.end();
});

t.test('refuses delays that no timer can hold, and what is no number', (t) => {
  const bad = [
    { minDelayMs: 0 },
    { minDelayMs: -1 },
    { minDelayMs: Number.NaN },
    { minDelayMs: '5' as never },
    { minDelayMs: 100, maxDelayMs: 99 },
    { maxDelayMs: 2 ** 31 },
    { stableMs: -1 },
    { maxAttempts: -1 },
    { maxAttempts: 1.5 },
    { maxAttempts: Number.NaN },
  ];
  for (const options of bad) {
    t.throws(() => new Backoff(options, new FakeWorld()), UsageError, JSON.stringify(options));
  }
  t.ok(new Backoff({ minDelayMs: 60_000 }, new FakeWorld()).next());
  t.throws(() => inRange('x', 11, 1, 10), { code: 'invalid-option', message: /x .* 1 to 10/ });
  t.end();
});

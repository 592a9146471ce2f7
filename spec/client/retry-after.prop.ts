/** Laws of Retry-After: what is said comes back in ms, and nonsense is nothing. */
import assert from 'node:assert/strict';
import { formatHttpDate } from 'barewire/http';
import t from 'tap';
import { readRetryAfter } from '../../lib/client/retry-after.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const epoch = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000);

t.test('law: seconds and dates come back in ms, and the past means now', (t) => {
  const law = fc.property(fc.maxSafeNat(), epoch, epoch, (seconds, atMs, nowMs) => {
    const few = seconds % 1e15;
    assert.equal(readRetryAfter(String(few), nowMs), few * 1000);
    assert.equal(readRetryAfter(`000${few % 1e12}`, nowMs), (few % 1e12) * 1000);
    assert.equal(readRetryAfter(formatHttpDate(atMs), nowMs), Math.max(0, atMs - nowMs));
  });
  fc.assert(law, runs(1000));
  t.pass('no counterexample');
  t.end();
});

t.test('law: any other text is nothing, or at least no time before now', (t) => {
  const date = epoch.map((atMs) => formatHttpDate(atMs));
  const torn = fc
    .tuple(date, fc.nat(30), fc.string({ unit: 'binary-ascii', maxLength: 3 }))
    .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length));
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789+-. ,eEx'), maxLength: 18 });
  const text = fc.oneof(torn, digits, fc.string({ unit: 'binary', maxLength: 20 }));
  let read = 0;
  const law = fc.property(text, epoch, (value, nowMs) => {
    const ms = readRetryAfter(value, nowMs);
    if (ms === undefined) return;
    read += 1;
    assert.ok(Number.isSafeInteger(ms) || ms <= 1e18, `${ms}`);
    assert.ok(ms >= 0);
    // Nothing but a whole number, or a date as long as one.
    assert.match(value, /^(\d{1,15}|[\x20-\x7e]{23,})$/);
  });
  fc.assert(law, runs(3000));
  t.ok(read > 50, `${read} make sense`);
  t.end();
});

/** What a reader hands over for keeps: no copy of it is made, so nobody may write there any more. */
import assert from 'node:assert/strict';
import { setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { concat } from '../support/frame-arbitraries.ts';
import { cuts, readPaused, settings } from '../support/frame-reading.ts';
import { runs } from '../support/laws.ts';

t.teardown(() => setMaskingStrategy('auto'));

t.test('gives for keeps only what was given away, and never touches it again', (t) => {
  const sizes = fc.oneof(
    fc.constantFrom(39, 40, 41, 1023, 1024, 1025, 3000, 66_000),
    fc.integer({ min: 1000, max: 1050 }),
  );
  const message = fc.record({ opcode: fc.constantFrom(1, 2), size: sizes, key: fc.nat() });
  const messages = fc.array(message, { minLength: 1, maxLength: 4 });
  const calls = fc.array(fc.nat(8), { maxLength: 2 });
  fc.assert(
    fc.property(
      messages,
      fc.boolean(),
      settings,
      cuts,
      calls,
      (plans, masked, { strategy, ...options }, offsets, pauses) => {
        setMaskingStrategy(strategy);
        const frames = plans.map(({ opcode, size, key }) => {
          const payload = Buffer.alloc(size, 'some bytes or other');
          return masked ? { opcode, payload, maskingKey: key } : { opcode, payload };
        });
        const role = masked ? 'server' : 'client';
        const rules = { role, ...options, maxFrameBytes: 70_000 } as const;
        const { log, changed } = readPaused(concat(frames), rules, offsets, new Set(pauses));
        const wanted = frames.map(({ payload }) => payload.toString('hex'));
        assert.deepEqual(
          log.frames.map(({ payload }) => payload),
          wanted,
        );
        assert.equal(log.misuse, undefined);
        assert.ok(!changed || options.ownsInput || options.givesInput, 'wrote to the input');
        if (!options.givesInput && pauses.length === 0) assert.equal(log.keptRanges, 0);
      },
    ),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

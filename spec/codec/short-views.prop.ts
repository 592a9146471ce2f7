/** The law of views: a view is the part that was asked for, whatever was viewed before. */
import assert from 'node:assert/strict';
import t from 'tap';
import { ShortViews } from '../../lib/codec/short-views.ts';
import { fc } from '../support/fast-check.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { runs } from '../support/laws.ts';

const MEMORIES = [
  Buffer.alloc(4_000, 1),
  Buffer.alloc(4_000, 2),
  Buffer.alloc(4_000, 3).subarray(9),
];
const memoryAt = (which: number): number => MEMORIES[which]!.byteOffset;

const ends = fc.oneof(fc.nat(20), fc.integer({ min: 2_040, max: 2_056 }), fc.nat(3_900));
const steps = fc.array(
  fc.record({
    which: fc.nat(MEMORIES.length - 1),
    start: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(50)),
    end: ends,
  }),
  { maxLength: 40, size: 'max' },
);

t.test('law: each view is what `subarray` gives, and is known while its memory is', (t) => {
  fc.assert(
    fc.property(steps, (list) => {
      const views = new ShortViews();
      let latest = -1;
      const given: { readonly which: number; readonly view: Buffer }[] = [];
      for (const { which, start, end } of list) {
        const memory = MEMORIES[which]!;
        const from = Math.min(start, end);
        const view = views.view(memory, from, end);
        const wanted = memory.subarray(from, end);
        assert.deepEqual(
          [view.buffer, view.byteOffset, view.length],
          [wanted.buffer, wanted.byteOffset, wanted.length],
        );
        given.push({ which, view });
        if (from === 0 && end <= 2_048) latest = which;
        // Whoever took another's for a part of the memory that is read to would read something else.
        for (const { which: other, view: old } of given) {
          if (views.has(old)) assert.deepEqual([other, old.byteOffset], [latest, memoryAt(latest)]);
        }
        assert.equal(views.has(wanted), false);
      }
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

passesPlainly(t, import.meta.url);

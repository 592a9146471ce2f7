/** The law of a queue: it is an array, and takes no more room than half as much again. */
import assert from 'node:assert/strict';
import t from 'tap';
import { Fifo } from '../../lib/base/fifo.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** So many are added, or taken away: more than are left where they are when they are gone. */
const step = fc.record({
  what: fc.constantFrom('push', 'push', 'shift', 'shift', 'clear'),
  count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 20, max: 90 })),
});

t.test('law: the same as an array', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const queue = new Fifo<number>();
      let array: number[] = [];
      let next = 0;
      for (const { what, count } of steps) {
        for (let times = 0; times < count; times += 1) {
          if (what === 'push') {
            queue.push(next);
            array.push(next);
            next += 1;
          } else if (what === 'shift') {
            assert.equal(queue.shift(), array.shift());
          } else {
            queue.clear();
            array = [];
          }
        }
        assert.deepEqual([...queue], array);
        assert.deepEqual(
          [queue.length, queue.first, queue.last],
          [array.length, array[0], array.at(-1)],
        );
      }
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import { SlidingWindow } from '../../lib/deflate/sliding-window.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const POOL = new DeflatePool();

t.test('is the end of everything pushed, whatever the pieces and however often packed', (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 200, maxLength: 700 }),
    fc.nat({ max: 5000 }).map((length) => new Uint8Array(length).fill(length)),
  );
  const step = fc.oneof(
    { weight: 5, arbitrary: piece },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 15 }),
      fc.array(step, { maxLength: 30, size: 'max' }),
      (bits, steps) => {
        const window = new SlidingWindow(bits, POOL);
        let all = Buffer.alloc(0);
        for (const bytes of steps) {
          if (bytes === null) window.pack();
          else {
            window.push(bytes, bytes.length);
            all = Buffer.concat([all, bytes]);
          }
          const expected = all.subarray(Math.max(0, all.length - 2 ** bits));
          if (!Buffer.concat(window.parts()).equals(expected)) return false;
          if (window.length !== expected.length || window.memoryBytes > 2 ** bits) return false;
        }
        return true;
      },
    ),
    runs(300),
  );
  t.pass('the same as slicing');
  t.end();
});

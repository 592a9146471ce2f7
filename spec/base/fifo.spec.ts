import { Fifo } from 'barewire/base';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';

t.test('is an array in all that it does', (t) => {
  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ what: fc.constant('push'), item: fc.nat(9) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant('shift'), item: fc.nat(9) }) },
      fc.record({ what: fc.constant('clear'), item: fc.nat(9) }),
    ),
    { maxLength: 400, size: 'max' },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      for (const { what, item } of all) {
        if (what === 'push') {
          fifo.push(item);
          array.push(item);
        } else if (what === 'shift') {
          if (fifo.shift() !== array.shift()) return false;
        } else {
          fifo.clear();
          array.length = 0;
        }
        const isSame = String([...fifo]) === String(array) && fifo.length === array.length;
        if (!isSame || fifo.first !== array[0] || fifo.last !== array.at(-1)) return false;
      }
      return true;
    }),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('moves what is left only once for each that is taken away', (t) => {
  const fifo = new Fifo<number>();
  const { slice } = Array.prototype;
  let moved = 0;
  t.teardown(() => {
    Array.prototype.slice = slice;
  });
  Array.prototype.slice = function (this: unknown[], ...range) {
    const rest = slice.apply(this, range);
    moved += rest.length;
    return rest;
  };
  for (let count = 0; count < 100_000; count += 1) fifo.push(count);
  for (let count = 0; count < 100_000; count += 1) fifo.shift();
  t.ok(moved <= 100_000, `${moved} moves`);
  t.equal(fifo.length, 0);
  t.end();
});

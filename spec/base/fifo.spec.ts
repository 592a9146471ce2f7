import { Fifo } from 'barewire/base';
import t from 'tap';

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

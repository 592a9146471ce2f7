import { Spares } from 'barewire/base';
import t from 'tap';

/** Spares that are numbered as they are made. */
function numbered(most: number): { spares: Spares<{ number: number }>; made: () => number } {
  let made = 0;
  const make = (): { number: number } => {
    made += 1;
    return { number: made };
  };
  return { spares: new Spares(make, most), made: () => made };
}

t.test('makes one only when none waits', (t) => {
  const { spares, made } = numbered(4);
  t.equal(made(), 0, 'none beforehand');
  const first = spares.take();
  const second = spares.take();
  t.not(first, second, 'nobody else has it');
  t.equal(made(), 2);
  spares.keep(first);
  t.equal(spares.take(), first);
  t.equal(made(), 2);
  t.equal(spares.take().number, 3);
  t.end();
});

t.test('gives out the one that was used last', (t) => {
  const { spares, made } = numbered(4);
  const three = [spares.take(), spares.take(), spares.take()];
  for (const spare of three) spares.keep(spare);
  const again = [spares.take(), spares.take(), spares.take()];
  t.same(
    again.map(({ number }) => number),
    [3, 2, 1],
  );
  t.equal(made(), 3);
  t.end();
});

t.test('lets as many wait as was said, and no more', (t) => {
  for (const most of [0, 1, 3]) {
    const { spares, made } = numbered(most);
    const all = Array.from({ length: 5 }, () => spares.take());
    for (const spare of all) spares.keep(spare);
    const again = Array.from({ length: 5 }, () => spares.take());
    t.equal(again.filter((spare) => all.includes(spare)).length, most);
    t.equal(made(), 10 - most);
    t.equal(new Set(again).size, 5, 'nobody shares one');
  }
  t.end();
});

t.test('takes some that it has not made, too', (t) => {
  const { spares, made } = numbered(1);
  const other = { number: 0 };
  spares.keep(other);
  t.equal(spares.take(), other);
  t.equal(made(), 0);
  t.end();
});

t.test('those of one kind are no others', (t) => {
  const [one, other] = [numbered(2).spares, numbered(2).spares];
  const spare = one.take();
  one.keep(spare);
  t.not(other.take(), spare);
  t.equal(one.take(), spare);
  t.end();
});

import { createDateSource, formatHttpDate } from 'barewire/http';
import t from 'tap';

t.test('writes IMF-fixdate', (t) => {
  t.equal(formatHttpDate(784_111_777_000), 'Sun, 06 Nov 1994 08:49:37 GMT');
  t.equal(formatHttpDate(0).length, 29);
  t.end();
});

t.test('formats once a second and follows the clock', (t) => {
  let now = 784_111_777_000;
  const date = createDateSource(() => now);
  const first = date();
  now += 999;
  t.equal(date(), first);
  now += 1;
  t.equal(date(), 'Sun, 06 Nov 1994 08:49:38 GMT');
  now -= 1000;
  t.equal(date(), first, 'also when the clock is set back');
  t.end();
});

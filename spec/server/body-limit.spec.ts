import { UsageError } from 'barewire/base';
import t from 'tap';
import { maxBytesOf } from '../../lib/server/body-limit.ts';

t.test('takes a whole number of bytes or Infinity, and nothing else', (t) => {
  for (const good of [0, 1, 2 ** 40, Number.POSITIVE_INFINITY]) {
    t.equal(maxBytesOf({ maxBytes: good }, 7), good);
  }
  for (const bad of [-1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, '10' as unknown as number]) {
    t.throws(() => maxBytesOf({ maxBytes: bad }, 7), UsageError);
  }
  t.equal(maxBytesOf(undefined, 7), 7);
  t.equal(maxBytesOf({}, 7), 7);
  t.equal(maxBytesOf({ maxBytes: undefined }, 7), 7);
  for (const bad of [{ maxByte: 3 }, null, 3]) {
    t.throws(() => maxBytesOf(bad as never, 7), { code: 'invalid-option' });
  }
  t.end();
});

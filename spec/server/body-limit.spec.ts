import { ByteQueue, UsageError } from 'barewire/base';
import t from 'tap';
import { keepBytes, maxBytesOf } from '../../lib/server/body-limit.ts';

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

t.test('says when there is no memory for bytes, and lives on', (t) => {
  const queue = new ByteQueue();
  t.equal(keepBytes(queue, Buffer.from('abc')), true);
  const { push } = queue;
  queue.push = () => {
    throw new RangeError('Array buffer allocation failed');
  };
  t.equal(keepBytes(queue, Buffer.from('d')), false);
  queue.push = push;
  t.equal(keepBytes(queue, Buffer.from('e')), true);
  t.equal(queue.takeAll().toString(), 'abce');
  t.end();
});

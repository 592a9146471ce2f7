import { ENTRY_OVERHEAD_BYTES as OVERHEAD, UsageError } from 'barewire/base';
import t from 'tap';
import { byteLength, SendQueue } from '../../lib/client/send-queue.ts';

t.test('keeps messages in their order, up to the bound and no byte further', (t) => {
  const queue = new SendQueue(10 + 4 * OVERHEAD);
  const blob = new Blob(['abc']);
  queue.push('ü');
  queue.push(Buffer.alloc(5));
  queue.push(blob);
  t.equal(queue.bytes, 10);
  t.throws(() => queue.push('x'), UsageError);
  queue.push('');
  t.throws(() => queue.push(''), UsageError, 'an empty message is no bytes, but something to keep');
  t.strictSame(queue.takeAll(), ['ü', Buffer.alloc(5), blob, '']);
  t.equal(queue.bytes, 0);
  t.strictSame(queue.takeAll(), []);
  queue.push('x'.repeat(10 + 3 * OVERHEAD));
  t.throws(() => queue.push(''), UsageError);
  t.end();
});

t.test('keeps nothing when nothing may be kept', (t) => {
  for (const text of ['x', '']) {
    t.throws(() => new SendQueue(0).push(text), { code: 'invalid-state' });
  }
  t.end();
});

t.test('measures text in UTF-8', (t) => {
  t.equal(byteLength('a€😀'), 8);
  t.equal(byteLength(new Uint8Array(3)), 3);
  t.equal(byteLength(new Blob(['€'])), 3);
  t.end();
});

t.test('keeps bytes as they were when they were given', (t) => {
  const queue = new SendQueue(3 + OVERHEAD);
  const mine = Uint8Array.of(1, 2, 3);
  queue.push(mine);
  mine.fill(9);
  t.strictSame([...(queue.takeAll()[0] as Uint8Array)], [1, 2, 3]);
  t.end();
});

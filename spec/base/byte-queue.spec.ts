import { ByteQueue, UsageError } from 'barewire/base';
import t from 'tap';
import { passesPlainly } from '../support/fast-paths.ts';

t.test('hands out the bytes in the order in which they came', (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.from('abc'));
  queue.push(Buffer.from('defg'));
  t.equal(queue.length, 7);
  t.equal(queue.take(2).toString(), 'ab');
  t.equal(queue.take(0).toString(), '');
  queue.push(Buffer.from('h'));
  t.equal(queue.takeAll().toString(), 'cdefgh');
  t.equal(queue.length, 0);
  t.equal(queue.takeAll().length, 0);
  t.end();
});

t.test('takes what there is when more is asked for', (t) => {
  const queue = new ByteQueue();
  t.equal(queue.take(5).length, 0);
  queue.push(Buffer.from('ab'));
  t.equal(queue.take(5).toString(), 'ab');
  t.equal(queue.length, 0);
  t.end();
});

t.test('refuses a count that is no whole number, and keeps its bytes', (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.from('ab'));
  for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => queue.take(count), { name: 'UsageError', code: 'invalid-argument' });
    t.throws(() => queue.take(count), UsageError);
  }
  t.equal(queue.takeAll().toString(), 'ab');
  t.end();
});

t.test('pushes the given range only, and cuts it off at the end of the bytes', (t) => {
  const bytes = Buffer.from('abcdef');
  const queue = new ByteQueue();
  queue.push(bytes, 2, 4);
  queue.push(bytes, 5);
  queue.push(bytes, 3, 3);
  queue.push(bytes, 4, 2);
  queue.push(bytes, 5, 5000);
  t.equal(queue.length, 4, 'no uninitialised memory is taken for bytes');
  t.equal(queue.takeAll().toString(), 'cdff');
  t.end();
});

t.test('keeps its own copy of what it is given', (t) => {
  const bytes = Buffer.from('abc');
  const queue = new ByteQueue();
  queue.push(bytes);
  bytes.fill(0);
  t.equal(queue.take(1).toString(), 'a');
  const taken = queue.takeAll();
  taken.fill(0);
  queue.push(Buffer.from('xyz'));
  t.equal(taken.toString('hex'), '0000', 'what was handed out stays as it is');
  t.equal(queue.takeAll().toString(), 'xyz');
  t.end();
});

t.test('lets go of its memory when it runs empty, however that happens', (t) => {
  const emptied: ((queue: ByteQueue) => void)[] = [
    (queue) => queue.clear(),
    (queue) => queue.takeAll(),
    (queue) => queue.take(1000),
  ];
  for (const empty of emptied) {
    const queue = new ByteQueue();
    queue.push(Buffer.alloc(1000));
    t.ok(queue.capacity >= 1000);
    empty(queue);
    t.equal(queue.length, 0);
    t.equal(queue.capacity, 0);
  }
  t.end();
});

t.test('lets go of most of its memory while it is emptied in small bites', (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.alloc(1_000_000, 1));
  while (queue.length > 1000) queue.take(999);
  t.ok(queue.capacity <= 4000, `${queue.capacity} bytes for ${queue.length}`);
  t.ok(queue.takeAll().every((byte) => byte === 1));
  t.end();
});

t.test('grows by doubling: a hundred thousand one-byte pushes move few bytes', (t) => {
  const queue = new ByteQueue();
  const capacities = new Set<number>();
  for (let count = 0; count < 100_000; count += 1) {
    queue.push(Buffer.of(count & 0xff));
    capacities.add(queue.capacity);
  }
  t.ok(capacities.size < 16, `${capacities.size} stores`);
  t.ok(queue.capacity <= 200_000);
  t.equal(queue.length, 100_000);
  t.end();
});

t.test('does not grow when as much is taken as is pushed', (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.alloc(100));
  for (let round = 0; round < 10_000; round += 1) {
    queue.push(Buffer.alloc(50));
    queue.take(50);
  }
  t.equal(queue.length, 100);
  t.ok(queue.capacity <= 512, `${queue.capacity}`);
  t.end();
});

t.test('shows what waits without taking it', (t) => {
  const queue = new ByteQueue();
  t.equal(queue.peek().length, 0);
  queue.push(Buffer.from('abcd'));
  queue.take(1);
  t.equal(queue.peek().toString(), 'bcd');
  t.equal(queue.length, 3);
  t.equal(queue.takeAll().toString(), 'bcd');
  t.end();
});

t.test('copies few bytes and many alike, from any range, also beyond the end', (t) => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => index & 0xff));
  for (const [start, end] of [
    [0, 1],
    [3, 27],
    [3, 28],
    [0, 300],
    [299, 400],
    [290, 1000],
    [5, 5],
    [7, 2],
    [400, 500],
  ]) {
    const queue = new ByteQueue();
    queue.push(Buffer.from('a'));
    queue.push(bytes, start, end);
    t.same(queue.takeAll(), Buffer.concat([Buffer.from('a'), bytes.subarray(start, end)]));
  }
  t.end();
});

t.test('keeps small memory when it is cleared, if it is told to, and never the bytes', (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.alloc(200, 'a'));
  queue.clear(1024);
  t.equal(queue.length, 0);
  t.equal(queue.capacity, 256);
  queue.push(Buffer.from('b'));
  t.equal(queue.takeAll().toString(), 'b');
  queue.push(Buffer.alloc(2000, 'a'));
  queue.clear(1024);
  t.equal(queue.capacity, 0);
  t.end();
});

t.test('moves within its memory when half of that comes free, and grows when it does not', (t) => {
  // 200 bytes come and 190 go, so that 10 wait at the far end of 256.
  for (const [added, capacity] of [
    [56, 256],
    [57, 256],
    [118, 256],
    [119, 256],
    [246, 256],
    [247, 257],
    [1000, 1010],
  ] as const) {
    const queue = new ByteQueue();
    queue.push(Buffer.alloc(200, 'a'));
    queue.take(190);
    const bytes = Buffer.alloc(added, 'b');
    queue.push(bytes);
    t.equal(queue.capacity, capacity, `${added} more`);
    t.same(queue.takeAll(), Buffer.concat([Buffer.alloc(10, 'a'), bytes]));
  }
  t.end();
});

passesPlainly(t, import.meta.url);

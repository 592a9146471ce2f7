import { MessageStore } from 'barewire/connection';
import t from 'tap';

const bytes = Buffer.from('0123456789');

t.test('gives back what it was given, once', (t) => {
  const store = new MessageStore();
  store.push(bytes, 2, 4, undefined, true);
  store.push(bytes, 4, 4, undefined, true);
  store.push(bytes, 9, 10, 3, true);
  t.equal(store.length, 3);
  t.equal(store.take().toString(), '239');
  t.equal(store.length + store.capacity, 0);
  t.equal(store.take().length, 0);
  t.end();
});

t.test('gathers in a buffer that is there already, one message at a time', (t) => {
  const first = new MessageStore();
  first.push(bytes, 0, 10, undefined, true);
  t.equal(first.capacity, 0);
  const second = new MessageStore();
  second.push(bytes, 5, 10, undefined, true);
  t.ok(second.capacity >= 5);
  const taken = first.take();
  const third = new MessageStore();
  third.push(bytes, 0, 1, undefined, true);
  t.equal(third.capacity, 0);
  t.equal(taken.toString(), '0123456789', 'what was taken is a copy');
  t.equal(second.take().toString(), '56789');
  t.equal(
    third.takeText((kept, start, end) => kept.toString('latin1', start, end)),
    '0',
  );
  t.equal(third.length, 0);
  t.end();
});

t.test('reserves no more than will be needed, and trusts 64 KiB at a time', (t) => {
  const other = new MessageStore();
  other.push(bytes, 0, 1, undefined, true);
  const exact = new MessageStore();
  exact.push(bytes, 0, 1, 1000, true);
  t.equal(exact.capacity, 1000);
  const promised = new MessageStore();
  promised.push(bytes, 0, 1, 1 << 30, true);
  t.ok(promised.capacity <= 64 * 1024 + 1);
  const begun = Buffer.alloc(100_000);
  promised.push(begun, 0, begun.length, 1 << 30, true);
  t.ok(promised.capacity <= 17 * promised.length);
  t.ok(promised.capacity < 1 << 30);
  other.clear();
  t.end();
});

t.test('leaves the buffer of a long text to the next message', (t) => {
  const long = Buffer.alloc(300_000, 0x41);
  const text = new MessageStore();
  text.push(long, 0, long.length, long.length, true);
  t.equal(text.capacity, 300_000);
  t.equal(
    text.takeText((_kept, start, end) => end - start),
    300_000,
  );
  const next = new MessageStore();
  next.push(long, 0, long.length, undefined, false);
  t.equal(next.capacity, 0, 'nobody knows how long it will be');
  t.same(next.take(), long);
  t.end();
});

t.test('gathers bytes of a known number where they stay, unless they are few', (t) => {
  const pieces = Buffer.alloc(16_384, 'ab');
  for (const [length, isOwn] of [
    [16_383, false],
    [16_384, true],
  ] as const) {
    const store = new MessageStore();
    store.push(pieces, 0, 1, length, false);
    t.equal(store.capacity, isOwn ? length : 0);
    store.push(pieces, 1, length, length, false);
    t.equal(store.capacity, isOwn ? length : 0, 'at once as much as will be needed');
    const taken = store.take();
    t.ok(taken.equals(pieces.subarray(0, length)));
    if (isOwn) t.equal(taken.buffer.byteLength, length, 'and nothing around it');
    t.equal(store.capacity, 0);
    const text = new MessageStore();
    text.push(pieces, 0, length, length, true);
    t.equal(text.capacity, 0, 'a text becomes a string in any case');
    text.clear();
  }
  t.end();
});

t.test('copies each byte a constant number of times', (t) => {
  const other = new MessageStore();
  other.push(bytes, 0, 1, undefined, true);
  const store = new MessageStore();
  let growths = 0;
  for (let index = 0; index < 100_000; index += 1) {
    const before = store.capacity;
    store.push(bytes, 0, 1, undefined, true);
    if (store.capacity !== before) growths += 1;
  }
  t.ok(growths <= 12);
  t.ok(store.capacity <= 2 * store.length);
  store.clear();
  t.equal(store.capacity, 0);
  other.clear();
  t.end();
});

t.test('outgrows the spare, and leaves it to others at once', (t) => {
  const first = new MessageStore();
  first.push(bytes, 0, 10, undefined, true);
  t.equal(first.capacity, 0, 'lies in the spare');
  const second = new MessageStore();
  second.push(bytes, 0, 10, undefined, true);
  t.ok(second.capacity > 0, 'which is taken');
  const large = Buffer.alloc(2 * 1024 * 1024, 'y');
  first.push(large, 0, large.length, undefined, true);
  t.ok(first.capacity >= large.length + 10, 'a buffer of its own');
  const third = new MessageStore();
  third.push(bytes, 0, 10, undefined, true);
  t.equal(third.capacity, 0, 'the spare is free again');
  t.ok(first.take().equals(Buffer.concat([bytes, large])));
  t.equal(second.take().toString(), '0123456789');
  t.equal(third.take().toString(), '0123456789');
  t.end();
});

t.test('keeps no more than 1 MiB as the spare, and the larger of two', (t) => {
  const probe = (length: number): boolean => {
    const store = new MessageStore();
    store.push(bytes, 0, 1, length, true);
    const isSpare = store.capacity === 0;
    store.clear();
    return isSpare;
  };
  const use = (length: number): void => {
    const large = Buffer.alloc(length);
    const store = new MessageStore();
    store.push(large, 0, length, length, true);
    store.takeText(() => '');
  };
  use(1024 * 1024);
  t.equal(probe(1024 * 1024), true);
  use(1024 * 1024 + 1);
  t.equal(probe(1024 * 1024 + 1), false, 'too large to be kept by an idle process');
  const holder = new MessageStore();
  holder.push(bytes, 0, 1, undefined, true);
  use(100_000);
  holder.clear();
  t.equal(probe(1024 * 1024), true, 'the larger one comes back');
  use(10);
  t.equal(probe(1024 * 1024), true);
  t.end();
});

import { MessageStore } from 'barewire/connection';
import t from 'tap';

const bytes = Buffer.from('0123456789');

t.test('gives back what it was given, once', (t) => {
  const store = new MessageStore();
  store.push(bytes, 2, 4, undefined);
  store.push(bytes, 4, 4, undefined);
  store.push(bytes, 9, 10, 3);
  t.equal(store.length, 3);
  t.equal(store.take().toString(), '239');
  t.equal(store.length + store.capacity, 0);
  t.equal(store.take().length, 0);
  t.end();
});

t.test('reserves no more than will be needed, and trusts 64 KiB at a time', (t) => {
  const exact = new MessageStore();
  exact.push(bytes, 0, 1, 1000);
  t.equal(exact.capacity, 1000);
  const promised = new MessageStore();
  promised.push(bytes, 0, 1, 1 << 30);
  t.ok(promised.capacity <= 64 * 1024 + 1);
  t.end();
});

t.test('copies each byte a constant number of times', (t) => {
  const store = new MessageStore();
  let growths = 0;
  for (let index = 0; index < 100_000; index += 1) {
    const before = store.capacity;
    store.push(bytes, 0, 1, undefined);
    if (store.capacity !== before) growths += 1;
  }
  t.ok(growths <= 12);
  t.ok(store.capacity <= 2 * store.length);
  store.clear();
  t.equal(store.capacity, 0);
  t.end();
});

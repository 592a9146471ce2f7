import { DeflatePool, sharedDeflatePool } from 'barewire/deflate';
import t from 'tap';
import type { EngineOptions } from '../../lib/deflate/zlib-engine.ts';

const OPTIONS: EngineOptions = { mode: 'deflate', windowBits: 15, level: 6, memoryLevel: 8 };

t.test('lends the owner its own engine again, with its window', (t) => {
  const pool = new DeflatePool();
  const [first, second] = [{}, {}];
  const lent = pool.take(OPTIONS, first);
  t.equal(lent.isWarm, false);
  t.equal(pool.owns(first), false, 'while it is out');
  pool.give(lent, first);
  t.equal(pool.owns(first), true);
  t.not(pool.take(OPTIONS, second).engine, lent.engine);
  const again = pool.take(OPTIONS, first);
  t.equal(again.engine, lent.engine);
  t.equal(again.isWarm, true);
  t.end();
});

t.test('keeps the engines of the last users only', (t) => {
  const pool = new DeflatePool(2);
  const owners = [{}, {}, {}];
  const engines = owners.map((owner) => {
    const lent = pool.take(OPTIONS, owner);
    pool.give(lent, owner);
    return lent.engine;
  });
  t.same(
    owners.map((owner) => pool.owns(owner)),
    [false, true, true],
  );
  t.ok(pool.ownedBytes > 500_000 && pool.ownedBytes < 600_000);
  const lent = pool.take(OPTIONS, owners[0]);
  t.equal(lent.engine, engines[0], 'the one that was taken away is free again');
  t.equal(lent.isWarm, false, 'and has forgotten');
  t.end();
});

t.test('keeps nothing for anybody when it may not', (t) => {
  const pool = new DeflatePool(0);
  const owner = {};
  pool.give(pool.take(OPTIONS, owner), owner);
  t.equal(pool.owns(owner), false);
  t.equal(pool.ownedBytes, 0);
  t.end();
});

t.test('lends free engines of the same kind, and keeps a few', (t) => {
  const pool = new DeflatePool();
  const lent = Array.from({ length: 6 }, () => pool.take(OPTIONS));
  for (const each of lent) pool.give(each);
  const kept = lent.slice(0, 4).map(({ engine }) => engine);
  t.ok(kept.includes(pool.take(OPTIONS).engine));
  t.notOk(kept.includes(pool.take({ ...OPTIONS, windowBits: 9 }).engine));
  t.notOk(kept.includes(pool.take({ ...OPTIONS, mode: 'inflate' }).engine));
  const more = Array.from({ length: 4 }, () => pool.take(OPTIONS).engine);
  t.equal(more.filter((engine) => kept.includes(engine)).length, 3);
  t.end();
});

t.test('gives up what it keeps for an owner', (t) => {
  const pool = new DeflatePool();
  const owner = {};
  pool.give(pool.take(OPTIONS, owner), owner);
  pool.drop(owner);
  t.equal(pool.owns(owner), false);
  pool.drop(owner);
  t.equal(pool.take(OPTIONS, owner).isWarm, false);
  t.end();
});

t.test('is there once for the whole process', (t) => {
  t.equal(sharedDeflatePool(), sharedDeflatePool());
  t.end();
});

import { randomBytes } from 'node:crypto';
import t from 'tap';
import { OneShotDeflater, OneShotInflater } from '../../lib/deflate/one-shot.ts';
import { DeflatePool } from '../../lib/deflate/pool.ts';

const INFLATE = { windowBits: 15, keepsContext: true, maxInflateRatio: 2000 };
const DEFLATE = { windowBits: 15, keepsContext: true, level: 6, memoryLevel: 8 };
const HELLO = Buffer.from('f248cdc9c90700', 'hex');

const settled = async (pool: DeflatePool): Promise<void> => {
  while (pool.queue.length > 0) await new Promise((resolve) => setImmediate(resolve));
};

t.test('collects the pieces and inflates the whole, later', async (t) => {
  const pool = new DeflatePool();
  const inflater = new OneShotInflater(INFLATE, pool);
  const parts: string[] = [];
  inflater.decompress(HELLO.subarray(0, 3), false, 100, (_, bytes) => parts.push(String(bytes)));
  t.same(parts, ['']);
  t.equal(inflater.isBusy, false);
  t.ok(inflater.memoryBytes > 0);
  inflater.decompress(HELLO.subarray(3), true, 100, (_, bytes) => parts.push(String(bytes)));
  t.equal(inflater.isBusy, true);
  inflater.releaseIdle();
  await settled(pool);
  t.same(parts, ['', 'Hello']);
});

t.test('takes no engine and shares the turns', async (t) => {
  const pool = new DeflatePool();
  const deflater = new OneShotDeflater(DEFLATE, pool);
  let packed: Buffer | undefined;
  deflater.compress(Buffer.from('Hello'), true, (_, bytes) => {
    packed = bytes;
  });
  t.equal(deflater.isBusy, true);
  t.equal(pool.queue.length, 1);
  deflater.breakContext();
  await settled(pool);
  t.same(packed, HELLO);
  t.equal(pool.ownedBytes, 0);
  t.equal(deflater.memoryBytes, 512, 'the window');
});

t.test('is closed in every state, and nothing comes afterwards', async (t) => {
  const pool = new DeflatePool();
  const large = randomBytes(300_000);
  for (let round = 0; round < 30; round += 1) {
    const inflater = new OneShotInflater(INFLATE, pool);
    const deflater = new OneShotDeflater(DEFLATE, pool);
    const fail = (): void => {
      t.fail('called after close');
    };
    if (round % 3 === 1) inflater.decompress(round % 2 === 0 ? HELLO : large, true, 1e9, fail);
    if (round % 3 === 2) deflater.compress(large, true, fail);
    if (round % 5 === 4) await new Promise((resolve) => process.nextTick(resolve));
    for (const each of [inflater, deflater]) {
      each.close();
      each.close();
      each.releaseIdle();
      t.equal(each.memoryBytes, 0);
    }
    inflater.decompress(HELLO, true, 100, fail);
    deflater.compress(HELLO, true, fail);
  }
  await settled(pool);
  t.equal(pool.queue.length, 0);
});

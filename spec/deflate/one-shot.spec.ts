import { randomBytes } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import type { ProtocolError } from 'barewire/base';
import t from 'tap';
import { OneShotDeflater, OneShotInflater } from '../../lib/deflate/one-shot.ts';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import { INFLATE_CASES } from '../support/inflate-cases.ts';

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

for (const { title, messages, outcomes, options, maxBytes } of INFLATE_CASES) {
  t.test(`reads, or refuses, ${title}`, async (t) => {
    const pool = new DeflatePool();
    const inflater = new OneShotInflater({ ...INFLATE, ...options }, pool);
    const found: string[] = [];
    for (const message of messages) {
      const [first, second] = [message.subarray(0, 1), message.subarray(1)];
      inflater.decompress(first, false, maxBytes ?? 1e9, () => {});
      inflater.decompress(second, true, maxBytes ?? 1e9, (error, bytes) => {
        found.push(error?.code ?? bytes.toString());
      });
      await settled(pool);
    }
    t.ok(found.join() === outcomes.join(), found.join().slice(0, 100));
    t.equal(inflater.isBusy, false);
    t.equal(inflater.workBytes, 0);
  });
}

t.test('tells when it works, and how much there is to do', async (t) => {
  const pool = new DeflatePool();
  const inflater = new OneShotInflater(INFLATE, pool);
  const notices: boolean[] = [];
  const note = (isWorking: boolean): void => void notices.push(isWorking);
  inflater.decompress(HELLO, true, 100, () => notices.push(inflater.isBusy), note);
  t.ok(inflater.workBytes >= HELLO.length);
  await settled(pool);
  t.same(notices, [true, false, false]);
});

/** Compresses pieces one after the other; the last one ends the message. */
async function compressed(deflater: OneShotDeflater, pool: DeflatePool, pieces: readonly string[]) {
  const packed: Buffer[] = [];
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    deflater.compress(Buffer.from(piece), isLast, (_, bytes) => packed.push(bytes));
    t.equal(deflater.workBytes, piece.length);
    await settled(pool);
    t.equal(deflater.workBytes, 0);
  }
  return packed;
}

t.test('compresses messages in any pieces, which its own inflater reads', async (t) => {
  const pool = new DeflatePool();
  for (const keepsContext of [true, false]) {
    const deflater = new OneShotDeflater({ ...DEFLATE, keepsContext }, pool);
    const inflater = new OneShotInflater({ ...INFLATE, keepsContext }, pool);
    for (const pieces of [['Hello'], ['Hel', 'lo'], ['', 'Hello', ''], [''], ['', ''], ['Hello']]) {
      const packed = await compressed(deflater, pool, pieces);
      t.equal(packed.length, pieces.length);
      let text: string | undefined;
      inflater.decompress(Buffer.concat(packed), true, 100, (_, bytes) => {
        text = bytes.toString();
      });
      await settled(pool);
      t.equal(text, pieces.join(''), `${keepsContext} ${pieces}`);
    }
  }
});

t.test('looks back at the message before, unless it may not or is asked not to', async (t) => {
  const pool = new DeflatePool();
  const message = ['a message that is said again'];
  const keeping = new OneShotDeflater(DEFLATE, pool);
  const [first] = await compressed(keeping, pool, message);
  const [again] = await compressed(keeping, pool, message);
  t.ok(again!.length < first!.length / 2);
  keeping.breakContext();
  t.same((await compressed(keeping, pool, message))[0], first);
  const forgetting = new OneShotDeflater({ ...DEFLATE, keepsContext: false }, pool);
  for (let round = 0; round < 2; round += 1) {
    t.same((await compressed(forgetting, pool, message))[0], first);
    t.equal(forgetting.memoryBytes, 0);
  }
});

t.test('ends a message with an empty piece: one byte of an empty block [7692-7.2.3.6-1]', (t) => {
  const deflater = new OneShotDeflater(DEFLATE, new DeflatePool());
  const pieces: Buffer[] = [];
  for (const fin of [true, false, true]) {
    deflater.compress(Buffer.alloc(0), fin, (_, bytes) => pieces.push(bytes));
  }
  t.same(pieces, [Buffer.of(0), Buffer.alloc(0), Buffer.of(0)]);
  t.equal(pieces[0] === pieces[2], false, 'each is the own of whoever gets it');
  t.equal(deflater.isBusy, false, 'at once: there is no work in it');
  t.end();
});

t.test('says so when zlib has no memory, and is inert', async (t) => {
  const failing = (_bytes: unknown, _options: unknown, done: (error: Error) => void): void => {
    setImmediate(() => done(new Error('insufficient memory')));
  };
  const { deflateRaw } = zlib;
  zlib.deflateRaw = failing as typeof deflateRaw;
  syncBuiltinESMExports();
  t.teardown(() => {
    zlib.deflateRaw = deflateRaw;
    syncBuiltinESMExports();
  });
  const deflater = new OneShotDeflater(DEFLATE, new DeflatePool());
  const error = await new Promise<ProtocolError | undefined>((resolve) => {
    deflater.compress(Buffer.from('Hello'), true, resolve);
  });
  t.match(error, { code: 'deflate-failed', closeCode: 1011 });
  deflater.compress(Buffer.from('Hello'), true, () => t.fail('inert'));
  t.equal(deflater.isBusy, false);
  t.equal(deflater.memoryBytes, 0);
});

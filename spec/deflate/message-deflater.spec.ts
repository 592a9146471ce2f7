import { randomBytes } from 'node:crypto';
import { constants, inflateRawSync } from 'node:zlib';
import t from 'tap';
import { FairQueue } from '../../lib/deflate/fair-queue.ts';
import { MessageDeflater } from '../../lib/deflate/message-deflater.ts';
import { CountingPool } from '../support/deflate-jobs.ts';

const OPTIONS = { windowBits: 15, keepsContext: true, level: 6, memoryLevel: 8 };
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** Starts a job; the list holds its result when it is done. */
function start(deflater: MessageDeflater, bytes: Buffer, fin = true): Buffer[] {
  const results: Buffer[] = [];
  deflater.compress(bytes, fin, (_, packed) => results.push(packed));
  return results;
}

function unpack(bytes: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([bytes, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

t.test('compresses up to 16 KiB before the call returns, even what cannot be compressed', (t) => {
  const pool = new CountingPool();
  for (const memoryLevel of [1, 8, 9]) {
    const deflater = new MessageDeflater({ ...OPTIONS, memoryLevel, keepsContext: false }, pool);
    for (const message of [Buffer.from('a'), randomBytes(16384), Buffer.alloc(16384, 'x')]) {
      t.same(unpack(start(deflater, message)[0]!), message);
    }
  }
  t.equal(pool.lent, 0);
  t.end();
});

t.test('compresses more later, without holding up what is small', async (t) => {
  const pool = new CountingPool();
  const large = randomBytes(1_000_000);
  const heavy = Array.from({ length: 20 }, () => new MessageDeflater(OPTIONS, pool));
  const jobs = heavy.map((deflater) => start(deflater, large));
  const light = new MessageDeflater(OPTIONS, pool);
  t.same(unpack(start(light, Buffer.from('small'))[0]!).toString(), 'small');
  t.equal(jobs.flat().length, 0, 'before any of the large ones');
  await pool.settled();
  for (const [packed] of jobs) t.ok(unpack(packed!).equals(large));
});

t.test('a short job does not wait for the end of a long one', async (t) => {
  const pool = new CountingPool(64, new FairQueue(1));
  const order: string[] = [];
  const [long, short] = [new MessageDeflater(OPTIONS, pool), new MessageDeflater(OPTIONS, pool)];
  long.compress(randomBytes(3_000_000), true, () => order.push('long'));
  short.compress(randomBytes(100_000), true, () => order.push('short'));
  await pool.settled();
  t.same(order, ['short', 'long']);
});

t.test('keeps its engine for the next message, unless it may not or is asked to let go', (t) => {
  const pool = new CountingPool();
  const message = Buffer.from('a message that is said again');
  const keeping = new MessageDeflater(OPTIONS, pool);
  const [first] = start(keeping, message);
  t.ok(pool.owns(keeping));
  t.equal(keeping.memoryBytes, 268_288);
  t.ok(start(keeping, message)[0]!.length < first!.length / 2);
  keeping.breakContext();
  t.equal(keeping.memoryBytes, 0);
  t.same(start(keeping, message)[0], first);
  const forgetting = new MessageDeflater({ ...OPTIONS, keepsContext: false }, pool);
  t.same(start(forgetting, message)[0], first);
  t.equal(forgetting.memoryBytes, 0);
  t.end();
});

t.test('holds its engine in the middle of a message', (t) => {
  const pool = new CountingPool(1);
  const deflater = new MessageDeflater({ ...OPTIONS, keepsContext: false }, pool);
  const [first] = start(deflater, Buffer.from('one, two, '), false);
  t.equal(deflater.memoryBytes, 268_288);
  deflater.breakContext();
  deflater.releaseIdle();
  start(new MessageDeflater(OPTIONS, pool), Buffer.from('somebody else'));
  const [second] = start(deflater, Buffer.from('one, two'));
  t.equal(unpack(Buffer.concat([first!, second!])).toString(), 'one, two, one, two');
  t.ok(second!.length < 8, 'it has looked back');
  t.equal(pool.lent, 0);
  t.end();
});

t.test('is closed in every state, and nothing comes afterwards', async (t) => {
  const pool = new CountingPool();
  const large = randomBytes(1_000_000);
  const results: Buffer[][] = [];
  for (let round = 0; round < 40; round += 1) {
    const deflater = new MessageDeflater(OPTIONS, pool);
    if (round % 3 === 1) start(deflater, Buffer.from('the beginning'), false);
    if (round % 3 === 2) results.push(start(deflater, large));
    if (round % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    deflater.close();
    deflater.close();
    deflater.releaseIdle();
    t.same(start(deflater, Buffer.from('more')), [], 'inert');
  }
  await pool.settled();
  t.equal(pool.lent, 0, 'every engine is back');
  t.equal(pool.ownedBytes, 0);
  t.ok(results.every((list) => list.length === 0));
});

t.test('says so when zlib has no memory', async (t) => {
  const pool = new CountingPool();
  for (const length of [10, 100_000]) {
    const deflater = new MessageDeflater(OPTIONS, pool);
    const lent = pool.take({ mode: 'deflate', ...OPTIONS });
    lent.engine.run = () => {
      lent.engine.fault = 'insufficient memory';
    };
    lent.engine.runLater = (_flush, _input, _start, _end, _output, done) => {
      lent.engine.fault = 'insufficient memory';
      setImmediate(done);
    };
    pool.take = () => lent;
    const error = await new Promise((resolve) => {
      deflater.compress(Buffer.alloc(length), true, resolve);
    });
    t.match(error, { code: 'deflate-failed', closeCode: 1011 });
    deflater.compress(Buffer.alloc(length), true, () => t.fail('inert'));
  }
});

t.test('ends a message with an empty piece: one byte of an empty block [7692-7.2.3.6-1]', (t) => {
  const pool = new CountingPool();
  const deflater = new MessageDeflater(OPTIONS, pool);
  const empty = Buffer.alloc(0);
  t.same(start(deflater, empty), [Buffer.of(0)]);
  t.equal(pool.lent, 0, 'which takes no engine');
  const pieces = [start(deflater, Buffer.from('Hello'), false)[0]!];
  t.equal(pool.lent, 1);
  pieces.push(start(deflater, empty, false)[0]!);
  t.equal(pieces[1]!.length, 0, 'and nothing in the middle of one');
  pieces.push(start(deflater, empty)[0]!);
  t.equal(pool.lent, 0, 'the message has ended');
  t.equal(unpack(Buffer.concat(pieces)).toString(), 'Hello');
  const [first, second] = [start(deflater, empty)[0]!, start(deflater, empty)[0]!];
  first.fill(9);
  t.same(second, Buffer.of(0), 'each is the own of whoever gets it');
  t.end();
});

t.test(
  'cuts the tail off the last piece alone, in the thread pool too [7692-7.2.1-1]',
  async (t) => {
    const pool = new CountingPool();
    const message = randomBytes(200_000);
    for (const at of [100, 16_384, 16_385, 150_000]) {
      const deflater = new MessageDeflater(OPTIONS, pool);
      const pieces: Buffer[] = [];
      for (const [piece, fin] of [
        [message.subarray(0, at), false],
        [message.subarray(at), true],
      ] as const) {
        const results = start(deflater, piece, fin);
        t.equal(deflater.isBusy, piece.length > 16_384);
        t.equal(deflater.workBytes, piece.length > 16_384 ? piece.length : 0, 'what it weighs');
        await pool.settled();
        t.equal(deflater.isBusy, false);
        pieces.push(results[0]!);
      }
      t.same(pieces[0]!.subarray(-4), TAIL);
      t.ok(unpack(Buffer.concat(pieces)).equals(message), `cut at ${at}`);
    }
  },
);

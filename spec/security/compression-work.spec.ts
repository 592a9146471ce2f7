/**
 * How much is compressed or inflated at a time, and where: a large message is never one long pause,
 * and a bomb is stopped inside zlib, not behind it.
 */

import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool, type LentEngine } from '../../lib/deflate/pool.ts';
import type { EngineOptions } from '../../lib/deflate/zlib-engine.ts';
import { compress, DEFAULTS, decompress, failure } from '../support/deflate-jobs.ts';

const MIB = 2 ** 20;
const KIB = 1024;

/** Notes the most input and the most room for output of any step, here and in the thread pool. */
class MeasuringPool extends DeflatePool {
  here = { input: 0, output: 0 };
  later = { input: 0, output: 0 };

  override take(options: EngineOptions, owner?: object): LentEngine {
    const lent = super.take(options, owner);
    const { engine } = lent;
    if (Object.hasOwn(engine, 'run')) return lent;
    const [run, runLater] = [engine.run.bind(engine), engine.runLater.bind(engine)];
    engine.run = (flush, input, start, end, output) => {
      run(flush, input, start, end, output);
      this.here.input += engine.consumed;
      this.here.output += engine.produced;
    };
    engine.runLater = (flush, input, start, end, output, done) => {
      this.later.input = Math.max(this.later.input, end - start);
      this.later.output = Math.max(this.later.output, output.length);
      runLater(flush, input, start, end, output, done);
    };
    return lent;
  }
}

/** Shrinks to a thousandth: output says nothing about how much of it was dealt with at a time. */
const LETTERS = Buffer.alloc(4 * MIB, 'a');

t.test('a large message is compressed in the thread pool, a block at a time', async (t) => {
  const pool = new MeasuringPool();
  const codec = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  let isDone = false;
  const job = new Promise<Buffer>((resolve) => {
    codec.compress(LETTERS, true, (_error, bytes) => {
      isDone = true;
      resolve(bytes);
    });
  });
  t.notOk(isDone, 'not before the call has returned');
  t.equal(pool.here.input, 0, 'nothing of it on the spot');
  const packed = await job;
  t.ok(pool.later.input <= 64 * KIB, `${pool.later.input} bytes at a time`);
  t.equal((await decompress(new MessageCodec('client', DEFAULTS), packed)).length, LETTERS.length);
});

t.test('a message that grows is inflated in the thread pool, a block at a time', async (t) => {
  const pool = new MeasuringPool();
  const packed = await compress(new MessageCodec('client', DEFAULTS), LETTERS);
  const codec = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  const job = decompress(codec, packed);
  t.ok(pool.here.output <= 128 * KIB, `${pool.here.output} bytes on the spot`);
  t.equal((await job).length, LETTERS.length);
  t.ok(pool.later.output <= 64 * KIB, `room for ${pool.later.output} bytes at a time`);
});

t.test('without the handle a bomb is stopped by zlib, and nothing of it comes out', async (t) => {
  const { inflateRaw } = zlib;
  let madeBytes = 0;
  t.teardown(() => {
    zlib.inflateRaw = inflateRaw;
    syncBuiltinESMExports();
  });
  zlib.inflateRaw = ((input: Buffer, options: object, done: (...result: unknown[]) => void) => {
    inflateRaw(input, options, (error, result) => {
      const { buffer } = (result ?? {}) as unknown as { buffer?: Buffer };
      madeBytes += buffer?.length ?? 0;
      done(error, result);
    });
  }) as typeof inflateRaw;
  syncBuiltinESMExports();
  const bomb = await compress(new MessageCodec('client', DEFAULTS), LETTERS);
  const codec = (): MessageCodec => new MessageCodec('server', DEFAULTS, { zlib: 'documented' });
  for (const limit of [0, 1000, MIB]) {
    const error = await failure(codec(), bomb, true, limit);
    t.match(error, { code: 'message-too-large', closeCode: 1009 });
    t.ok(madeBytes <= 1, `${madeBytes} bytes for ${limit}`);
  }
  const strict = new MessageCodec('server', DEFAULTS, { zlib: 'documented', maxInflateRatio: 10 });
  t.match(await failure(strict, bomb), { code: 'deflate-ratio-exceeded' });
  t.ok(madeBytes <= 1, `${madeBytes} bytes beyond the ratio`);
  t.equal((await decompress(codec(), bomb)).length, LETTERS.length);
  t.equal(madeBytes - LETTERS.length <= 1, true, 'what is within the limit does come');
});

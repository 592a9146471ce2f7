import { inflateRawSync } from 'node:zlib';
import t from 'tap';
import {
  deflateEngineBytes,
  hasZlibHandles,
  NO_FLUSH,
  SYNC_FLUSH,
  scratchBlock,
  ZlibEngine,
} from '../../lib/deflate/zlib-engine.ts';
import { inOtherZlib, OTHER_ZLIBS } from '../support/other-zlib.ts';

const OPTIONS = { windowBits: 15, level: 6, memoryLevel: 8 };
const deflate = (): ZlibEngine => new ZlibEngine({ ...OPTIONS, mode: 'deflate' });
const inflate = (): ZlibEngine => new ZlibEngine({ ...OPTIONS, mode: 'inflate' });
const HELLO = Buffer.from('f248cdc9c907000000ffff', 'hex');

t.test('finds the handle of the Node that runs the specs', (t) => {
  t.equal(hasZlibHandles(), true);
  t.end();
});

t.test('counts what went in and what came out', (t) => {
  const engine = deflate();
  const input = Buffer.from('xxHelloxx');
  const output = Buffer.alloc(64);
  engine.run(SYNC_FLUSH, input, 2, 7, output);
  t.same([engine.consumed, engine.produced], [5, HELLO.length]);
  t.same(output.subarray(0, engine.produced), HELLO);
  engine.run(NO_FLUSH, input, 2, 7, output);
  t.same([engine.consumed, engine.produced], [5, 0]);
  engine.reset();
  engine.run(SYNC_FLUSH, input, 2, 7, output);
  t.same(output.subarray(0, engine.produced), HELLO, 'reset has emptied the window');
  engine.close();
  t.end();
});

t.test('stops where the output is full and goes on from there', (t) => {
  const engine = inflate();
  const output = Buffer.alloc(3);
  engine.run(SYNC_FLUSH, HELLO, 0, HELLO.length, output);
  t.equal(output.toString(), 'Hel');
  engine.run(SYNC_FLUSH, HELLO, engine.consumed, HELLO.length, output);
  t.equal(output.toString('latin1', 0, engine.produced), 'lo');
  t.end();
});

t.test('leaves alone what is behind a final block', (t) => {
  const engine = inflate();
  const final = Buffer.from('f348cdc9c90700aabb', 'hex');
  engine.run(SYNC_FLUSH, final, 0, final.length, scratchBlock());
  t.same([engine.consumed, engine.produced], [7, 5]);
  engine.run(SYNC_FLUSH, final, 7, final.length, scratchBlock());
  t.same([engine.consumed, engine.produced], [0, 0]);
  t.end();
});

t.test('keeps a fault until it is reset', (t) => {
  const engine = inflate();
  engine.run(SYNC_FLUSH, Buffer.of(0xff), 0, 1, scratchBlock());
  t.match(engine.fault, 'invalid block type');
  t.same([engine.consumed, engine.produced], [0, 0]);
  engine.reset();
  engine.run(SYNC_FLUSH, HELLO, 0, HELLO.length, scratchBlock());
  t.equal(engine.fault, undefined);
  t.equal(engine.produced, 5);
  t.end();
});

t.test('does the same in the thread pool, and later', async (t) => {
  const packer = deflate();
  const input = Buffer.from('Hello'.repeat(1000));
  const output = Buffer.alloc(4096);
  let isDone = false;
  await new Promise<void>((resolve) => {
    packer.runLater(SYNC_FLUSH, input, 0, input.length, output, () => {
      isDone = true;
      resolve();
    });
    t.equal(isDone, false);
  });
  t.equal(packer.consumed, input.length);
  const packed = output.subarray(0, packer.produced);
  t.same(inflateRawSync(packed, { finishFlush: SYNC_FLUSH }), input);
  const unpacker = inflate();
  await new Promise<void>((resolve) => {
    unpacker.runLater(SYNC_FLUSH, Buffer.of(0xff), 0, 1, output, resolve);
  });
  t.match(unpacker.fault, 'invalid block type');
  t.same([unpacker.consumed, unpacker.produced], [0, 0]);
});

t.test('knows what a deflate engine takes', (t) => {
  t.equal(deflateEngineBytes(15, 8), 268_288);
  t.equal(deflateEngineBytes(8, 1), deflateEngineBytes(9, 1));
  t.end();
});

const ASK = `
  const { hasZlibHandles } = await import('./dist/lib/deflate/zlib-engine.js');
  const { MessageCodec } = await import('barewire/deflate');
  const bits = { serverMaxWindowBits: 15, clientMaxWindowBits: 15 };
  const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };
  const [codec, reader] = ['server', 'client'].map(
    (role) => new MessageCodec(role, { ...bits, ...takeover }, { zlib: 'handle' }),
  );
  const text = await new Promise((resolve) => {
    codec.compress(Buffer.from('Hello'), true, (_, wire) => {
      reader.decompress(wire, true, 100, (_, bytes) => resolve(String(bytes)));
    });
  });
  result = { asked: [hasZlibHandles(), hasZlibHandles()], text };
`;

for (const which of Object.keys(OTHER_ZLIBS) as (keyof typeof OTHER_ZLIBS)[]) {
  t.test(`does without the handle of a Node that ${which}`, (t) => {
    t.same(inOtherZlib(which, ASK), { asked: [false, false], text: 'Hello' });
    t.end();
  });
}

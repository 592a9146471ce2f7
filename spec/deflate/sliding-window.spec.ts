import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import { SlidingWindow } from '../../lib/deflate/sliding-window.ts';
import { SYNC_FLUSH, ZlibEngine } from '../../lib/deflate/zlib-engine.ts';

const contents = (window: SlidingWindow): Buffer => Buffer.concat(window.parts());

t.test('keeps the last 2^bits bytes in order', (t) => {
  const window = new SlidingWindow(8);
  t.equal(window.length, 0);
  window.push(Buffer.from('abc'), 3);
  t.equal(contents(window).toString(), 'abc');
  window.push(Buffer.from('defXX'), 3);
  t.equal(contents(window).toString(), 'abcdef', 'only the bytes before the end');
  window.push(Buffer.alloc(300, 'y'), 300);
  t.equal(contents(window).toString(), 'y'.repeat(256));
  window.push(Buffer.from('z'), 1);
  t.equal(contents(window).toString(), `${'y'.repeat(255)}z`);
  window.push(Buffer.alloc(0), 0);
  t.equal(window.length, 256);
  t.end();
});

t.test('takes memory only as far as there was traffic', (t) => {
  const window = new SlidingWindow(15, new DeflatePool());
  t.equal(window.memoryBytes, 0);
  window.push(Buffer.alloc(20), 20);
  t.equal(window.memoryBytes, 512);
  window.push(Buffer.alloc(600), 600);
  t.ok(window.memoryBytes <= 2048);
  window.push(Buffer.alloc(200_000), 200_000);
  t.equal(window.memoryBytes, 32768);
  window.clear();
  t.equal(window.memoryBytes, 0);
  t.equal(window.length, 0);
  t.end();
});

t.test('grows four times when it is full, and never before', (t) => {
  const window = new SlidingWindow(13, new DeflatePool());
  const piece = Buffer.alloc(64);
  for (let length = piece.length; length <= 10_000; length += piece.length) {
    window.push(piece, piece.length);
    const expected = [512, 2048, 8192].find((bytes) => length <= bytes) ?? 8192;
    t.equal(window.memoryBytes, expected, `behind ${length} bytes`);
  }
  t.end();
});

t.test('packs text, and unpacks it when it is needed', (t) => {
  const window = new SlidingWindow(15, new DeflatePool());
  const text = Buffer.from('{"price": 12, "symbol": "abc"}\n'.repeat(2000));
  window.push(text, text.length);
  window.pack();
  t.ok(window.memoryBytes < 1000);
  t.equal(window.length, 32768);
  window.pack();
  t.same(contents(window), text.subarray(text.length - 32768));
  window.pack();
  window.push(Buffer.from('!'), 1);
  t.same(contents(window), Buffer.concat([text.subarray(text.length - 32767), Buffer.from('!')]));
  window.pack();
  window.clear();
  t.equal(window.length, 0);
  t.equal(window.memoryBytes, 0);
  t.end();
});

t.test('does not pack what would not become smaller, or is small already', (t) => {
  const noise = new SlidingWindow(15, new DeflatePool());
  noise.push(randomBytes(32768), 32768);
  noise.pack();
  t.equal(noise.memoryBytes, 32768);
  const alone = new SlidingWindow(15);
  alone.push(Buffer.alloc(32768), 32768);
  alone.pack();
  t.equal(alone.memoryBytes, 32768, 'without a pool');
  const small = new SlidingWindow(15, new DeflatePool());
  small.push(Buffer.alloc(100), 100);
  small.pack();
  t.equal(small.memoryBytes, 512);
  t.end();
});

t.test('lets an engine look back at all of it, wherever its oldest byte lies', (t) => {
  const noise = randomBytes(100_000);
  for (const bits of [8, 15]) {
    const size = 2 ** bits;
    // Empty; not full; full and in order; full, with its oldest byte anywhere in the ring.
    for (const length of [0, 1, 100, size - 1, size, size + 1, size + 77, 3 * size]) {
      const window = new SlidingWindow(bits);
      for (let at = 0; at < length; at += 50)
        window.push(noise.subarray(at), Math.min(50, length - at));
      const kept = noise.subarray(Math.max(0, length - size), length);
      const engine = new ZlibEngine({ mode: 'inflate', windowBits: 15, level: 6, memoryLevel: 8 });
      window.restoreInto(engine);
      // Every byte of the window again, which deflate says by pointing at it.
      const finishFlush = SYNC_FLUSH;
      const options = kept.length === 0 ? { finishFlush } : { finishFlush, dictionary: kept };
      const wire = deflateRawSync(kept, options);
      const output = Buffer.alloc(size);
      engine.run(SYNC_FLUSH, wire, 0, wire.length, output);
      t.equal(engine.fault, undefined);
      t.ok(output.subarray(0, engine.produced).equals(kept), `${length} bytes of 2^${bits}`);
      t.ok(contents(window).equals(kept), 'and stays as it was');
      engine.close();
    }
  }
  t.end();
});

t.test('lets an engine look back at a single byte', (t) => {
  const engine = new ZlibEngine({ mode: 'inflate', windowBits: 15, level: 6, memoryLevel: 8 });
  const window = new SlidingWindow(8);
  window.push(Buffer.from('a'), 1);
  window.restoreInto(engine);
  // A block with fixed codes: three bytes, from one byte before; and the end of the block.
  const wire = Buffer.of(0x02, 0x02, 0x00);
  const output = Buffer.alloc(10);
  engine.run(SYNC_FLUSH, wire, 0, wire.length, output);
  t.equal(engine.fault, undefined);
  t.equal(output.toString('latin1', 0, engine.produced), 'aaa');
  engine.close();
  t.end();
});

import { hasFastPath, UsageError } from 'barewire/base';
import { maskInto, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { chosenSimd } from '../../lib/codec/mask.ts';
import { payloadSimd } from '../../lib/codec/payload-simd.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { resizableMemory } from '../support/memory.ts';

const STRATEGIES = ['auto', 'bytes', 'words', 'simd'] as const;
t.teardown(() => setMaskingStrategy('auto'));

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

t.test('masks and unmasks the example of the RFC in every way [6455-5.3-5]', (t) => {
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    const target = Buffer.alloc(5);
    const masked = bytes('7f 9f 4d 51 58');
    t.equal(maskInto(masked, 0, 5, target, 0, 0x37fa213d, 0) & 0x80, 0);
    t.equal(target.toString(), 'Hello', strategy);
    maskInto(target, 0, 5, target, 0, 0x37fa213d, 0);
    t.same(target, masked, strategy);
  }
  t.end();
});

t.test('goes on within the key where the last piece ended', (t) => {
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    const plain = Buffer.from('a text of some length, cut in every place there is');
    const masked = Buffer.alloc(plain.length);
    maskInto(plain, 0, plain.length, masked, 0, 0x01020304, 0);
    for (let cut = 0; cut <= plain.length; cut += 1) {
      const target = Buffer.alloc(plain.length);
      maskInto(masked, 0, cut, target, 0, 0x01020304, 0);
      maskInto(masked, cut, plain.length, target, cut, 0x01020304, cut);
      if (!target.equals(plain)) t.same(target, plain, `${strategy}, cut at ${cut}`);
    }
  }
  t.pass('all cuts in all ways');
  t.end();
});

t.test('tells a single byte above 0x7f wherever it stands', (t) => {
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    for (const length of [1, 3, 8, 15, 16, 17, 63, 64, 65, 130, 500]) {
      for (let at = 0; at < length; at += 1) {
        const buffer = Buffer.alloc(length, 0x41);
        const none = maskInto(buffer, 0, length, buffer, 0, 0, 0) & 0x80;
        buffer[at] = 0x80;
        const one = maskInto(buffer, 0, length, buffer, 0, 0, 0) & 0x80;
        if (none !== 0 || one !== 0x80) t.fail(`${strategy}: byte ${at} of ${length}`);
      }
    }
  }
  t.pass('all places in all ways');
  t.end();
});

t.test('does nothing with nothing', (t) => {
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    const target = Buffer.alloc(4, 7);
    t.equal(maskInto(Buffer.alloc(0), 0, 0, target, 2, 0xffff_ffff, 1) & 0x80, 0);
    t.same(target, Buffer.alloc(4, 7), strategy);
  }
  t.end();
});

t.test('sees that memory it has met has changed its size', (t) => {
  setMaskingStrategy('words');
  const memory = resizableMemory(64, 256);
  const tracking = new Uint8Array(memory);
  maskInto(tracking, 0, 64, tracking, 0, 0x01010101, 0);
  memory.resize(256);
  maskInto(tracking, 0, 256, tracking, 0, 0x01010101, 0);
  t.equal(tracking[0], 0);
  t.equal(tracking[255], 1);
  t.end();
});

t.test('refuses a strategy that is none', (t) => {
  t.throws(() => setMaskingStrategy('fast' as 'auto'), UsageError);
  t.throws(() => setMaskingStrategy('toString' as 'auto'), { code: 'invalid-argument' });
  t.throws(() => setMaskingStrategy(undefined as unknown as 'auto'), { code: 'invalid-argument' });
  t.end();
});

t.test('gives the module to those whose strategy masks in it', (t) => {
  const module = payloadSimd();
  t.ok(module);
  for (const [strategy, chosen] of [
    ['auto', hasFastPath('mask') ? module : undefined],
    ['bytes', undefined],
    ['words', undefined],
    ['simd', module],
  ] as const) {
    setMaskingStrategy(strategy);
    t.equal(chosenSimd(), chosen, strategy);
  }
  t.end();
});

t.test('masks large memory that comes again, and a part of it, as it does any other', (t) => {
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    for (const size of [131_071, 131_072, 131_073]) {
      const large = Buffer.alloc(size);
      for (const target of [large, large.subarray(9, 60)]) {
        const seen = [1, 2, 3, 4].map(() => {
          maskInto(target, 0, 51, target, 0, 0x01010101, 0);
          return large.reduce((sum, byte) => sum + byte, 0);
        });
        t.same(seen, [51, 0, 51, 0], `${strategy}, ${size} bytes`);
      }
    }
  }
  t.end();
});

t.test('refuses ranges that do not lie in their bytes, and what has other elements', (t) => {
  const eight = Buffer.alloc(8, 1);
  for (const strategy of STRATEGIES) {
    setMaskingStrategy(strategy);
    for (const [source, from, end, target, to] of [
      [eight, 0, 9, Buffer.alloc(9), 0],
      [eight, 0, 8, Buffer.alloc(7), 0],
      [eight, 0, 8, Buffer.alloc(8), 1],
      [eight, -1, 7, Buffer.alloc(8), 0],
      [eight, 0, 7, Buffer.alloc(8), -1],
      [eight, 5, 4, Buffer.alloc(8), 0],
      [eight, Number.NaN, 8, Buffer.alloc(8), 0],
      [new Uint16Array(8), 0, 8, Buffer.alloc(8), 0],
      [eight, 0, 8, new Uint16Array(8), 0],
      [[1, 2, 3], 0, 3, Buffer.alloc(8), 0],
    ] as const) {
      t.throws(
        () => maskInto(source as Buffer, from, end, target as Buffer, to, 0x01010101, 0),
        { code: 'invalid-argument' },
        `${strategy}: ${from} … ${end} to ${to}`,
      );
    }
  }
  t.same(eight, Buffer.alloc(8, 1), 'and writes nothing');
  t.end();
});

passesPlainly(t, import.meta.url);

import { setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { payloadSimd, SLAB_BYTES } from '../../lib/codec/payload-simd.ts';
import { Scratch } from '../../lib/codec/scratch.ts';

t.teardown(() => setMaskingStrategy('auto'));

t.test('lends the slab of the SIMD module, to one at a time', (t) => {
  setMaskingStrategy('simd');
  const first = Scratch.borrow(100);
  t.equal(first.bytes, payloadSimd()!.memory);
  t.equal(first.length, SLAB_BYTES);
  const second = Scratch.borrow(100);
  t.not(second.bytes, first.bytes);
  t.equal(second.length, 100);
  t.equal(second.mask, undefined);
  second.giveBack();
  t.not(Scratch.borrow(1).bytes, first.bytes, 'the slab is still lent');
  first.givenAway = Buffer.alloc(1);
  first.giveBack();
  const third = Scratch.borrow(1 << 30);
  t.equal(third, first);
  t.equal(third.givenAway, undefined);
  third.giveBack();
  t.end();
});

t.test('lends no more than a slab, and never nothing', (t) => {
  const first = Scratch.borrow(1);
  t.equal(Scratch.borrow(1 << 30).length, SLAB_BYTES);
  t.equal(Scratch.borrow(0).length, 1);
  first.giveBack();
  t.end();
});

t.test('lends plain memory where SIMD is not wanted', (t) => {
  setMaskingStrategy('words');
  const plain = Scratch.borrow(10);
  t.equal(plain.mask, undefined);
  t.equal(plain.length, SLAB_BYTES);
  plain.giveBack();
  setMaskingStrategy('simd');
  const slab = Scratch.borrow(10);
  t.equal(slab.bytes, payloadSimd()!.memory);
  slab.giveBack();
  t.end();
});

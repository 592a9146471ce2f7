import { copyPayload, viewPayload } from 'barewire/codec';
import t from 'tap';
import { passesPlainly } from '../support/fast-paths.ts';
import { resizableMemory } from '../support/memory.ts';

const source = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, index) => index * 7));

t.test('copies any range, and no later copy touches an earlier one', (t) => {
  const kept: [copy: Buffer, start: number, end: number][] = [];
  const lengths = [0, 1, 3, 7, 8, 9, 15, 16, 31, 100, 159, 160, 161, 4095, 16_384, 16_385, 70_000];
  for (let round = 0; round < 6; round += 1) {
    for (const length of lengths) {
      const start = round * 3;
      kept.push([copyPayload(source, start, start + length), start, start + length]);
    }
  }
  for (const [copy, start, end] of kept) {
    if (!copy.equals(source.subarray(start, end))) t.fail(`${start} … ${end}`);
  }
  t.ok(kept.every(([copy]) => Buffer.isBuffer(copy)));
  t.end();
});

t.test('is not the source', (t) => {
  const bytes = Buffer.from('abc');
  const copy = copyPayload(bytes, 0, 3);
  bytes.fill(0);
  t.equal(copy.toString(), 'abc');
  copy.fill(1);
  t.same(bytes, Buffer.alloc(3));
  t.end();
});

t.test('keeps its bytes to itself: copies share memory, but no byte of it', (t) => {
  const first = copyPayload(source, 0, 13);
  const second = copyPayload(source, 0, 13);
  second.fill(0xff);
  t.same(first, source.subarray(0, 13));
  first.fill(0xee);
  t.ok(second.every((byte) => byte === 0xff));
  t.end();
});

t.test('sees that its source has changed its place and size', (t) => {
  const large = Buffer.alloc(100, 1);
  const small = large.subarray(50);
  t.same(copyPayload(large, 40, 60), Buffer.alloc(20, 1));
  large.fill(2, 50);
  t.same(copyPayload(small, 0, 20), Buffer.alloc(20, 2));
  t.end();
});

t.test('sees that its source has grown where it lies', (t) => {
  const memory = resizableMemory(16, 64);
  const bytes: Buffer = Object.setPrototypeOf(new Uint8Array(memory), Buffer.prototype);
  bytes.fill(1);
  t.same(copyPayload(bytes, 0, 16), Buffer.alloc(16, 1));
  memory.resize(64);
  bytes.fill(2, 16);
  t.same(copyPayload(bytes, 16, 48), Buffer.alloc(32, 2));
  t.end();
});

t.test('tells sources of the same length apart', (t) => {
  const sources = [1, 2, 3].map((byte) => Buffer.alloc(40, byte));
  for (const bytes of [...sources, ...sources]) t.same(copyPayload(bytes, 0, 40), bytes);
  t.end();
});

t.test('refuses ranges that are none', (t) => {
  const bytes = Buffer.alloc(10);
  for (const [start, end] of [
    [0, 11],
    [-1, 5],
    [5, 4],
    [Number.NaN, 5],
    [0, Number.NaN],
    [11, 12],
  ] as const) {
    t.throws(() => copyPayload(bytes, start, end), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('views a range on the same memory, and refuses what is no range', (t) => {
  const bytes = Buffer.from('abcdefgh').subarray(2, 6);
  const view = viewPayload(bytes, 1, 3);
  t.ok(Buffer.isBuffer(view));
  t.equal(view.toString(), 'de');
  bytes[1] = 0x78;
  t.equal(view.toString(), 'xe');
  t.equal(viewPayload(bytes, 4, 4).length, 0);
  for (const [start, end] of [
    [-1, 2],
    [0, 5],
    [3, 2],
    [Number.NaN, 2],
  ] as const) {
    t.throws(() => viewPayload(bytes, start, end), { code: 'invalid-argument' });
  }
  t.end();
});

passesPlainly(t, import.meta.url);

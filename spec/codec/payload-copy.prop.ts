/** The law of copies: each is what its source was, and stays so, whatever is copied behind it. */
import assert from 'node:assert/strict';
import { copyPayload } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  { weight: 3, arbitrary: fc.integer({ min: 150, max: 170 }) },
  { weight: 1, arbitrary: fc.integer({ min: 16_380, max: 16_390 }) },
);
const copies = fc.array(fc.tuple(lengths, fc.nat(20), fc.nat(9), fc.nat(255)), {
  maxLength: 60,
  size: 'max',
});
/** Sources lie in one memory, at other places each time, as what several connections have read. */
const memory = Buffer.alloc(32_768);

t.test('law: a copy is what its source was, and touches no other copy', (t) => {
  fc.assert(
    fc.property(copies, (list) => {
      const kept: (readonly [copy: Buffer, wanted: Buffer])[] = [];
      for (const [length, start, behind, octet] of list) {
        const bytes = memory.subarray(octet, octet + start + length + behind);
        for (let at = 0; at < bytes.length; at += 1) bytes[at] = octet + at * 7;
        const wanted = Buffer.from(bytes.subarray(start, start + length));
        const copy = copyPayload(bytes, start, start + length);
        bytes.fill(0xaa);
        assert.equal(copy.length, length);
        // Or no array of numbers could be laid over what was received.
        assert.equal(copy.byteOffset % 8, 0);
        kept.push([copy, wanted]);
      }
      // Their owners may do with them as they like.
      for (const [copy, wanted] of kept) {
        assert.ok(copy.equals(wanted));
        copy.fill(0x55);
      }
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

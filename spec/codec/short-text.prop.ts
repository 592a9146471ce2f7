import assert from 'node:assert/strict';
import { decodeAscii } from 'barewire/codec';
import t from 'tap';
import { SHORT_TEXT, shortText } from '../../lib/codec/short-text.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const ascii = fc.uint8Array({ max: 0x7f, maxLength: SHORT_TEXT + 6, size: 'max' });

t.test('law: makes the string that Node makes, wherever it lies, or leaves it to Node', (t) => {
  fc.assert(
    fc.property(ascii, fc.nat(9), fc.nat(9), (text, before, after) => {
      const bytes = Buffer.concat([Buffer.alloc(before, 'b'), text, Buffer.alloc(after, 'a')]);
      const wanted = Buffer.from(text).toString('latin1');
      const short = shortText(bytes, before, text.length);
      assert.equal(short, text.length <= SHORT_TEXT ? wanted : undefined);
      assert.equal(decodeAscii(bytes, before, before + text.length), wanted);
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

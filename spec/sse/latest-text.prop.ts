/** A text that comes again is the text that would have been made, whatever came before. */

import assert from 'node:assert/strict';
import t from 'tap';
import { LatestText } from '../../lib/sse/latest-text.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Few bytes, so that texts come again, nearly come again, and are no UTF-8. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 3 }),
  fc.array(fc.constantFrom(0x61, 0x62, 0x7f, 0x80, 0xc3, 0xa9), { maxLength: 4 }),
  fc.integer({ min: 62, max: 66 }).map((length) => Array<number>(length).fill(0x61)),
);

t.test('law: a text is what its bytes say', (t) => {
  let again = 0;
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 12 }), fc.nat(3), (values, before) => {
      const latest = new LatestText();
      for (const value of values) {
        const bytes = Buffer.from([...Array<number>(before).fill(0x61), ...value, 0x61]);
        const last = latest.text;
        const text = latest.read(bytes, before, before + value.length);
        assert.equal(text, Buffer.from(value).toString());
        assert.equal(latest.text, text);
        if (text === last && text !== '') again += 1;
      }
    }),
    runs(300),
  );
  t.ok(again > 20, `${again} came again`);
  t.end();
});

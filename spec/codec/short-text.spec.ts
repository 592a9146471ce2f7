import t from 'tap';
import { SHORT_TEXT, shortText } from '../../lib/codec/short-text.ts';

t.test('each length has its line, and each place of it its octet', (t) => {
  const bytes = Buffer.from(Array.from({ length: SHORT_TEXT + 2 }, (_, index) => 0x20 + index));
  for (let length = 0; length <= SHORT_TEXT; length += 1) {
    t.equal(shortText(bytes, 1, length), bytes.toString('latin1', 1, 1 + length));
  }
  t.equal(shortText(bytes, 0, SHORT_TEXT + 1), undefined);
  t.end();
});

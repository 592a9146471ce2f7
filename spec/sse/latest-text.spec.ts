import t from 'tap';
import { LatestText } from '../../lib/sse/latest-text.ts';

t.test('reads what stands between, whether it came before or not', (t) => {
  const latest = new LatestText();
  const read = (text: string): string => {
    const bytes = Buffer.from(`<${text}>`);
    return latest.read(bytes, 1, bytes.length - 1);
  };
  for (const text of ['', 'a', 'a', 'b', 'ab', 'ä', 'ä', '', 'x'.repeat(64), 'x'.repeat(65)]) {
    t.equal(read(text), text);
    t.equal(read(text), text, 'again');
    t.equal(latest.text, text);
  }
  t.end();
});

t.test('takes no octet for a letter that has its number', (t) => {
  const latest = new LatestText();
  t.equal(latest.read(Buffer.from('\u00e9\u00e9'), 0, 4), '\u00e9\u00e9');
  t.equal(latest.read(Buffer.from([0xe9, 0xe9]), 0, 2), '\ufffd\ufffd');
  t.end();
});

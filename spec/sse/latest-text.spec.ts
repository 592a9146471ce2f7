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
  // The first that is none, and the last that is one.
  t.equal(latest.read(Buffer.from('\u0080\u007f'), 0, 3), '\u0080\u007f');
  t.equal(latest.read(Buffer.from([0x80, 0x7f]), 0, 2), '\ufffd\u007f');
  t.end();
});

t.test('makes no ASCII again that came just before, of up to 64 octets', (t) => {
  const latest = new LatestText();
  let made = 0;
  const read = (text: string): string => {
    const bytes = Buffer.from(text);
    bytes.toString = (...given) => {
      made += 1;
      return Buffer.prototype.toString.apply(bytes, given);
    };
    return latest.read(bytes, 0, bytes.length);
  };
  for (const text of ['a', 'a\u007f', 'x'.repeat(64)]) {
    made = 0;
    t.equal(read(text), text);
    t.equal(read(text), text);
    t.equal(made, 1);
  }
  for (const text of ['x'.repeat(65), 'a\u0080']) {
    made = 0;
    t.equal(read(text), text);
    t.equal(read(text), text);
    t.equal(made, 2, 'comparing it would cost as much');
  }
  t.end();
});

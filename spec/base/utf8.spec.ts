import { Utf8Validator } from 'barewire/base';
import t from 'tap';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const BAD: readonly (readonly [title: string, hex: string, at: number])[] = [
  ['a lone tail byte', '80', 0],
  ['an overlong two-byte form', 'c0 af', 0],
  ['an overlong three-byte form', 'e0 9f bf', 1],
  ['an overlong four-byte form', 'f0 8f bf bf', 1],
  ['a high surrogate', 'ed a0 80', 1],
  ['a code point above U+10FFFF', 'f4 90 80 80', 1],
  ['a lead byte that no code point has', 'f5 80 80 80', 0],
  ['a lead byte instead of a tail byte', 'c3 c3', 1],
  ['ASCII instead of a tail byte', 'e2 82 41', 2],
];

for (const [title, hex, at] of BAD) {
  t.test(`points at the first bad byte of ${title}`, (t) => {
    const prefix = Buffer.from('κόσμε '.repeat(20));
    const input = bytes(hex);
    t.equal(new Utf8Validator().push(input), at);
    t.equal(new Utf8Validator().push(Buffer.concat([prefix, input])), prefix.length + at);
    const fed = new Utf8Validator();
    const found = [...input].findIndex((byte) => fed.push(Buffer.of(byte)) === 0);
    t.equal(found, at);
    t.end();
  });
}

t.test('knows whether a code point is half read', (t) => {
  const validator = new Utf8Validator();
  t.equal(validator.isComplete, true);
  t.equal(validator.push(bytes('f0 9f 98')), -1);
  t.equal(validator.isComplete, false);
  t.equal(validator.push(bytes('80')), -1);
  t.equal(validator.isComplete, true);
  validator.push(bytes('e2'));
  validator.reset();
  t.equal(validator.isComplete, true);
  t.equal(validator.push(bytes('41')), -1);
  t.end();
});

t.test('checks only the range it is given', (t) => {
  const input = bytes('ff 41 42 ff');
  t.equal(new Utf8Validator().push(input, 1, 3), -1);
  t.equal(new Utf8Validator().push(input, 1), 3);
  t.equal(new Utf8Validator().push(input, 2, 2), -1);
  t.end();
});

t.test('resumes a code point that the last piece has cut, however long the next piece is', (t) => {
  const rest = Buffer.concat([bytes('9f 98 80'), Buffer.from('ascii '.repeat(20)), bytes('c3')]);
  for (const [title, next, bad] of [
    ['good', rest, -1],
    ['a wrong tail byte', Buffer.concat([bytes('41'), rest]), 0],
    ['a tail byte too many', Buffer.concat([bytes('9f 98 80 80'), rest]), 3],
    ['a bad byte far on', Buffer.concat([rest, bytes('c3')]), rest.length],
  ] as const) {
    const validator = new Utf8Validator();
    validator.push(bytes('f0'));
    t.equal(validator.push(next), bad, title);
  }
  t.end();
});

t.test('gives the same verdict around the length where the bulk check begins', (t) => {
  for (let length = 40; length <= 60; length += 1) {
    for (const tail of ['', 'c3', 'e2 82', 'f0 9f 98', 'f0 9f 98 80']) {
      const input = Buffer.concat([Buffer.alloc(length, 0x61), bytes(tail)]);
      const validator = new Utf8Validator();
      if (validator.push(input) !== -1) t.fail(`${length} bytes and ${tail}`);
      if (validator.isComplete !== (tail === '' || tail.length === 11))
        t.fail(`half read: ${tail}`);
    }
  }
  t.pass('every length agrees');
  t.end();
});

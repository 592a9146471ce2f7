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

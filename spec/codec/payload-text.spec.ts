import { decodeAscii, decodeUtf8, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';

t.teardown(() => setMaskingStrategy('auto'));
const STRATEGIES = ['auto', 'bytes'] as const;

const TEXTS: readonly string[] = [
  '',
  'plain',
  'é',
  'Grüße aus Köln, und noch ein paar Zeichen mehr',
  '漢字仮名交じり文',
  'a😀b😀😀c',
  '\u0000\u007f\u0080\u00ff\u0100\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}',
  '\ufeffbyte order mark',
  `${'x'.repeat(31)}é${'y'.repeat(33)}`,
];

/** Bytes that no text has, each of them where a text may go wrong [RFC 3629 §4]. */
const BAD: readonly (readonly [title: string, hex: string])[] = [
  ['a lone tail byte', '80'],
  ['a code point cut off after its lead byte', 'c3'],
  ['a code point cut off in its middle', 'e282'],
  ['a code point cut off before its last byte', 'f09f98'],
  ['overlong two bytes', 'c1bf'],
  ['overlong three bytes', 'e09fbf'],
  ['overlong four bytes', 'f08fbfbf'],
  ['a surrogate', 'eda080'],
  ['a code point above U+10FFFF', 'f4908080'],
  ['a lead byte of five', 'f888808080'],
  ['a lead byte of none', 'ff'],
  ['ASCII for a tail byte', 'e28241'],
  ['a lead byte for a tail byte', 'c3c3'],
];

for (const strategy of STRATEGIES) {
  t.test(`decodes text by ${strategy}, wherever it stands`, (t) => {
    setMaskingStrategy(strategy);
    for (const text of TEXTS) {
      const bytes = Buffer.concat([Buffer.of(0xff), Buffer.from(text), Buffer.of(0xc3)]);
      t.equal(decodeUtf8(bytes, 1, bytes.length - 1), text, text);
    }
    t.end();
  });

  t.test(`refuses what is no UTF-8 by ${strategy} [6455-8.1-1 6455-5.6-3]`, (t) => {
    setMaskingStrategy(strategy);
    for (const [title, hex] of BAD) {
      for (const before of ['', 'a', '12345678', 'ж', '語😀']) {
        const begin = Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex')]);
        t.equal(decodeUtf8(begin, 0, begin.length), undefined, `${before} ${title}`);
        const middle = Buffer.concat([begin, Buffer.from(' and more')]);
        t.equal(decodeUtf8(middle, 0, middle.length), undefined, `${before} ${title}, and more`);
      }
    }
    t.end();
  });

  t.test(`decodes long text by ${strategy}, whatever stands at the seams`, (t) => {
    setMaskingStrategy(strategy);
    for (const character of ['a', 'é', '語', '😀']) {
      for (let shift = 0; shift < 4; shift += 1) {
        const text = `${'-'.repeat(shift)}${character.repeat(70_000)}`;
        const bytes = Buffer.from(text);
        t.ok(decodeUtf8(bytes, 0, bytes.length) === text, `${character}, shifted by ${shift}`);
      }
    }
    for (const before of [65_530, 65_534]) {
      const tails = Buffer.concat([Buffer.alloc(before, 0x41), Buffer.alloc(20, 0x80)]);
      t.equal(decodeUtf8(tails, 0, tails.length), undefined);
    }
    const late = Buffer.concat([Buffer.from('語'.repeat(50_000)), Buffer.of(0xe8)]);
    t.equal(decodeUtf8(late, 0, late.length), undefined);
    t.end();
  });
}

t.test('copies ASCII as it is', (t) => {
  t.equal(decodeAscii(Buffer.from('hello'), 1, 4), 'ell');
  t.equal(decodeAscii(Buffer.from('hello'), 2, 2), '');
  const long = 'hello '.repeat(50);
  t.equal(decodeAscii(Buffer.from(`(${long})`), 1, 1 + long.length), long);
  t.end();
});

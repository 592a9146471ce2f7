import assert from 'node:assert/strict';
import { Utf8Validator } from 'barewire/base';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';
import { anyText, decodeOrRefuse } from '../support/utf8-arbitraries.ts';

t.test('law: agrees with TextDecoder however the bytes are cut', (t) => {
  const seen = { text: 0, none: 0 };
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(500), { maxLength: 5 }), (input, cuts) => {
      const validator = new Utf8Validator();
      const failed = cutAt(input, cuts).some((chunk) => validator.push(chunk) !== -1);
      const isText = decodeOrRefuse(input) !== undefined;
      seen[isText ? 'text' : 'none'] += 1;
      return (!failed && validator.isComplete) === isText;
    }),
    runs(2000),
  );
  t.ok(Math.min(seen.text, seen.none) > 200, JSON.stringify(seen));
  t.end();
});

t.test('law: names the same byte whole and byte by byte', (t) => {
  fc.assert(
    fc.property(anyText, (input) => {
      const slow = new Utf8Validator();
      const expected = [...input].findIndex((byte) => slow.push(Buffer.of(byte)) !== -1);
      return new Utf8Validator().push(input) === expected;
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: half a code point is never completed by text that is whole', (t) => {
  const cut = fc.constantFrom('é', '語', '😀').chain((character) => {
    const bytes = Buffer.from(character);
    return fc.integer({ min: 1, max: bytes.length - 1 }).map((end) => bytes.subarray(0, end));
  });
  // Short text is looked at byte by byte, longer text at once.
  const whole = fc
    .tuple(fc.constantFrom('a', 'é', '語', '😀'), fc.integer({ min: 1, max: 120 }))
    .map(([character, count]) => Buffer.from(character.repeat(count)));
  fc.assert(
    fc.property(whole, cut, whole, (before, half, behind) => {
      const validator = new Utf8Validator();
      assert.equal(validator.push(Buffer.concat([before, half])), -1);
      assert.equal(validator.isComplete, false);
      assert.equal(validator.push(behind), 0);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

import { Utf8Validator } from 'barewire/base';
import fc from 'fast-check';
import t from 'tap';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const isWellFormed = (input: Uint8Array): boolean => {
  try {
    decoder.decode(input);
    return true;
  } catch {
    return false;
  }
};

const almostText = fc
  .tuple(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 2 }),
  )
  .map(([text, patches]) => {
    const input = Buffer.from(text);
    for (const [at, byte] of patches) if (at < input.length) input[at] = byte;
    return input;
  });

t.test('agrees with TextDecoder however the bytes are cut', (t) => {
  fc.assert(
    fc.property(almostText, fc.array(fc.nat(500), { maxLength: 5 }), (input, cuts) => {
      const validator = new Utf8Validator();
      const failed = cutAt(input, cuts).some((chunk) => validator.push(chunk) !== -1);
      return (!failed && validator.isComplete) === isWellFormed(input);
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('names the same byte whole and byte by byte', (t) => {
  fc.assert(
    fc.property(almostText, (input) => {
      const slow = new Utf8Validator();
      const expected = [...input].findIndex((byte) => slow.push(Buffer.of(byte)) !== -1);
      return new Utf8Validator().push(input) === expected;
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

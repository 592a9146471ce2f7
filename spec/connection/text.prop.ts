import { TextPieces } from 'barewire/connection';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

/** Half of a code point above U+FFFF. */
const LONE_SURROGATE = /\p{Surrogate}/u;

t.test('pieces joined are the text, however its bytes were cut, and no piece ends inside', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.nat(240), { maxLength: 6 }),
      (text, cuts) => {
        const decoder = new TextPieces();
        const parts = cutAt(Buffer.from(text), cuts).map((chunk) =>
          decoder.decode(chunk, 0, chunk.length),
        );
        return parts.join('') === text && parts.every((part) => !LONE_SURROGATE.test(part));
      },
    ),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

import { equalsIgnoringCase, isFieldValue, isToken, lowerAscii, trimOws } from 'barewire/base';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Strings in which letters, their look-alikes and the ends of the classes are frequent. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'AaKkSsZz@[`{ \t:\r\n\0\x7f\x80\xff\u0100\u212a\u017f\u0130'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lowerLiterally = (input: string): string =>
  Array.from(input, (c) => (LETTERS.includes(c) ? c.toLowerCase() : c)).join('');

const law = (title: string, check: (a: string, b: string) => boolean): void => {
  t.test(title, (t) => {
    fc.assert(fc.property(text, text, check), runs(3000));
    t.pass('no counterexample');
    t.end();
  });
};

law(
  'lower-cases as a literal reading of the rule does',
  (a) => lowerAscii(a) === lowerLiterally(a),
);

law('calls equal exactly what lower-cases to the same string', (a, b) => {
  const upper = a.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return (
    equalsIgnoringCase(a, upper) &&
    equalsIgnoringCase(a, b) === (lowerLiterally(a) === lowerLiterally(b))
  );
});

law('sees tokens and field values as the grammar does', (a) => {
  const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(a);
  const value = /^[\t\x20-\x7e\x80-\xff]*$/.test(a);
  return isToken(a) === token && isFieldValue(a) === value;
});

law('trims what the pattern [ \\t] trims, once and for all', (a, b) => {
  const padded = `${b} ${a}\t`;
  const trimmed = trimOws(padded);
  return (
    trimmed === padded.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '') && trimOws(trimmed) === trimmed
  );
});

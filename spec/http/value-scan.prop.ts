import t from 'tap';
import { skipToken, skipValue, wordsBehind } from '../../lib/http/value-scan.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Octets as values have them, with some of those in between that are looked at one by one. */
const octets = fc.array(
  fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    { weight: 4, arbitrary: fc.constantFrom(0x09, 0x80, 0xa0, 0xff) },
    { weight: 1, arbitrary: fc.constantFrom(0x00, 0x0a, 0x0d, 0x1f, 0x7f, 0x3a) },
  ),
  { maxLength: 60, size: 'max' },
);

/** Where a view begins in its memory, and the part of it that is looked at. */
const places = fc.record({ offset: fc.nat(9), at: fc.nat(20), behind: fc.nat(20) });

/** The first octet that a character class has not, or the end of the part. */
function skipNaively(bytes: Buffer, at: number, stop: number, known: RegExp): number {
  let index = at;
  while (index < stop && known.test(String.fromCharCode(bytes[index]!))) index += 1;
  return index;
}

t.test('skips the octets of a value as one would octet by octet', (t) => {
  fc.assert(
    fc.property(octets, places, (values, { offset, at, behind }) => {
      const memory = Buffer.from([...Array(offset).fill(0), ...values]);
      const bytes = Buffer.from(memory.buffer, memory.byteOffset + offset, values.length);
      const stop = Math.max(0, values.length - behind);
      const start = Math.min(at, stop);
      const found = skipValue(bytes, wordsBehind(bytes), bytes.byteOffset, start, stop);
      return found === skipNaively(bytes, start, stop, /[\t\x20-\x7e\x80-\xff]/);
    }),
    runs(3000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('skips the octets of a token as one would octet by octet', (t) => {
  const tokens = fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...Buffer.from("aZ09!#$%&'*+-.^_`|~")) },
      { weight: 1, arbitrary: fc.constantFrom(...Buffer.from(': \t\r\n"(),/;<=>?@[\\]{}\x7f\0')) },
    ),
    { maxLength: 20, size: 'max' },
  );
  fc.assert(
    fc.property(tokens, places, (values, { at, behind }) => {
      const bytes = Buffer.from(values);
      const stop = Math.max(0, values.length - behind);
      const start = Math.min(at, stop);
      const known = /[-0-9A-Za-z!#$%&'*+.^_`|~]/;
      return skipToken(bytes, start, stop) === skipNaively(bytes, start, stop, known);
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

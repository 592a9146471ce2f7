/** Laws of lists: cut at each comma, compared case-blind, and no element is taken for another. */
import assert from 'node:assert/strict';
import { hasElement, listElements } from 'barewire/http';
import t from 'tap';
import { isPersistent } from '../../lib/http/lists.ts';
import { fc } from '../support/fast-check.ts';
import { characters, text } from '../support/http-generators.ts';
import { runs } from '../support/laws.ts';

const ows = fc.constantFrom('', '', ' ', '\t', ' \t ');
/** Few names, so that one is often looked for that is there, or that is nearly the same. */
const NAMES = ['close', 'keep-alive', 'upgrade', 'Close', 'KEEP-ALIVE', 'uPGRADE'];
const odd = fc.constantFrom(
  ...['closed', 'clo', 'enclose', 'close;x', '"close"', 'keep alive', 'Keep-Al\u0131ve'],
  ...['\u212aeep-alive', 'clo\u017fe', 'close\u00a0', 'close\v', ''],
);
const any = text(
  characters(0, 0xff).filter((character) => character !== ','),
  0,
  6,
);
const element = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NAMES) }, odd, any);

const isOws = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** Takes one character of whitespace after the other off both ends. */
function bare(value: string): string {
  const all = [...value];
  while (isOws(all[0])) all.shift();
  while (isOws(all.at(-1))) all.pop();
  return all.join('');
}

/** The elements, found character by character. */
function elementsOf(value: string): string[] {
  const found = [''];
  for (const character of value) {
    if (character === ',') found.push('');
    else found[found.length - 1] += character;
  }
  return found.map(bare).filter((each) => each !== '');
}

/** The same to the letter, but for A to Z. */
function isSame(left: string, right: string): boolean {
  const codes = (value: string): number[] =>
    [...value].map((character) => {
      const code = character.codePointAt(0)!;
      return code >= 65 && code <= 90 ? code + 32 : code;
    });
  return String(codes(left)) === String(codes(right));
}

/** A value as a reader of fields gives it: without whitespace at its ends. */
const list = fc
  .array(fc.tuple(ows, element, ows), { maxLength: 6 })
  .map((parts) => bare(parts.map((part) => part.join('')).join(',')));

t.test('law: the elements of a list are what stands between its commas', (t) => {
  const seen = { one: 0, more: 0, none: 0 };
  fc.assert(
    fc.property(list, (value) => {
      const wanted = elementsOf(value);
      assert.deepEqual(listElements(value), wanted);
      seen[wanted.length === 0 ? 'none' : wanted.length === 1 ? 'one' : 'more'] += 1;
    }),
    runs(1000),
  );
  t.ok(Math.min(...Object.values(seen)) > 50, JSON.stringify(seen));
  t.end();
});

t.test('law: an element is there when one is the same but for the case of A to Z', (t) => {
  const wanted = fc.constantFrom('close', 'keep-alive', 'upgrade');
  const seen = { there: 0, missing: 0 };
  fc.assert(
    fc.property(list, wanted, (value, name) => {
      const isThere = elementsOf(value).some((each) => isSame(each, name));
      assert.equal(hasElement(value, name), isThere);
      seen[isThere ? 'there' : 'missing'] += 1;
    }),
    runs(2000),
  );
  t.ok(Math.min(seen.there, seen.missing) > 200, JSON.stringify(seen));
  t.end();
});

t.test('law: a connection goes on unless the rules of RFC 9112 §9.3 end it', (t) => {
  const seen = { goesOn: 0, ends: 0 };
  const version = fc.constantFrom('1.0' as const, '1.1' as const);
  fc.assert(
    fc.property(version, fc.option(list, { nil: undefined }), (spoken, value) => {
      const has = (name: string): boolean =>
        elementsOf(value ?? '').some((each) => isSame(each, name));
      let goesOn = false;
      if (has('close')) goesOn = false;
      else if (spoken === '1.1') goesOn = true;
      else if (has('keep-alive')) goesOn = true;
      assert.equal(isPersistent(spoken, value), goesOn);
      seen[goesOn ? 'goesOn' : 'ends'] += 1;
    }),
    runs(1000),
  );
  t.ok(Math.min(seen.goesOn, seen.ends) > 100, JSON.stringify(seen));
  t.end();
});

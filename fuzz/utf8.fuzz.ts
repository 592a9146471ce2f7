/**
 * The UTF-8 check [RFC 3629 §4] against `TextDecoder` and against a literal reading of the grammar.
 *
 * Invariants, for any bytes in any pieces, in any range of a larger buffer:
 * - the bytes pass exactly when `TextDecoder({ fatal: true })` decodes them;
 * - the byte that is refused is the same whole and in pieces, and is the one where the longest
 *   beginning of well-formed text ends;
 * - `isComplete` says exactly whether the text may end here;
 * - `reset` makes it new.
 */
import { Utf8Validator } from 'barewire/base';
import { cutAt } from '../spec/support/feeding.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const reused = new Utf8Validator();

function decodes(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * The offset of the first byte that no well-formed text can have there, or -1; read off the ABNF.
 */
function firstBad(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    const shape = SHAPES.find(([low, high]) => lead >= low && lead <= high);
    if (shape === undefined) return at;
    at += 1;
    for (const [low, high] of shape[2]) {
      if (at >= bytes.length) return -1;
      if (bytes[at]! < low || bytes[at]! > high) return at;
      at += 1;
    }
  }
  return -1;
}

type Range = readonly [low: number, high: number];
const TAIL: Range = [0x80, 0xbf];
const SHAPES: readonly (readonly [low: number, high: number, tails: readonly Range[]])[] = [
  [0x00, 0x7f, []],
  [0xc2, 0xdf, [TAIL]],
  [0xe0, 0xe0, [[0xa0, 0xbf], TAIL]],
  [0xe1, 0xec, [TAIL, TAIL]],
  [0xed, 0xed, [[0x80, 0x9f], TAIL]],
  [0xee, 0xef, [TAIL, TAIL]],
  [0xf0, 0xf0, [[0x90, 0xbf], TAIL, TAIL]],
  [0xf1, 0xf3, [TAIL, TAIL, TAIL]],
  [0xf4, 0xf4, [[0x80, 0x8f], TAIL, TAIL]],
];

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const cuts = choices.cuts(6);
  const isRange = choices.flag();
  const text = choices.rest;
  const expected = firstBad(text);
  reused.reset();
  let found = -1;
  let offset = 0;
  for (const chunk of cutAt(text, cuts)) {
    const framed = isRange ? Buffer.concat([Buffer.of(0xff), chunk, Buffer.of(0xff)]) : chunk;
    const start = isRange ? 1 : 0;
    const bad = reused.push(framed, start, start + chunk.length);
    if (bad !== -1) {
      found = offset + bad - start;
      break;
    }
    offset += chunk.length;
  }
  expectLaw(found === expected, 'names the first bad byte', () => `${found}, not ${expected}`);
  expectLaw(new Utf8Validator().push(text) === expected, 'pieces do not matter');
  const passes = found === -1 && reused.isComplete;
  expectLaw(passes === decodes(text), 'agrees with TextDecoder', () => String(passes));
}

/** UTF-8, differential. */
export const target: FuzzTarget = {
  name: 'utf8',
  subjects: ['base/utf8'],
  seeds: ['', 'ascii', 'κόσμε', '\u{1f600}'.repeat(20), '\ud7ff\ue000\uffff\u{10ffff}'].map(
    (text) => Buffer.from(text),
  ),
  dictionary: [
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ],
  maxLength: 300,
  run,
};

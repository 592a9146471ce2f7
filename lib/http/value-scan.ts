/**
 * The longest loop of the chapter: over the octets of field values [RFC 9110 §5.5], eight at a
 * time.
 *
 * ```
 *   a b | c d e f  g h i j | k l m n  o p q r | s t CR LF
 *   ^ up to a word         two words a turn   ^ octets again, from the first pair that is not plain
 * ```
 * A pair of words is plain when all its octets are 20 – 7E, which two additions and a mask can
 * tell, whatever the byte order; HTAB and 80 – FF are looked at one by one. What that is worth
 * against a loop over octets shows in `npm run bench -- paths "heads varied"`.
 */
import { CHARACTER_CLASS, hasFastPath, TOKEN } from '../base/index.ts';

const IS_FAST = hasFastPath('value-scan');

// Constants of one's own are folded into the machine code; imported ones are loaded at each use,
// which made these loops half as fast again.
const HTAB = 0x09;
const SP = 0x20;
const DEL = 0x7f;
/** 1 for each octet that may stand in a token. */
const IS_TOKEN = CHARACTER_CLASS.map((bits) => bits & TOKEN);

/** Where an octet is below 20, subtracting 20 sets its top bit, */
const EACH_20 = 0x20202020;
/** where it is 7F, adding 1 does, and where it is 80 or more one of the two does. */
const EACH_01 = 0x01010101;
const TOP_BITS = 0x80808080 | 0;

let lastStore: ArrayBufferLike | undefined;
let lastWords = new Int32Array(0);

/**
 * Returns the whole words of the memory behind `bytes`, for {@link skipValue}. A server that reads
 * into one shared buffer pays for the view once; the one seen last is kept, and nothing is read
 * from it.
 */
export function wordsBehind(bytes: Buffer): Int32Array {
  const store = bytes.buffer;
  if (IS_FAST && store !== lastStore) {
    lastWords = new Int32Array(store as ArrayBuffer, 0, store.byteLength >> 2);
    lastStore = store;
  }
  return lastWords;
}

/**
 * Returns the index of the first octet that cannot stand in a value, or `stop`.
 *
 * @param words what {@link wordsBehind} returned for `bytes`.
 * @param offset where `bytes` begins in `words`, in octets. An argument, because to ask for it at
 *   each value takes as long as to scan a short one.
 */
export function skipValue(
  bytes: Buffer,
  words: Int32Array,
  offset: number,
  at: number,
  stop: number,
): number {
  // Memory can grow and shrink under a view: what the view does not reach is looked at in octets.
  const last = Math.min((stop + offset) >> 2, words.length) - 1;
  // The first word may begin before `at`: what stands there can at worst make the pair not plain.
  let index = (at + offset) >> 2;
  for (;;) {
    for (; index < last; index += 2) {
      const first = words[index]!;
      const second = words[index + 1]!;
      const low = (first - EACH_20) | (second - EACH_20);
      const high = (first + EACH_01) | (second + EACH_01);
      if (((low | high) & TOP_BITS) !== 0) break;
    }
    // The pair that is not plain, or what is left behind the last one.
    const pair = (index << 2) - offset;
    const next = Math.min(stop, pair + 8);
    if (at < pair) at = pair;
    for (; at < next; at += 1) {
      const octet = bytes[at]!;
      if ((octet < SP && octet !== HTAB) || octet === DEL) return at;
    }
    if (at >= stop) return stop;
    index += 2;
  }
}

/**
 * Returns the index of the first octet that cannot stand in a token [RFC 9110 §5.6.2], or `stop`.
 */
export function skipToken(bytes: Buffer, at: number, stop: number): number {
  const last = stop - 4;
  while (at <= last) {
    if (IS_TOKEN[bytes[at]!] === 0) return at;
    if (IS_TOKEN[bytes[at + 1]!] === 0) return at + 1;
    if (IS_TOKEN[bytes[at + 2]!] === 0) return at + 2;
    if (IS_TOKEN[bytes[at + 3]!] === 0) return at + 3;
    at += 4;
  }
  while (at < stop && IS_TOKEN[bytes[at]!] === 1) at += 1;
  return at;
}

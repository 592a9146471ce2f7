/**
 * Character classes of the HTTP grammar, one bit each in a 256-entry table [RFC 9110 §5.6.2].
 *
 * ```
 * token       = 1*tchar
 * tchar       = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|"
 *             / "~" / DIGIT / ALPHA
 * field-vchar = VCHAR / obs-text ; 21-7E / 80-FF        field value also holds SP and HTAB
 * ```
 * One load and one AND decide about a byte; nothing here knows what the bytes mean.
 */

/** Bit of {@link CHARACTER_CLASS}: the byte may stand in a token. */
export const TOKEN = 1;
/** Bit of {@link CHARACTER_CLASS}: the byte may stand in a field value (SP and HTAB included). */
export const FIELD_VALUE = 2;
/** Bit of {@link CHARACTER_CLASS}: "0" – "9". */
export const DIGIT = 4;
/** Bit of {@link CHARACTER_CLASS}: "0" – "9", "a" – "f", "A" – "F". */
export const HEX_DIGIT = 8;
/** Bit of {@link CHARACTER_CLASS}: visible ASCII, 21 – 7E. */
export const VISIBLE = 16;
/** Bit of {@link CHARACTER_CLASS}: "a" – "z", "A" – "Z". */
export const ALPHA = 32;

/** Horizontal tab: with SP, the only white space inside a line. */
export const HTAB = 0x09;
/** Line feed. */
export const LF = 0x0a;
/** Carriage return. */
export const CR = 0x0d;
/** Space. */
export const SP = 0x20;
/** ":", which ends a field name. */
export const COLON = 0x3a;

/** The classes of every byte value. */
export const CHARACTER_CLASS: Uint8Array = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (characters: string, bits: number): void => {
    for (const character of characters) table[character.charCodeAt(0)]! |= bits;
  };
  add('0123456789', TOKEN | DIGIT | HEX_DIGIT);
  add('abcdefABCDEF', HEX_DIGIT);
  add('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', TOKEN | ALPHA);
  add("!#$%&'*+-.^_`|~", TOKEN);
  for (let byte = 0x21; byte <= 0x7e; byte += 1) table[byte]! |= VISIBLE | FIELD_VALUE;
  for (let byte = 0x80; byte <= 0xff; byte += 1) table[byte]! |= FIELD_VALUE;
  table[SP]! |= FIELD_VALUE;
  table[HTAB]! |= FIELD_VALUE;
  return table;
}

/** Tells whether a string is a token [RFC 9110 §5.6.2]. O(length); the empty string is none. */
export function isToken(text: string): boolean {
  return text.length > 0 && hasOnly(text, TOKEN);
}

/**
 * Tells whether a string may be written as a field value: no CR, LF, NUL or other control character
 * but HTAB, and nothing above U+00FF, because field values are bytes [RFC 9110 §5.5]. White space
 * at the ends passes: a reader takes it off again.
 */
export function isFieldValue(text: string): boolean {
  return hasOnly(text, FIELD_VALUE);
}

function hasOnly(text: string, bits: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0xff || (CHARACTER_CLASS[code]! & bits) === 0) return false;
  }
  return true;
}

/**
 * Compares two strings, taking "A" – "Z" for "a" – "z" and nothing else for anything else: Unicode
 * case folding would make the Kelvin sign a `k` [RFC 9110 §5.1]. O(length), allocates nothing.
 */
export function equalsIgnoringCase(left: string, right: string): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b && lowerCode(a) !== lowerCode(b)) return false;
  }
  return true;
}

function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** Lower-cases "A" – "Z" and leaves every other character alone. */
export function lowerAscii(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase();
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const NOT_ASCII = /[^\0-\x7f]/;

/** Removes SP and HTAB at both ends, and nothing else [RFC 9110 §5.6.3]. O(length). */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start += 1;
  while (end > start && isOws(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === SP || code === HTAB;
}

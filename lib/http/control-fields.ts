/**
 * The fields that steer a connection: found in one pass over a section, so that nothing that
 * decides about framing is looked up twice and read differently.
 *
 * Their names happen to have six different lengths, so the length tells which one a name may be,
 * and a comparison whether it is. What the values mean is decided elsewhere.
 */
import type { FieldSection } from './field-section.ts';
import { cutValue, isOws } from './fields.ts';

/** The steering fields, by the length of their names. */
const NAMES: readonly string[] = [
  'host',
  'expect',
  'upgrade',
  'connection',
  'content-length',
  'transfer-encoding',
];

const NAME_BYTES: readonly Uint8Array[] = NAMES.map((name) => Uint8Array.from(Buffer.from(name)));

const LONGEST = 17;
/** With which letter the name of a length begins, and which it is; 0 where there is none. */
const LETTER = new Uint8Array(LONGEST + 1);
const BY_LENGTH = new Uint8Array(LETTER.length);
for (const [index, name] of NAMES.entries()) {
  BY_LENGTH[name.length] = index;
  LETTER[name.length] = name.charCodeAt(0);
}

/** A steering field, as the methods below want it. */
export type ControlField = 0 | 1 | 2 | 3 | 4 | 5;

/** `Host` [RFC 9110 §7.2]. */
export const HOST: ControlField = 0;
/** `Expect` [RFC 9110 §10.1.1]. */
export const EXPECT: ControlField = 1;
/** `Upgrade` [RFC 9110 §7.8]. */
export const UPGRADE: ControlField = 2;
/** `Connection` [RFC 9110 §7.6.1]. */
export const CONNECTION: ControlField = 3;
/** `Content-Length` [RFC 9110 §8.6]. */
export const CONTENT_LENGTH: ControlField = 4;
/** `Transfer-Encoding` [RFC 9112 §6.1]. */
export const TRANSFER_ENCODING: ControlField = 5;

/** Knows where the steering fields of one section are; {@link find} makes it new. */
export class ControlFields {
  readonly #section: FieldSection;
  /** A bit for each field that occurs; only for those the two tables say something. */
  #seen = 0;
  readonly #counts = new Int32Array(NAMES.length);
  readonly #firstLines = new Int32Array(NAMES.length);
  /** Where the value on the first line lies in the text, without the whitespace around it. */
  readonly #starts = new Int32Array(NAMES.length);
  readonly #ends = new Int32Array(NAMES.length);

  /** Finds fields in whatever `section` has scanned last. */
  constructor(section: FieldSection) {
    this.#section = section;
  }

  /**
   * Looks through the section's lines. O(lines).
   *
   * @param bytes where the head lies, all of it.
   * @param base index in `bytes` of the head's first octet.
   */
  find(bytes: Buffer, base: number): void {
    const { offsets, count } = this.#section;
    let start = this.#section.start;
    this.#seen = 0;
    for (let line = 0; line < count; line += 1) {
      const length = offsets[line * 2]! - start;
      // Most lines are told apart by one letter.
      if (length <= LONGEST && (bytes[base + start]! | 0x20) === LETTER[length]!) {
        this.#note(BY_LENGTH[length]! as ControlField, bytes, base, start, line);
      }
      start = offsets[line * 2 + 1]! + 2;
    }
  }

  #note(field: ControlField, bytes: Buffer, base: number, nameStart: number, line: number): void {
    const name = NAME_BYTES[field]!;
    const nameAt = base + nameStart;
    for (let index = 1; index < name.length; index += 1) {
      if ((bytes[nameAt + index]! | 0x20) !== name[index]!) return;
    }
    const bit = 1 << field;
    if ((this.#seen & bit) !== 0) {
      this.#counts[field]! += 1;
      return;
    }
    const { offsets } = this.#section;
    this.#seen |= bit;
    this.#firstLines[field] = line;
    this.#counts[field] = 1;
    let start = offsets[line * 2]! + 1;
    let end = offsets[line * 2 + 1]!;
    while (start < end && isOws(bytes[base + start]!)) start += 1;
    while (end > start && isOws(bytes[base + end - 1]!)) end -= 1;
    this.#starts[field] = start;
    this.#ends[field] = end;
  }

  /** Returns on how many lines a field occurs. */
  count(field: ControlField): number {
    return (this.#seen & (1 << field)) === 0 ? 0 : this.#counts[field]!;
  }

  /** Returns where the value on a field's first line begins in the text; only where it occurs. */
  startOf(field: ControlField): number {
    return this.#starts[field]!;
  }

  /** Returns where that value ends. */
  endOf(field: ControlField): number {
    return this.#ends[field]!;
  }

  /**
   * Returns a field's value, several lines joined with commas; `undefined` when it does not occur.
   */
  value(field: ControlField, text: string): string | undefined {
    const count = this.count(field);
    if (count === 0) return undefined;
    const { offsets } = this.#section;
    const first = this.#firstLines[field]!;
    let value = text.substring(this.#starts[field]!, this.#ends[field]!);
    for (let line = first + 1, due = count - 1; due > 0; line += 1) {
      const start = offsets[line * 2 - 1]! + 2;
      const colon = offsets[line * 2]!;
      if (colon - start !== NAMES[field]!.length || !isName(text, start, NAMES[field]!)) continue;
      value += `,${cutValue(text, colon, offsets[line * 2 + 1]!)}`;
      due -= 1;
    }
    return value;
  }
}

/**
 * Compares the token at `start`, of the same length, with a lower-case name of letters and "-"
 * only: among token characters, setting bit 20 makes no other one of them equal to those.
 */
function isName(text: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if ((text.charCodeAt(start + index) | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}

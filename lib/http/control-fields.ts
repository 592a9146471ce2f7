/**
 * The fields that steer a connection: found in one pass over a section, so that nothing that
 * decides about framing is looked up twice and read differently.
 *
 * Their names happen to have six different lengths, so the length tells which one a name may be,
 * and a comparison whether it is. What the values mean is decided elsewhere.
 */
import type { FieldSection } from './field-section.ts';
import { cutValue } from './fields.ts';

/** The steering fields, by the length of their names. */
const NAMES: readonly string[] = [
  'host',
  'expect',
  'upgrade',
  'connection',
  'content-length',
  'transfer-encoding',
];

const LONGEST = 17;
const NONE = NAMES.length;
/** Which of the names has a length. */
const BY_LENGTH = new Uint8Array(LONGEST + 1).fill(NONE);
for (const [index, name] of NAMES.entries()) BY_LENGTH[name.length] = index;

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

  /** Finds fields in whatever `section` has scanned last. */
  constructor(section: FieldSection) {
    this.#section = section;
  }

  /**
   * Looks through the section's lines. O(lines).
   *
   * @param text the head that the section lies in; the other methods want the same.
   */
  find(text: string): void {
    const { offsets, count } = this.#section;
    let seen = 0;
    let start = this.#section.start;
    for (let line = 0; line < count; line += 1) {
      const length = offsets[line * 2]! - start;
      const field = length <= LONGEST ? BY_LENGTH[length]! : NONE;
      if (field !== NONE && isName(text, start, NAMES[field]!)) {
        if ((seen & (1 << field)) === 0) {
          seen |= 1 << field;
          this.#firstLines[field] = line;
          this.#counts[field] = 1;
        } else this.#counts[field]! += 1;
      }
      start = offsets[line * 2 + 1]! + 2;
    }
    this.#seen = seen;
  }

  /** Returns on how many lines a field occurs. */
  count(field: ControlField): number {
    return (this.#seen & (1 << field)) === 0 ? 0 : this.#counts[field]!;
  }

  /**
   * Returns a field's value, several lines joined with commas; `undefined` when it does not occur.
   */
  value(field: ControlField, text: string): string | undefined {
    const count = this.count(field);
    if (count === 0) return undefined;
    const { offsets } = this.#section;
    const first = this.#firstLines[field]!;
    let value = cutValue(text, offsets[first * 2]!, offsets[first * 2 + 1]!);
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

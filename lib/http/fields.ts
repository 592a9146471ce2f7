/**
 * The field lines of a header or trailer section, in the order they came [RFC 9110 §5.3].
 *
 * ```
 *  H o s t :   a \r \n A c c e p t :   x \r \n    one text for all lines, and two offsets for each:
 *          ^     ^               ^     ^              its colon and its end
 * ```
 * Names and values are cut out when somebody asks for them, so a request costs what is looked at.
 * Names keep their case and are looked up case-blind; there is no object keyed by names in here, so
 * `__proto__` and `constructor` are names like any other. It does not know what a field means.
 */
import { isFieldValue, isToken, UsageError } from '../base/index.ts';
import { checkPair, type FieldsInit, isPairs } from './response-fields.ts';

const NONE: readonly string[] = Object.freeze([]);

/** Ordered field lines. Immutable. Look-ups are O(lines). */
export class Fields {
  /** No fields at all. */
  static readonly empty: Fields = new Fields('', 0, [], true);

  readonly #text: string;
  readonly #start: number;
  readonly #offsets: readonly number[];
  /** Each value begins two characters behind its colon and ends with its line. */
  readonly #isTidy: boolean;

  private constructor(text: string, start: number, offsets: readonly number[], isTidy: boolean) {
    this.#text = text;
    this.#start = start;
    this.#offsets = offsets;
    this.#isTidy = isTidy;
  }

  /**
   * Makes fields from names and values, each checked octet by octet: what passes can be written on
   * the wire without injecting a line. An array of values makes one line each, `undefined` makes
   * none. Whitespace around a value is no part of it [RFC 9112 §5.1].
   *
   * @throws UsageError `invalid-header` when they are no fields, a name is no token, or a value is
   *   no string or number or holds CR, LF, NUL, another control character or a character above
   *   U+00FF [RFC 9110 §5.5].
   */
  static from(init: FieldsInit): Fields {
    const offsets: number[] = [];
    let text = '';
    for (const pair of isPairs(init) ? init : Object.entries(init)) {
      const [name, value] = checkPair(pair);
      if (value === undefined) continue;
      for (const single of Array.isArray(value) ? value : [value]) {
        const line = typeof single === 'number' ? String(single) : single;
        checkLine(name, line);
        offsets.push(text.length + name.length, text.length + name.length + 1 + line.length);
        text += `${name}:${line}\r\n`;
      }
    }
    return new Fields(text, 0, offsets, false);
  }

  /** Wraps lines that a scan has checked: for the readers of this chapter only. */
  static fromScan(
    text: string,
    start: number,
    offsets: readonly number[],
    isTidy: boolean,
  ): Fields {
    return offsets.length === 0 ? Fields.empty : new Fields(text, start, offsets, isTidy);
  }

  /** How many field lines there are. */
  get length(): number {
    return this.#offsets.length / 2;
  }

  /**
   * Returns all values of a name joined with ", " in their order, or `undefined` when it is absent
   * [RFC 9110 §5.2]. Do not use it for `set-cookie`, whose values hold commas: {@link getAll}.
   */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (let line = this.#find(name, 0); line !== -1; line = this.#find(name, line + 1)) {
      const value = this.valueAt(line)!;
      joined = joined === undefined ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  /** Returns the values of a name, one for each line; an empty list when it is absent. */
  getAll(name: string): readonly string[] {
    let values: string[] | undefined;
    for (let line = this.#find(name, 0); line !== -1; line = this.#find(name, line + 1)) {
      const value = this.valueAt(line)!;
      if (values === undefined) values = [value];
      else values.push(value);
    }
    return values ?? NONE;
  }

  /** Tells whether a name occurs. */
  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** Returns the name on line `line`, as it was written; `undefined` when there is no such line. */
  nameAt(line: number): string | undefined {
    const colon = this.#offsets[line * 2];
    return colon === undefined ? undefined : this.#text.substring(this.#nameStart(line), colon);
  }

  /** Returns the value on line `line`; `undefined` when there is no such line. */
  valueAt(line: number): string | undefined {
    const colon = this.#offsets[line * 2];
    return colon === undefined
      ? undefined
      : cutValue(this.#text, colon, this.#offsets[line * 2 + 1]!);
  }

  /** Calls `visit` for each line, in order; faster than the iterator, which makes a pair a line. */
  forEach(visit: (name: string, value: string) => void): void {
    const text = this.#text;
    const offsets = this.#offsets;
    const isTidy = this.#isTidy;
    let start = this.#start;
    for (let index = 0; index < offsets.length; index += 2) {
      const colon = offsets[index]!;
      const end = offsets[index + 1]!;
      const value = isTidy ? text.substring(colon + 2, end) : cutValue(text, colon, end);
      visit(text.substring(start, colon), value);
      start = end + 2;
    }
  }

  /** Yields name and value of each line, in order. */
  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (let line = 0; line < this.length; line += 1) {
      yield [this.nameAt(line)!, this.valueAt(line)!];
    }
  }

  #nameStart(line: number): number {
    return line === 0 ? this.#start : this.#offsets[line * 2 - 1]! + 2;
  }

  /** Returns the first line from `line` on that has the name, or -1. */
  /** @throws UsageError `invalid-argument` for a name that is no string. */
  #find(name: string, line: number): number {
    if (typeof name !== 'string') {
      throw new UsageError('invalid-argument', `a field's name is a string, not ${String(name)}`);
    }
    const offsets = this.#offsets;
    for (; line * 2 < offsets.length; line += 1) {
      const start = this.#nameStart(line);
      if (offsets[line * 2]! - start !== name.length) continue;
      if (isSameName(this.#text, start, name)) return line;
    }
    return -1;
  }
}

/** Cuts the value between a colon and the end of its line, without the whitespace around it. */
export function cutValue(text: string, colon: number, end: number): string {
  let start = colon + 1;
  while (start < end && isOws(text.charCodeAt(start))) start += 1;
  while (end > start && isOws(text.charCodeAt(end - 1))) end -= 1;
  return text.substring(start, end);
}

/** Tells whether a character is SP or HTAB: optional whitespace [RFC 9110 §5.6.3]. */
export function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function checkLine(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isToken(name)) {
    throw new UsageError('invalid-header', `${JSON.stringify(name)} is not a field name`);
  }
  if (typeof value !== 'string' || !isFieldValue(value)) {
    throw new UsageError('invalid-header', `the value of ${name} cannot stand in a field`);
  }
}

/** Compares a name in a text with a name, taking "A" – "Z" for "a" – "z" [RFC 9110 §5.1]. */
function isSameName(text: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const left = text.charCodeAt(start + index);
    const right = name.charCodeAt(index);
    if (left === right) continue;
    const folded = left | 0x20;
    if (folded !== (right | 0x20) || folded < 0x61 || folded > 0x7a) return false;
  }
  return true;
}

/**
 * The field lines of a header or trailer section, in the order they came [RFC 9110 §5.3].
 *
 * ```
 * Host: a\r\n  Accept: x\r\n  accept: y\r\n      length 3 · get('ACCEPT') = "x, y" · getAll = ["x", "y"]
 * ```
 * Names keep their case and are looked up case-blind. There is no object keyed by names in here, so
 * `__proto__` and `constructor` are names like any other. It does not know what a field means.
 */
import { isFieldValue, isToken, UsageError } from '../base/index.ts';
import type { FieldsInit } from './response-fields.ts';

const NONE: readonly string[] = Object.freeze([]);

/** Ordered field lines. Immutable. Look-ups are O(lines). */
export class Fields {
  /** No fields at all. */
  static readonly empty: Fields = new Fields(NONE);

  /** Names at even places, the value of each behind it. */
  readonly #lines: readonly string[];

  /** Use {@link Fields.from}; this one takes lines that a scanner has already checked. */
  private constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /**
   * Makes fields from names and values, each checked octet by octet: what passes can be written on the
   * wire without injecting a line. An array of values makes one line each, `undefined` makes none.
   *
   * @throws UsageError `invalid-header` when a name is no token, or a value is no string or number or
   *   holds CR, LF, NUL, another control character or a character above U+00FF [RFC 9110 §5.5].
   */
  static from(init: FieldsInit): Fields {
    const lines: string[] = [];
    for (const [name, value] of isIterable(init) ? init : Object.entries(init)) {
      if (value === undefined) continue;
      for (const single of Array.isArray(value) ? value : [value]) {
        const text = typeof single === 'number' ? String(single) : single;
        checkLine(name, text);
        lines.push(name, text);
      }
    }
    return new Fields(lines);
  }

  /** Wraps checked lines: for the readers of this chapter only. */
  static fromCheckedLines(lines: readonly string[]): Fields {
    return new Fields(lines);
  }

  /** How many field lines there are. */
  get length(): number {
    return this.#lines.length / 2;
  }

  /**
   * Returns all values of a name joined with ", " in their order, or `undefined` when it is absent
   * [RFC 9110 §5.2]. Do not use it for `set-cookie`, whose values hold commas: {@link getAll}.
   */
  get(name: string): string | undefined {
    const lines = this.#lines;
    let joined: string | undefined;
    for (let index = 0; index < lines.length; index += 2) {
      if (!isSameName(lines[index]!, name)) continue;
      joined = joined === undefined ? lines[index + 1]! : `${joined}, ${lines[index + 1]!}`;
    }
    return joined;
  }

  /** Returns the values of a name, one for each line; an empty list when it is absent. */
  getAll(name: string): readonly string[] {
    const lines = this.#lines;
    let values: string[] | undefined;
    for (let index = 0; index < lines.length; index += 2) {
      if (!isSameName(lines[index]!, name)) continue;
      if (values === undefined) values = [lines[index + 1]!];
      else values.push(lines[index + 1]!);
    }
    return values ?? NONE;
  }

  /** Tells whether a name occurs. */
  has(name: string): boolean {
    const lines = this.#lines;
    for (let index = 0; index < lines.length; index += 2) {
      if (isSameName(lines[index]!, name)) return true;
    }
    return false;
  }

  /** Returns the name on line `index`, as it was written; `undefined` beyond the last line. */
  nameAt(index: number): string | undefined {
    return this.#lines[index * 2];
  }

  /** Returns the value on line `index`, without the whitespace around it. */
  valueAt(index: number): string | undefined {
    return this.#lines[index * 2 + 1];
  }

  /** Yields name and value of each line, in order. */
  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (let index = 0; index < this.#lines.length; index += 2) {
      yield [this.#lines[index]!, this.#lines[index + 1]!];
    }
  }
}

function isIterable(init: FieldsInit): init is Iterable<readonly [string, string]> {
  return typeof (init as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

function checkLine(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isToken(name)) {
    throw new UsageError('invalid-header', `${JSON.stringify(name)} is not a field name`);
  }
  if (typeof value !== 'string' || !isFieldValue(value)) {
    throw new UsageError('invalid-header', `the value of ${name} cannot stand in a field`);
  }
}

/**
 * Compares two names, taking "A" – "Z" for "a" – "z" [RFC 9110 §5.1]. The lengths differ for most
 * pairs, so a look-up rarely gets as far as the characters.
 */
function isSameName(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b && !((a | 0x20) === (b | 0x20) && (a | 0x20) >= 0x61 && (a | 0x20) <= 0x7a)) {
      return false;
    }
  }
  return true;
}

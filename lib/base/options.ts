/**
 * What an option may be: refused when it is something else or when there is no such option, and
 * never made into what it is not. A name with a slip in it would otherwise be a limit that nobody
 * enforces.
 *
 * Every set of options is a table, from which the types make sure that no name is missing. Numbers
 * and the like, which have ranges, are checked where they are used: {@link CHECKED_LATER}.
 */
import { UsageError } from './errors.ts';

/** What an option has to be. */
export interface OptionKind {
  /** For people: "a string". */
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

/** The names of a set of options, each with its kind. */
export type OptionTable<Options> = { readonly [Name in keyof Options]-?: OptionKind };

const kindOf = (what: string, fits: (value: unknown) => boolean): OptionKind =>
  Object.freeze({ what, fits });

/** A switch. */
export const A_BOOLEAN: OptionKind = kindOf('true or false', (value) => typeof value === 'boolean');
/** Text. */
export const A_STRING: OptionKind = kindOf('a string', (value) => typeof value === 'string');
/** Something to call. */
export const A_FUNCTION: OptionKind = kindOf('a function', (value) => typeof value === 'function');
/** An object, an array too; not null. */
export const AN_OBJECT: OptionKind = kindOf(
  'an object',
  (value) => typeof value === 'object' && value !== null,
);
/** Aborts something. */
export const AN_ABORT_SIGNAL: OptionKind = kindOf(
  'an AbortSignal',
  (value) => value instanceof AbortSignal,
);
/** Whatever the caller likes. */
export const ANYTHING: OptionKind = kindOf('anything', () => true);
/** A value with a check of its own. */
export const CHECKED_LATER: OptionKind = ANYTHING;

/**
 * Checks a set of options; `undefined` is none.
 *
 * An object of a class of the caller's may have fields of its own: there, names are not checked.
 *
 * @param what for people: "options", "a proxy's settings".
 * @throws UsageError `invalid-option` for what is no object, an unknown name, or the first option
 *   that is not of its kind, `null` included.
 */
export function checkOptions<Options>(
  options: unknown,
  table: OptionTable<Options>,
  what = 'options',
): asserts options is Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const given = Array.isArray(options) ? 'an array' : String(options);
    throw new UsageError('invalid-option', `${what} must be an object, not ${given}`);
  }
  const prototype: unknown = Object.getPrototypeOf(options);
  const isPlain = prototype === Object.prototype || prototype === null;
  // What is not there needs no look: most tables are long, and most options few.
  const names = Object.keys(isPlain ? options : table) as (keyof Options & string)[];
  if (isPlain) for (const name of names) checkName(name, table, what);
  for (const name of names) {
    const value: unknown = (options as Options)[name];
    if (value !== undefined && !table[name].fits(value)) {
      throw new UsageError('invalid-option', `${name} must be ${table[name].what}`);
    }
  }
}

/**
 * Whether options have these values under these names, one for each, compared by identity: whoever
 * has filled in or checked the same before need not do it again.
 */
export function haveValues<Options>(
  options: Options,
  names: readonly (keyof Options)[],
  values: readonly unknown[],
): boolean {
  for (let index = 0; index < names.length; index += 1) {
    if (options[names[index]!] !== values[index]) return false;
  }
  return true;
}

function checkName(name: string, table: object, what: string): void {
  if (Object.hasOwn(table, name)) return;
  const nearest = nearestOf(name, Object.keys(table));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new UsageError('invalid-option', `${what} know no ${name}${hint}`);
}

/** The known name that is meant, if one is near enough: a third of its letters may differ. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.min(3, Math.ceil(name.length / 3)) + 1;
  // An endless name is nobody's slip.
  for (const candidate of name.length > 64 ? [] : known) {
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Letters to insert, delete or replace, until one name is the other. */
function distanceOf(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_none, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}

/**
 * The fields an application gives for a response, checked and turned into lines [RFC 9112 §5].
 *
 * ```
 * field-line = field-name ":" OWS field-value OWS        written as  name ": " value CRLF
 * ```
 * A name or value that could end its line early is refused, whoever it came from: that is the whole
 * of response splitting [RFC 9112 §11.1]. Fields that speak about the framing or the connection are
 * not written here but kept apart, because the writer has to agree with them.
 */
import {
  isFieldValue,
  isToken,
  SINGLETON_FIELDS,
  singletonBit,
  trimOws,
  UsageError,
} from '../base/index.ts';

/**
 * Fields to send: a record, where an array stands for several lines and `undefined` for none, or
 * name–value pairs in the order of the wire (a `Fields` object, a `Map`, an array).
 */
export type FieldsInit =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

/**
 * Fields that may not stand in a 1xx response: it has no body and says nothing about later ones.
 */
export const FORBIDDEN_IN_INTERIM: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
]);

/** What was found in the fields. */
export interface ResponseFields {
  /** The lines of all fields that the writer only passes on, each with its CRLF. Latin-1. */
  lines: string;
  hasDate: boolean;
  hasContentType: boolean;
  hasUpgrade: boolean;
  /** Bytes, as the application announced them. */
  contentLength: number | undefined;
  transferEncoding: string | undefined;
  /** The application asked for the connection to be closed. */
  wantsClose: boolean;
  /** Connection options that are neither `close` nor `keep-alive`, in lower case. */
  connectionOptions: string[];
  /** The bits of the fields that occur and may occur once only. */
  once: number;
}

/**
 * Sorts the fields into lines and facts. O(bytes).
 *
 * @throws UsageError `invalid-header` for a name that is no token, a value with CR, LF, NUL,
 *   another control character or a character above U+00FF, a `Content-Length` that is no length, or
 *   a second line of a field that is no list [RFC 9110 §5.3].
 */
export function readResponseFields(init: FieldsInit | undefined): ResponseFields {
  const found: ResponseFields = {
    lines: '',
    hasDate: false,
    hasContentType: false,
    hasUpgrade: false,
    contentLength: undefined,
    transferEncoding: undefined,
    wantsClose: false,
    connectionOptions: [],
    once: 0,
  };
  if (init === undefined) return found;
  forEachField(init, (name, value) => sortField(found, name, value));
  return found;
}

/**
 * Writes fields as lines without a look at their meaning: for trailers and interim responses.
 *
 * @param forbidden lower-case names that may not stand here.
 * @throws UsageError `invalid-header` as {@link readResponseFields}, or for a forbidden name.
 */
export function formatFieldLines(
  init: FieldsInit | undefined,
  forbidden: ReadonlySet<string>,
): string {
  let lines = '';
  let once = 0;
  if (init === undefined) return lines;
  forEachField(init, (name, value) => {
    checkField(name, value);
    const lowerName = name.toLowerCase();
    if (forbidden.has(lowerName)) refuse(`${name} may not be sent here`);
    once = countSingleton(once, lowerName);
    lines += `${name}: ${value}\r\n`;
  });
  return lines;
}

function forEachField(init: FieldsInit, visit: (name: string, value: string) => void): void {
  if (isPairs(init)) {
    for (const pair of init) visit(...checkPair(pair));
    return;
  }
  for (const name of Object.keys(init)) {
    const value = init[name];
    if (typeof value === 'string') visit(name, value);
    else if (typeof value === 'number') visit(name, String(value));
    else if (Array.isArray(value)) for (const line of value) visit(name, line);
    else if (value !== undefined) refuse(`${name} must be a string, a number or an array`);
  }
}

/**
 * Tells pairs from a record. A text in the place of fields is most often a body that was meant to
 * be sent, and its characters are no pairs.
 *
 * @throws UsageError `invalid-header` for what is neither.
 */
export function isPairs(init: FieldsInit): init is Iterable<readonly [string, string]> {
  if (typeof init === 'object' && init !== null) return Symbol.iterator in init;
  refuse(`fields must be a record or pairs, not ${init === null ? 'null' : `a ${typeof init}`}`);
}

/** @throws UsageError `invalid-header` for what is no array, such as a byte of a buffer. */
export function checkPair<Pair>(pair: Pair): Pair {
  if (Array.isArray(pair)) return pair;
  refuse(`fields must be pairs of a name and a value, not of ${typeof pair}s`);
}

/**
 * Counts a field in: at its second line a field that is no list is refused [RFC 9110 §5.3].
 *
 * @param once the bits of the fields that have been counted.
 */
function countSingleton(once: number, lowerName: string): number {
  const bit = singletonBit(lowerName);
  if ((once & bit) !== 0) {
    refuse(`${lowerName} is no list, and may be sent once [${SINGLETON_FIELDS[lowerName]}]`);
  }
  return once | bit;
}

function sortField(found: ResponseFields, name: string, value: string): void {
  checkField(name, value);
  const lowerName = name.toLowerCase();
  found.once = countSingleton(found.once, lowerName);
  switch (lowerName) {
    case 'content-length':
      found.contentLength = readLength(value, found.contentLength);
      return;
    case 'transfer-encoding':
      // Several lines are one list [RFC 9110 §5.3].
      found.transferEncoding =
        found.transferEncoding === undefined ? value : `${found.transferEncoding}, ${value}`;
      return;
    case 'connection':
      readConnection(found, value);
      return;
    case 'date':
      found.hasDate = true;
      break;
    case 'content-type':
      found.hasContentType = true;
      break;
    case 'upgrade':
      found.hasUpgrade = true;
      break;
  }
  found.lines += `${name}: ${value}\r\n`;
}

function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isToken(name)) {
    refuse(`a field name must be a token, not ${JSON.stringify(name)}`);
  }
  if (typeof value !== 'string' || !isFieldValue(value)) {
    refuse(
      `the value of ${name} must be a string without control characters, CR, LF and NUL, ` +
        'and without characters above U+00FF',
    );
  }
}

/** [RFC 9110 §8.6]: one or more digits, and no two opinions. */
function readLength(value: string, earlier: number | undefined): number {
  const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) refuse(`${JSON.stringify(value)} is no Content-Length`);
  if (earlier !== undefined && earlier !== length) refuse('two different Content-Length fields');
  return length;
}

function readConnection(found: ResponseFields, value: string): void {
  for (const element of value.split(',')) {
    const option = trimOws(element).toLowerCase();
    if (option === '' || option === 'keep-alive') continue;
    if (!isToken(option)) refuse(`${JSON.stringify(element)} is no connection option`);
    if (option === 'close') found.wantsClose = true;
    else found.connectionOptions.push(option);
  }
}

function refuse(reason: string): never {
  throw new UsageError('invalid-header', reason);
}

/**
 * What every response owes, whoever writes it: fields that its status demands [RFC 9110 §15], and
 * fields that may stand in it once only [RFC 9110 §5.3].
 *
 * Two fields with one value each are two opinions, and every reader believes another one of them; a
 * 405 that does not say what is allowed leaves its reader to guess. Both are mistakes of whoever
 * answers, found at the first attempt.
 */
import { equalsIgnoringCase } from './ascii.ts';

/** Names of response fields that are no lists, in lower case, with where that stands. */
export const SINGLETON_FIELDS: Readonly<Record<string, string>> = Object.freeze({
  'access-control-allow-credentials': 'Fetch §3.3.3',
  'access-control-allow-origin': 'Fetch §3.3.3',
  'access-control-max-age': 'Fetch §3.3.3',
  age: 'RFC 9111 §5.1',
  'content-disposition': 'RFC 6266 §4.1',
  'content-location': 'RFC 9110 §8.7',
  'content-range': 'RFC 9110 §14.4',
  'content-type': 'RFC 9110 §8.3',
  date: 'RFC 9110 §6.6.1',
  etag: 'RFC 9110 §8.8.3',
  expires: 'RFC 9111 §5.3',
  'last-modified': 'RFC 9110 §8.8.2',
  location: 'RFC 9110 §10.2.2',
  'retry-after': 'RFC 9110 §10.2.3',
  'sec-websocket-accept': 'RFC 6455 §11.3.3',
  'sec-websocket-extensions': 'RFC 6455 §11.3.2',
  'sec-websocket-protocol': 'RFC 6455 §11.3.4',
  server: 'RFC 9110 §10.2.4',
  'strict-transport-security': 'RFC 6797 §7.1',
});

/** A bit for each of them: fewer than the 31 that a small integer has. */
const BITS: ReadonlyMap<string, number> = new Map(
  Object.keys(SINGLETON_FIELDS).map((name, index) => [name, 1 << index]),
);

/**
 * Returns the bit of a field that may stand in a response once only; 0 for any other field.
 *
 * @param name in lower case.
 */
export function singletonBit(name: string): number {
  return BITS.get(name) ?? 0;
}

/** A field that must stand in a response, and where that is said. */
export interface OwedField {
  readonly name: string;
  readonly source: string;
  /** Whether a field without a value says something, too. */
  readonly mayBeEmpty?: true;
}

/** The fields that a status demands. */
const OWED: ReadonlyMap<number, OwedField> = new Map([
  [206, { name: 'content-range', source: 'RFC 9110 §15.3.7' }],
  [401, { name: 'www-authenticate', source: 'RFC 9110 §15.5.2' }],
  [405, { name: 'allow', source: 'RFC 9110 §15.5.6', mayBeEmpty: true }],
  [407, { name: 'proxy-authenticate', source: 'RFC 9110 §15.5.8' }],
  [426, { name: 'upgrade', source: 'RFC 9110 §15.5.22' }],
]);

/** Returns the field that a response with this status must have; `undefined` for most. */
export function owedField(status: number): OwedField | undefined {
  return OWED.get(status);
}

/** Returns the field that a status demands and that a record of fields has not, or has empty. */
export function missingField(
  status: number,
  fields: Readonly<Record<string, unknown>>,
): OwedField | undefined {
  const owed = owedField(status);
  if (owed === undefined) return undefined;
  const isThere = Object.entries(fields).some(
    ([name, value]) => equalsIgnoringCase(name, owed.name) && fulfilsOwed(owed, String(value)),
  );
  return isThere ? undefined : owed;
}

/**
 * Whether a value is one that the field owes: who is asked for credentials must be told which, by
 * one challenge at least [RFC 9110 §11.6.1], while an empty `Allow` says that nothing is allowed
 * [RFC 9110 §10.2.1]. A list of nothing but commas is empty.
 */
export function fulfilsOwed(owed: OwedField, value: string): boolean {
  return owed.mayBeEmpty === true || /[^\t ,]/.test(value);
}

/**
 * Values that are lists [RFC 9110 §5.6.1], and the one list that decides about a connection.
 *
 * ```
 * #element = [ element ] *( OWS "," OWS [ element ] )            empty elements count for nothing
 * ```
 */
import { equalsIgnoringCase, trimOws } from '../base/index.ts';
import type { Version } from './body-framing.ts';

/**
 * Cuts a list at its commas; empty elements are left out. It knows no quoted strings. O(length).
 *
 * @param value without whitespace around it, as `Fields` returns it.
 */
export function listElements(value: string): string[] {
  if (value.indexOf(',') === -1) return value === '' ? [] : [value];
  const elements: string[] = [];
  for (const part of value.split(',')) {
    const element = trimOws(part);
    if (element !== '') elements.push(element);
  }
  return elements;
}

/** Tells whether a list has an element, case-blind [RFC 9110 §7.6.1]. O(length). */
export function hasElement(list: string | undefined, wanted: string): boolean {
  if (list === undefined || list.length < wanted.length) return false;
  if (list.indexOf(',') === -1) return equalsIgnoringCase(list, wanted);
  return listElements(list).some((element) => equalsIgnoringCase(element, wanted));
}

/**
 * Tells whether another message may follow on the connection [RFC 9112 §9.3]: "close" wins over
 * everything, and HTTP/1.0 has to ask.
 *
 * @param connection the Connection field, `undefined` when there is none.
 */
export function isPersistent(version: Version, connection: string | undefined): boolean {
  if (hasElement(connection, 'close')) return false;
  return version === '1.1' || hasElement(connection, 'keep-alive');
}

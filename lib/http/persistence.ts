/**
 * Whether a connection goes on after a message [RFC 9112 §9.3], for requests and responses alike.
 */
import { equalsIgnoringCase } from '../base/index.ts';
import type { Version } from './body-framing.ts';

/**
 * Tells whether another message may follow: "close" wins over everything, and HTTP/1.0 has to ask.
 *
 * @param options the elements of the Connection field.
 */
export function isPersistent(version: Version, options: readonly string[]): boolean {
  if (hasElement(options, 'close')) return false;
  return version === '1.1' || hasElement(options, 'keep-alive');
}

/** Tells whether a list has an element, case-blind [RFC 9110 §7.6.1]. */
export function hasElement(elements: readonly string[], wanted: string): boolean {
  return elements.some((element) => equalsIgnoringCase(element, wanted));
}

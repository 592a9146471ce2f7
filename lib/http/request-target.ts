/**
 * The four forms of a request target [RFC 9112 §3.2].
 *
 * ```
 * origin      GET /where?q=now                any method but CONNECT
 * absolute    GET http://host:80/where?q      any method but CONNECT
 * authority   CONNECT host:443                CONNECT only
 * asterisk    OPTIONS *                       OPTIONS only
 * ```
 * A target is handed on as it came: not decoded, not normalised, not split.
 */
import { ALPHA, CHARACTER_CLASS, DIGIT, VISIBLE } from '../base/index.ts';
import { isAuthority, isAuthorityWithPort } from './authority.ts';

/** Which of the four forms a target has. */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';

/** A target that has one of the forms. */
export interface TargetParts {
  readonly form: TargetForm;
  /** Host and port of an absolute-form target: it takes the place of Host [RFC 9112 §3.2.2]. */
  readonly authority: string | undefined;
}

/** The form nearly every target has. */
export const ORIGIN_FORM: TargetParts = Object.freeze({ form: 'origin', authority: undefined });
const AUTHORITY: TargetParts = Object.freeze({ form: 'authority', authority: undefined });
const ASTERISK: TargetParts = Object.freeze({ form: 'asterisk', authority: undefined });

/**
 * 1 for each octet a target may hold.
 *
 * Looser than the RFC: `"<>\^`{|}` are no URI characters, but clients send them and they cannot be
 * mistaken for anything. Stricter than others: "#" is refused, since a fragment is never sent and
 * two readers would disagree on whether it belongs to the path.
 */
export const TARGET_CHARACTER: Uint8Array = CHARACTER_CLASS.map((bits, byte) =>
  (bits & VISIBLE) !== 0 && byte !== 0x23 ? 1 : 0,
);

/**
 * Tells the form of a target, whose octets are all {@link TARGET_CHARACTER}s.
 *
 * @returns `undefined` when the target has none of the forms that its method may have.
 */
export function readTarget(method: string, target: string): TargetParts | undefined {
  // [RFC 9112 §3.2.3] authority-form belongs to CONNECT, and CONNECT to authority-form.
  if (method === 'CONNECT') return isAuthorityWithPort(target) ? AUTHORITY : undefined;
  if (target.charCodeAt(0) === 0x2f) return ORIGIN_FORM;
  // [RFC 9112 §3.2.4] A server-wide request is an OPTIONS request.
  if (target === '*') return method === 'OPTIONS' ? ASTERISK : undefined;
  return readAbsoluteForm(target);
}

/**
 * scheme "://" authority [ path ] [ "?" query ]; a scheme without an authority is for no server.
 */
function readAbsoluteForm(target: string): TargetParts | undefined {
  const colon = target.indexOf('://');
  if (!isScheme(target, colon)) return undefined;
  const start = colon + 3;
  let end = start;
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end += 1;
  const authority = target.slice(start, end);
  // [RFC 9110 §4.2.1] An empty host is invalid. [RFC 9110 §4.2.4] So is user information, which
  // `isAuthority` has no place for.
  return isAuthority(authority) ? { form: 'absolute', authority } : undefined;
}

function isScheme(text: string, end: number): boolean {
  if (end < 1 || (CHARACTER_CLASS[text.charCodeAt(0)]! & ALPHA) === 0) return false;
  for (let index = 1; index < end; index += 1) {
    const code = text.charCodeAt(index);
    const isMark = code === 0x2b || code === 0x2d || code === 0x2e;
    if (!isMark && (CHARACTER_CLASS[code]! & (ALPHA | DIGIT)) === 0) return false;
  }
  return true;
}

/**
 * Host and port [RFC 3986 §3.2.2], as Host, CONNECT and absolute-form targets carry them.
 *
 * ```
 * authority  = host [ ":" *DIGIT ]
 * host       = "[" ( IPv6address / IPvFuture ) "]" / reg-name  (an IPv4 address is a reg-name too)
 * reg-name   = *( unreserved / pct-encoded / sub-delims )
 * ```
 * It does not resolve, lower-case or decode anything, and knows no names.
 */
import { ALPHA, CHARACTER_CLASS, DIGIT, HEX_DIGIT } from '../base/index.ts';

// A constant of one's own, see value-scan.ts.
const COLON = 0x3a;

/** Largest port there is. */
const MAX_PORT = 65_535;

/** Not 0 for each octet of a registered name. */
const REG_NAME = CHARACTER_CLASS.map((bits) => bits & (ALPHA | DIGIT));
for (const character of "-._~!$&'()*+,;=") REG_NAME[character.charCodeAt(0)] = 1;

/**
 * Tells whether `text[start … end)` is a host, with or without a port, that a message can be for.
 * User information is none [RFC 9110 §4.2.4], and a port has to fit 16 bits. O(length).
 *
 * It stays in the text it is given: to read a string that was cut out of another one takes several
 * times as long, character by character, and every request has a Host.
 *
 * Stricter than the RFC: the groups of an IPv6 address are counted, and an empty host with a port
 * (":80") is refused, because no http URI has one [RFC 9110 §4.2.1].
 */
export function isAuthority(text: string, start = 0, end: number = text.length): boolean {
  const hostEnd = findHostEnd(text, start, end);
  return hostEnd > start && (hostEnd === end || portOf(text, hostEnd, end) !== undefined);
}

/** As {@link isAuthority}, with a port of 1 – 65535 that must be there [RFC 9110 §9.3.6]. */
export function isAuthorityWithPort(text: string): boolean {
  const hostEnd = findHostEnd(text, 0, text.length);
  return hostEnd > 0 && hostEnd < text.length - 1 && (portOf(text, hostEnd, text.length) ?? 0) > 0;
}

/**
 * Returns where the host ends: at the port's colon or at `end`; -1 for no valid host.
 */
function findHostEnd(text: string, start: number, end: number): number {
  if (start < end && text.charCodeAt(start) === 0x5b) {
    const literal = text.slice(start, end);
    const bracket = literal.indexOf(']');
    return bracket > 0 && isIpLiteral(literal.slice(1, bracket)) ? start + bracket + 1 : -1;
  }
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code === COLON) return index;
    if (code === 0x25) {
      if (index + 2 >= end || !isHex(text, index + 1) || !isHex(text, index + 2)) return -1;
      index += 2;
    } else if (code > 0xff || REG_NAME[code] === 0) return -1;
  }
  return end;
}

function isHex(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code <= 0xff && (CHARACTER_CLASS[code]! & HEX_DIGIT) !== 0;
}

/**
 * Returns the port behind the colon at `colon` (0 when it is empty), `undefined` when it is none.
 */
function portOf(text: string, colon: number, end: number): number | undefined {
  if (text.charCodeAt(colon) !== COLON) return undefined;
  let port = 0;
  for (let index = colon + 1; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
    if (port > MAX_PORT) return undefined;
  }
  return port;
}

function isIpLiteral(text: string): boolean {
  return isIpv6(text) || /^v[0-9a-f]+\.[-0-9a-z._~!$&'()*+,;=:]+$/i.test(text);
}

/** Eight groups, or fewer with one "::" in place of at least one; the last two may be IPv4. */
function isIpv6(text: string): boolean {
  // The longest one has 45 characters, so what is longer is not even split.
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const head = countGroups(halves[0]!, halves.length === 1);
  if (halves.length === 1) return head === 8;
  const tail = countGroups(halves[1]!, true);
  return head >= 0 && tail >= 0 && head + tail <= 7;
}

function countGroups(text: string, mayEndInIpv4: boolean): number {
  if (text === '') return 0;
  const groups = text.split(':');
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) count += 1;
    else if (mayEndInIpv4 && index === groups.length - 1 && isIpv4(group)) count += 2;
    else return -1;
  }
  return count;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
  );
}

/**
 * One line of an event stream that is neither empty nor a comment [HTML §9.2.6].
 *
 * ```
 *  d  a  t  a  :  SP v  a  l  u  e        name, ":", one space that belongs to nobody, value
 *  d  a  t  a  :  v  a  l  u  e           the same value
 *  d  a  t  a                             no colon: the value is empty
 * ```
 * Names are compared as bytes, and exactly: "Data", " data" and "data " are other fields. What the
 * fields do is not known here.
 */
import { COLON, SP } from '../base/index.ts';

/** The fields that mean something; all others are ignored. */
const FIELD_NAMES = ['data', 'id', 'event', 'retry'] as const;

/** What a timer can hold. A longer time is cut to it, for a timer would take it for no time. */
const MAX_RETRY_MS = 2 ** 31 - 1;
const ONLY_DIGITS = /^[0-9]+$/;

/** The name of a field that means something. */
export type FieldName = (typeof FIELD_NAMES)[number];

/** Returns the field in `bytes[start … end)`, or `undefined` for one that is to be ignored. */
export function fieldNameOf(bytes: Buffer, start: number, end: number): FieldName | undefined {
  for (const name of FIELD_NAMES) if (isNamed(name, bytes, start, end)) return name;
  return undefined;
}

/** Returns where the value of the field `name` begins in `bytes[start … end)`; `end` when empty. */
export function valueStart(name: FieldName, bytes: Buffer, start: number, end: number): number {
  const afterColon = Math.min(start + name.length + 1, end);
  // Exactly one space is part of the syntax; a second one, and a tab, belong to the value.
  return afterColon < end && bytes[afterColon] === SP ? afterColon + 1 : afterColon;
}

/** Reads a time to wait before connecting again, in ms; `undefined` when it is none. */
export function readRetry(value: string): number | undefined {
  return ONLY_DIGITS.test(value) ? Math.min(Number(value), MAX_RETRY_MS) : undefined;
}

function isNamed(name: FieldName, bytes: Buffer, start: number, end: number): boolean {
  const nameEnd = start + name.length;
  if (nameEnd > end || (nameEnd < end && bytes[nameEnd] !== COLON)) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

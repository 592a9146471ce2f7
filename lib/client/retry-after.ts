/**
 * The `Retry-After` field: seconds, or a date [RFC 9110 §10.2.3].
 *
 * ```
 * Retry-After: 120
 * Retry-After: Fri, 31 Dec 1999 23:59:59 GMT
 * ```
 */

import { parseHttpDate } from '../http/index.ts';

const SECONDS = /^\d{1,15}$/;
/**
 * Reads how long to wait.
 *
 * @param epochMs the time of day, in ms since 1970-01-01T00:00:00Z.
 * @returns ms from 0; `undefined` when there is no such field, or none that makes sense.
 */
export function readRetryAfter(value: string | undefined, epochMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (SECONDS.test(value)) return Number(value) * 1000;
  const atMs = parseHttpDate(value, epochMs);
  return atMs === undefined ? undefined : Math.max(0, atMs - epochMs);
}

/**
 * What the request target says, split and nothing more [RFC 9112 §3.2].
 *
 * ```
 * /a%2Fb//c?q=1&q=2           path /a%2Fb//c    query q=1&q=2
 * http://example.com?q        path /            query q          (absolute-form; path may be empty)
 * *   and   example.com:443   path "*" and ""   no query         (OPTIONS and CONNECT)
 * ```
 * The path is neither decoded nor normalised: `/a%2Fb` and `/a/b` are different resources, and a
 * server that decodes first and compares later is how access rules are passed by.
 */
import type { TargetForm } from '../http/index.ts';

/** The parts of a target that applications route by. */
export interface SplitTarget {
  /** Percent-encoded as it came, at least "/". */
  readonly path: string;
  /** What follows the first "?", "" without one. */
  readonly search: string;
}

/** Splits a target. O(length). */
export function splitTarget(target: string, form: TargetForm): SplitTarget {
  if (form === 'asterisk') return { path: target, search: '' };
  if (form === 'authority') return { path: '', search: '' };
  const start = form === 'absolute' ? pathStart(target) : 0;
  const mark = target.indexOf('?', start);
  const path = mark === -1 ? target.slice(start) : target.slice(start, mark);
  return { path: path === '' ? '/' : path, search: mark === -1 ? '' : target.slice(mark + 1) };
}

/**
 * Whether an absolute target is for a connection of this kind: nothing that is for `https` may be
 * asked for, or given, without encryption [RFC 9110 §7.4].
 */
export function fitsScheme(target: string, isSecure: boolean): boolean {
  return (isSecure ? /^(?:https|wss):/i : /^(?:http|ws):/i).test(target);
}

/** Where scheme and authority end. */
function pathStart(target: string): number {
  const authority = target.indexOf('://') + 3;
  const slash = target.indexOf('/', authority);
  const mark = target.indexOf('?', authority);
  const ends = [slash, mark].filter((index) => index !== -1);
  return ends.length === 0 ? target.length : Math.min(...ends);
}

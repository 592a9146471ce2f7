/**
 * The head of an HTTP message, read as leniently as the original reads it.
 *
 * Whether a testee speaks clean HTTP is not what the 517 cases test: white space before a colon, a
 * line without one, or a `Content-Length` in a 101 must not fail all of them. Cases of our own look
 * at that (b6, b7).
 */

/** A head. */
export interface ScannedHead {
  readonly startLine: string;
  /** Values by name in lower case, in order. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Octets of it, the empty line included. */
  readonly length: number;
}

/** Octets of a head; more than that is none. */
export const MAX_HEAD_BYTES = 64 * 1024;

const END = '\r\n\r\n';

/** @returns `undefined` as long as there is no empty line. */
export function scanHead(bytes: Buffer): ScannedHead | undefined {
  const end = bytes.indexOf(END);
  if (end < 0) return undefined;
  const [startLine = '', ...lines] = bytes.toString('latin1', 0, end).split(/\r?\n/);
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const values = fields.get(name) ?? [];
    fields.set(name, [...values, line.slice(colon + 1).trim()]);
  }
  return { startLine: startLine.trim(), fields, length: end + END.length };
}

/** The value of a field that may be there several times: a list. */
export function joinField(head: ScannedHead, name: string): string | undefined {
  return head.fields.get(name)?.join(', ');
}

/** Whether a list has this token, in any letters. */
export function hasToken(head: ScannedHead, name: string, token: string): boolean {
  const list = joinField(head, name)?.split(',') ?? [];
  return list.some((each) => each.trim().toLowerCase() === token);
}

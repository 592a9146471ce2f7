/**
 * `Sec-WebSocket-Protocol`: what the bytes of the application mean [RFC 6455 §1.9].
 *
 * ```
 * request   1#token   most wanted first, each one only once     [RFC 6455 §4.1 (10)]
 * response  token     one of them, or no field at all           [RFC 6455 §4.2.2]
 * ```
 * Names are compared exactly, case included.
 */
import { isToken, ProtocolError, trimOws, UsageError } from '../base/index.ts';

/**
 * Reads the list of a request; several field lines joined with "," read as one [RFC 6455 §11.3.4].
 * O(length).
 *
 * Stricter than the RFC: empty list elements are refused instead of skipped.
 *
 * @param value `undefined` when the request has no such field: an empty list then.
 * @throws ProtocolError `handshake-subprotocol` for a name that is no token or stands there twice;
 *   a core catches it.
 */
export function parseSubprotocols(value: string | undefined): string[] {
  if (value === undefined) return [];
  const names = value.split(',').map(trimOws);
  if (!names.every(isToken))
    throw new ProtocolError('handshake-subprotocol', 'not a list of tokens');
  // The names must differ from each other [RFC 6455 §4.1 (10)].
  if (names.length > 1 && new Set(names).size !== names.length) {
    throw new ProtocolError('handshake-subprotocol', 'the same name twice');
  }
  return names;
}

/**
 * Chooses a subprotocol: the first of the client's that the server supports.
 *
 * @returns `undefined` when they have none in common: the response names none then, and the
 *   connection stands without one.
 */
export function selectSubprotocol(
  offered: readonly string[],
  supported: readonly string[] | ReadonlySet<string>,
): string | undefined {
  const known = supported instanceof Set ? supported : new Set(supported as readonly string[]);
  return offered.find((name) => known.has(name));
}

/**
 * Writes the list of a request.
 *
 * @returns `undefined` for an empty list: the request has no such field then.
 * @throws UsageError `invalid-argument` for a name that is no token, or a name given twice.
 */
export function formatSubprotocols(names: readonly string[]): string | undefined {
  for (const name of names) {
    if (!isToken(name)) {
      throw new UsageError('invalid-argument', `${JSON.stringify(name)} cannot name a subprotocol`);
    }
  }
  if (new Set(names).size !== names.length) {
    throw new UsageError('invalid-argument', 'the same subprotocol twice');
  }
  return names.length === 0 ? undefined : names.join(', ');
}

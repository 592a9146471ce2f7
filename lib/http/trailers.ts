/**
 * Which fields cannot come after the body [RFC 9110 §6.5.1]: those that steer how the message is
 * read, routed or authorised, which has happened by then.
 */
import { ProtocolError } from '../base/index.ts';
import type { Fields } from './fields.ts';

const FORBIDDEN: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'trailer',
  'connection',
  'upgrade',
  'te',
  'expect',
  'content-encoding',
  'authorization',
  'cookie',
]);

/**
 * Refuses a trailer section with a field that has no business there.
 *
 * Stricter than the RFC: a recipient may drop such a field; dropping is how two readers differ.
 *
 * @throws ProtocolError `forbidden-trailer`.
 */
export function checkTrailers(trailers: Fields): void {
  for (let index = 0; index < trailers.length; index += 1) {
    const name = trailers.nameAt(index)!;
    if (FORBIDDEN.has(name.toLowerCase())) throw new ProtocolError('forbidden-trailer', name);
  }
}

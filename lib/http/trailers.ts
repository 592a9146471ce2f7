/**
 * Which fields cannot come after the body [RFC 9110 §6.5.1]: by then the message has been framed,
 * routed, authorised, and begun to be processed.
 *
 * | | whoever sends | whoever reads |
 * |---|---|---|
 * | what steers how the message is read, routed or let in | never sends it | refuses the message |
 * | what had to be known before the body | never sends it | keeps it, apart from the head |
 * | anything else | sends it if its definition allows that | keeps it |
 *
 * The first row is refused because a reader that would merge it into the head reads another message
 * than we do. The second row does no such harm, and there are senders that write it.
 */
import { ProtocolError } from '../base/index.ts';
import type { Fields } from './fields.ts';

/** Steers: framing, routing and the connection, what the server is to do, who is let in. */
const STEERING: readonly string[] = [
  // [RFC 9112 §6]
  'content-length',
  'transfer-encoding',
  // [RFC 9110 §7.2] [RFC 9110 §7.6.1] [RFC 9110 §7.8] [RFC 9110 §10.1.4]
  'host',
  'connection',
  'upgrade',
  'te',
  // [RFC 9110 §6.6.2] [RFC 9110 §8.4] [RFC 9110 §10.1.1]
  'trailer',
  'content-encoding',
  'expect',
  // [RFC 9110 §11.6.2] [RFC 6265 §5.4]
  'authorization',
  'cookie',
];

/** Comes too late: who reads the head has decided without it. */
const TOO_LATE: readonly string[] = [
  // Content format [RFC 9110 §8].
  'content-language',
  'content-location',
  'content-range',
  'content-type',
  // Authentication [RFC 9110 §11] [RFC 6265 §4.1].
  'proxy-authenticate',
  'proxy-authorization',
  'set-cookie',
  'www-authenticate',
  // What modifies a request [RFC 9110 §7.6.2] [RFC 9110 §13.1] [RFC 9110 §14.2].
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'range',
  // What controls a response [RFC 9110 §6.6.1] [RFC 9110 §10.2] [RFC 9110 §12.5.5] [RFC 9111 §5].
  'age',
  'cache-control',
  'date',
  'expires',
  'location',
  'pragma',
  'retry-after',
  'vary',
  // [RFC 9112 §9.3] It belongs to a connection, if to anything.
  'keep-alive',
];

const REFUSED: ReadonlySet<string> = new Set(STEERING);

/** Fields that are never sent as trailers, in lower case. */
export const FORBIDDEN_IN_TRAILERS: ReadonlySet<string> = new Set([...STEERING, ...TOO_LATE]);

/**
 * Refuses a trailer section with a field that steers.
 *
 * Stricter than the RFC: a recipient may drop such a field; dropping is how two readers differ.
 *
 * @throws ProtocolError `forbidden-trailer`.
 */
export function checkTrailers(trailers: Fields): void {
  for (let index = 0; index < trailers.length; index += 1) {
    const name = trailers.nameAt(index)!;
    if (REFUSED.has(name.toLowerCase())) throw new ProtocolError('forbidden-trailer', name);
  }
}

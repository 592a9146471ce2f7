/**
 * `Sec-WebSocket-Key` and `Sec-WebSocket-Accept` [RFC 6455 §1.3].
 *
 * ```
 * key    = base64( 16 random bytes )                       24 characters: 22 + "=="
 * accept = base64( SHA-1( key as it was sent + GUID ) )    28 characters: 27 + "="
 * ```
 * The answer shows that the server has read this very request and speaks WebSocket; it is no secret
 * and no signature.
 */
import { hash } from 'node:crypto';
import { UsageError } from '../base/index.ts';

/** The fixed text that no other protocol appends to a key [RFC 6455 §1.3]. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** 16 bytes in base64: 21 free characters, one of which only two bits count, and the padding. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Tells whether a value is the base64 form of 16 bytes [RFC 6455 §4.2.1 (5)].
 *
 * Looser than the RFC: the four padding bits of the last character may be set, as in the RFC's own
 * first example (erratum 3150), because decoders ignore them.
 */
export function isHandshakeKey(value: string): boolean {
  return KEY.test(value);
}

/**
 * Writes 16 random bytes as a key [RFC 6455 §4.1].
 *
 * @param nonce exactly 16 bytes, from a cryptographically secure source, new for each connection.
 * @throws UsageError `invalid-argument` for any other length.
 */
export function encodeHandshakeKey(nonce: Uint8Array): string {
  if (nonce.length !== 16) {
    throw new UsageError('invalid-argument', `a nonce has 16 bytes, not ${nonce.length}`);
  }
  return Buffer.from(nonce.buffer, nonce.byteOffset, nonce.byteLength).toString('base64');
}

/** Computes the value of `Sec-WebSocket-Accept` that answers a key [RFC 6455 §4.2.2 (5.4)]. */
export function computeAccept(key: string): string {
  return hash('sha1', key + GUID, 'base64');
}

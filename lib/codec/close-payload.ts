/**
 * The payload of a close frame: why the connection ends [RFC 6455 §5.5.1, §7.4].
 *
 * ```
 * +----------------+---------------------------+
 * | code, 16 bits  | reason, UTF-8, 0 – 123 B  |     or nothing at all: no code given
 * +----------------+---------------------------+
 * ```
 */
import { isUtf8 } from 'node:buffer';
import { ProtocolError, UsageError } from '../base/index.ts';
import { MAX_CONTROL_PAYLOAD } from './frame-rules.ts';

/** What a close frame says. */
export interface ClosePayload {
  /** The status code; 1005, which is never on the wire, when the frame gave none. */
  readonly code: number;
  /** The reason, "" when none was given. For logs, not for end users [RFC 6455 §5.5.1]. */
  readonly reason: string;
}

/** Stands for "the close frame had no code" and is never sent [RFC 6455 §7.4.1]. */
export const NO_STATUS_CODE = 1005;

/** Longest reason, in bytes of UTF-8: what the code leaves of a control frame. */
export const MAX_REASON_BYTES = MAX_CONTROL_PAYLOAD - 2;

/**
 * Tells whether a code may stand in a close frame [RFC 6455 §7.4].
 *
 * 1000 – 1003 and 1007 – 1011 are the RFC's own, 1012 – 1014 were registered with IANA later,
 * 3000 – 3999 are for registration and 4000 – 4999 for private use. 1004 is reserved; 1005, 1006
 * and 1015 describe what was not sent, so they never are; everything else is undefined.
 */
export function isValidCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

/**
 * Reads the payload of a close frame.
 *
 * @returns code and reason, both yours.
 * @throws ProtocolError `close-payload-one-byte`, `close-code-invalid`, `close-reason-not-utf8`: to
 *   be caught by the core that calls it.
 */
export function parseClosePayload(payload: Uint8Array): ClosePayload {
  if (payload.length === 0) return { code: NO_STATUS_CODE, reason: '' };
  if (payload.length === 1) throw new ProtocolError('close-payload-one-byte'); // [RFC 6455 §5.5.1]
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isValidCloseCode(code)) throw new ProtocolError('close-code-invalid', String(code));
  const reason = Buffer.from(payload.buffer, payload.byteOffset + 2, payload.length - 2);
  if (!isUtf8(reason)) throw new ProtocolError('close-reason-not-utf8'); // [RFC 6455 §5.5.1]
  return { code, reason: reason.toString('utf8') };
}

/**
 * Writes the payload of a close frame.
 *
 * @param code a code for which {@link isValidCloseCode} holds; `undefined` gives an empty payload.
 * @param reason at most 123 bytes of UTF-8; needs a code.
 * @returns 0 or 2 – 125 bytes, yours.
 * @throws UsageError `invalid-close-code` for a code that may not be sent; `invalid-argument` for a
 *   reason that is too long, not a string, or without a code.
 */
export function encodeClosePayload(code?: number, reason = ''): Buffer {
  if (typeof reason !== 'string') {
    throw new UsageError('invalid-argument', 'the reason must be a string');
  }
  if (code === undefined) {
    if (reason !== '') throw new UsageError('invalid-argument', 'a reason needs a code before it');
    return Buffer.alloc(0);
  }
  if (!isValidCloseCode(code)) {
    throw new UsageError(
      'invalid-close-code',
      `${String(code)} may not be sent: 1000 – 1003, 1007 – 1014 or 3000 – 4999 may`,
    );
  }
  const reasonBytes = Buffer.byteLength(reason);
  if (reasonBytes > MAX_REASON_BYTES) {
    throw new UsageError(
      'invalid-argument',
      `the reason has ${reasonBytes} bytes; ${MAX_REASON_BYTES} fit in a close frame`,
    );
  }
  const payload = Buffer.allocUnsafe(2 + reasonBytes);
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2, 'utf8');
  return payload;
}

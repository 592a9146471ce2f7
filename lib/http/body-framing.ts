/**
 * Where a message's body ends [RFC 9112 §6.3]: the law that smuggling attacks break.
 *
 * ```
 * Transfer-Encoding   Content-Length    request                          response
 * absent              absent            no body                         until the connection closes
 * absent              one number        that many bytes                  that many bytes
 * chunked             absent            chunked                          chunked
 * anything else                         refused: whoever reads it differently reads another message
 * ```
 * It sees two fields and a version, and neither a method nor a byte of the body.
 */
import { isToken, lowerAscii, ProtocolError, trimOws } from '../base/index.ts';
import { CONTENT_LENGTH, type ControlFields, TRANSFER_ENCODING } from './control-fields.ts';

/** The versions that are read; others are refused. */
export type Version = '1.0' | '1.1';

/** How the end of a body is found. `length` is in bytes. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/**
 * How the end of a request's body is found: never by closing, which would leave no way to answer.
 */
export type RequestFraming = Exclude<BodyFraming, { readonly kind: 'until-close' }>;

/** There is no body. */
export const NO_BODY: { readonly kind: 'none' } = Object.freeze({ kind: 'none' });
/** The body is chunked. */
export const CHUNKED: { readonly kind: 'chunked' } = Object.freeze({ kind: 'chunked' });
/** The body lasts until the connection closes. */
export const UNTIL_CLOSE: { readonly kind: 'until-close' } = Object.freeze({ kind: 'until-close' });

/**
 * Decides how the body of a request ends.
 *
 * @param text the head that `control` has looked through.
 * @param maxBodyBytes a longer Content-Length is refused before any of it is read.
 * @throws ProtocolError `te-http10`, `te-and-cl`, `multiple-content-length`, `bad-content-length`,
 *   `body-too-large`, `bad-transfer-encoding`, `chunked-not-final`, `unknown-transfer-coding`.
 */
export function frameRequest(
  version: Version,
  control: ControlFields,
  text: string,
  maxBodyBytes: number,
): RequestFraming {
  const coding = control.value(TRANSFER_ENCODING, text);
  if (coding !== undefined) {
    const codings = readCodings(version, control, coding);
    // [RFC 9112 §6.3] Without a final chunked nobody can tell where the request ends.
    if (codings.at(-1) !== 'chunked') throw new ProtocolError('chunked-not-final');
    return onlyChunked(codings);
  }
  if (control.count(CONTENT_LENGTH) === 0) return NO_BODY;
  return { kind: 'length', length: readContentLength(control, text, maxBodyBytes) };
}

/**
 * Decides how the body of a response ends that may have one.
 *
 * @throws ProtocolError as {@link frameRequest}, but without `chunked-not-final`.
 */
export function frameResponse(
  version: Version,
  control: ControlFields,
  text: string,
  maxBodyBytes: number,
): BodyFraming {
  const coding = control.value(TRANSFER_ENCODING, text);
  if (coding !== undefined) return onlyChunked(readCodings(version, control, coding));
  if (control.count(CONTENT_LENGTH) === 0) return UNTIL_CLOSE;
  return { kind: 'length', length: readContentLength(control, text, maxBodyBytes) };
}

function readCodings(version: Version, control: ControlFields, value: string): string[] {
  // [RFC 9112 §6.1] HTTP/1.0 knows no codings: the sender, or somebody before it, is mistaken.
  if (version === '1.0') throw new ProtocolError('te-http10');
  // Stricter than the RFC: the two together are refused instead of letting Transfer-Encoding win.
  if (control.count(CONTENT_LENGTH) > 0) throw new ProtocolError('te-and-cl');
  return value.split(',').map((coding) => {
    const name = lowerAscii(trimOws(coding));
    // Stricter than the RFC: no empty list elements here, and no parameters [RFC 9112 §7.1].
    if (!isToken(name)) throw new ProtocolError('bad-transfer-encoding');
    return name;
  });
}

/** Not supported: any coding but chunked. [RFC 9112 §6.1] chunked may be applied once only. */
function onlyChunked(codings: readonly string[]): { readonly kind: 'chunked' } {
  if (codings.some((coding) => coding !== 'chunked')) {
    throw new ProtocolError('unknown-transfer-coding');
  }
  if (codings.length > 1) throw new ProtocolError('bad-transfer-encoding');
  return CHUNKED;
}

/**
 * Content-Length = 1*DIGIT, once [RFC 9110 §8.6].
 *
 * Stricter than the RFC: equal values on several lines, or in a list, are refused as well. A number
 * above the limit is never computed to the end, so that no digit is lost beyond 2^53.
 */
function readContentLength(control: ControlFields, text: string, maxBodyBytes: number): number {
  if (control.count(CONTENT_LENGTH) > 1) throw new ProtocolError('multiple-content-length');
  const digits = control.value(CONTENT_LENGTH, text)!;
  if (digits.length === 0) throw new ProtocolError('bad-content-length');
  const limit = Math.min(maxBodyBytes, Number.MAX_SAFE_INTEGER);
  let length = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) throw new ProtocolError('bad-content-length');
    if (length <= limit) length = length * 10 + digit;
  }
  if (length > limit) throw new ProtocolError('body-too-large');
  return length;
}

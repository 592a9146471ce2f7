/**
 * How the body of a response is delimited [RFC 9112 §6.3].
 *
 * | in this order | framing | connection |
 * |---|---|---|
 * | answer to HEAD; 204, 205, 304 | `none` | goes on |
 * | 2xx to CONNECT, or `raw` | `raw`: bytes as they come | ends with the body |
 * | length known | `length` | goes on |
 * | length unknown, HTTP/1.1 | `chunked` | goes on |
 * | length unknown, HTTP/1.0 | `until-close` | ends with the body |
 *
 * What the application says about framing must be true: a wrong `Content-Length` is refused instead
 * of corrected, because behind a proxy it makes two responses out of one.
 */
import { equalsIgnoringCase, UsageError } from '../base/index.ts';
import { listElements } from './lists.ts';
import type { ResponseFields } from './response-fields.ts';

/** What the writer has to know of the request that is answered. */
export interface AnsweredRequest {
  readonly method: string;
  readonly version: '1.0' | '1.1';
}

/** How a body is delimited on the wire. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'until-close' | 'raw';

/** How many bytes the body has; `'unknown'` in advance; `'raw'`: not the server's business. */
export type BodySize = number | 'unknown' | 'raw';

/** A decision about one response. */
export interface Framed {
  readonly framing: ResponseFraming;
  /** The field lines that tell the framing, each with its CRLF. */
  readonly lines: string;
  /** Body bytes to come, with framing `length`. */
  readonly length?: number;
}

/**
 * Decides by the table of the file head.
 *
 * @throws UsageError `invalid-header` when the application's fields contradict it;
 *   `invalid-argument` for a size that is no whole number from 0.
 */
export function decideFraming(
  request: AnsweredRequest,
  status: number,
  found: ResponseFields,
  size: BodySize,
): Framed {
  if (typeof size === 'number' && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new UsageError('invalid-argument', `a body has no ${size} bytes`);
  }
  const hasNoContent = request.method === 'HEAD' || status === 204 || status === 304;
  if (size === 'raw') {
    const lines = rawLines(request, status, found);
    return { framing: hasNoContent ? 'none' : 'raw', lines };
  }
  if (found.transferEncoding !== undefined) {
    throw new UsageError('invalid-header', 'the server writes Transfer-Encoding, unless raw');
  }
  // [RFC 9110 §15.3.6] No content, and unlike 204 it has to say so.
  if (status === 205) return { framing: 'none', lines: lengthLine(noLength(found)) };
  const length = agreedLength(status, found, size, request.method);
  if (status === 204) {
    refuseFraming(found, '204'); // [RFC 9110 §8.6]
    return { framing: 'none', lines: '' };
  }
  if (request.method === 'CONNECT' && status < 300) {
    refuseFraming(found, '2xx to CONNECT'); // [RFC 9110 §9.3.6]
    return { framing: 'raw', lines: '' };
  }
  // 304 and HEAD may tell the length of what GET would have sent, and send nothing [RFC 9110 §8.6].
  if (status === 304) return { framing: 'none', lines: lengthLine(found.contentLength) };
  if (length === undefined && request.version === '1.1') {
    const framing = request.method === 'HEAD' ? 'none' : 'chunked';
    return { framing, lines: 'transfer-encoding: chunked\r\n' };
  }
  if (request.method === 'HEAD') return { framing: 'none', lines: lengthLine(length) };
  if (length === undefined) return { framing: 'until-close', lines: '' };
  return { framing: 'length', lines: lengthLine(length), length };
}

/** The announced length and the real one must be the same; an empty HEAD body proves nothing. */
function agreedLength(
  status: number,
  found: ResponseFields,
  size: number | 'unknown',
  method: string,
): number | undefined {
  const announced = found.contentLength;
  if (size === 'unknown') return announced;
  const isFree = size === 0 && (method === 'HEAD' || status === 304);
  if (announced !== undefined && announced !== size && !isFree) {
    throw new UsageError('invalid-header', `Content-Length ${announced} for ${size} bytes`);
  }
  return announced ?? size;
}

/** @throws UsageError `invalid-header` when a length of more than nothing is announced. */
function noLength({ contentLength = 0 }: ResponseFields): 0 {
  if (contentLength === 0) return 0;
  throw new UsageError('invalid-header', `Content-Length ${contentLength} for no content`);
}

/** With raw framing the application may frame the body itself, as far as the client can read it. */
function rawLines(request: AnsweredRequest, status: number, found: ResponseFields): string {
  const { transferEncoding } = found;
  const isTunnel = request.method === 'CONNECT' && status < 300;
  if (status === 204 || isTunnel) refuseFraming(found, String(status));
  if (transferEncoding === undefined) return lengthLine(found.contentLength);
  if (request.version === '1.0' || found.contentLength !== undefined) {
    // [RFC 9112 §6.1, §6.2]
    throw new UsageError('invalid-header', 'Transfer-Encoding is not possible here');
  }
  // [RFC 9112 §6.1]
  const isChunked = (coding: string): boolean => equalsIgnoringCase(coding, 'chunked');
  if (listElements(transferEncoding).filter(isChunked).length > 1) {
    throw new UsageError('invalid-header', 'chunked is applied once only');
  }
  return `transfer-encoding: ${transferEncoding}\r\n`;
}

/** @throws UsageError `invalid-header` when the fields speak about framing where none may be. */
export function refuseFraming(found: ResponseFields, where: string): void {
  if (found.contentLength !== undefined || found.transferEncoding !== undefined) {
    throw new UsageError('invalid-header', `${where} has neither length nor transfer coding`);
  }
}

function lengthLine(length: number | undefined): string {
  return length === undefined ? '' : `content-length: ${length}\r\n`;
}

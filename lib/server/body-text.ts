/** What the bytes of a body mean, as far as a server has to know: text and JSON. */
import { lowerAscii, ProtocolError } from '../base/index.ts';
import { listElements, type MediaType, parseMediaType } from '../http/index.ts';

/**
 * Refuses what is compressed [RFC 9110 §8.4]: nothing is inflated here, so nothing can burst. An
 * empty list, and `identity` however often, say that nothing was done.
 */
export function requirePlain(contentEncoding: string | undefined): void {
  const codings = listElements(contentEncoding ?? '');
  if (codings.every((coding) => lowerAscii(coding) === 'identity')) return;
  throw new ProtocolError('unsupported-content-coding', contentEncoding);
}

/** The charsets of UTF-8 and of its lower half. */
const CHARSETS: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];

/** Refuses text that says it is not UTF-8, or what is no type. A missing type says nothing. */
export function requireText(contentType: string | undefined): void {
  if (contentType !== undefined && contentType !== '') requireUtf8(parseMediaType(contentType));
}

/** Refuses what does not say that it is JSON [RFC 8259 §11], or `+json` [RFC 6839 §3.1]. */
export function requireJson(contentType: string | undefined): void {
  const type = parseMediaType(contentType ?? '');
  const essence = type?.essence ?? '';
  if (essence !== 'application/json' && !/^[^/]+\/[^/]+\+json$/.test(essence)) {
    throw new ProtocolError('unsupported-media-type', essence === '' ? 'no type' : essence);
  }
  requireUtf8(type);
}

/** Who names two charsets has not said which one it is. */
function requireUtf8(type: MediaType | undefined): void {
  if (type === undefined) throw new ProtocolError('unsupported-media-type', 'no media type');
  for (const [name, value] of type.parameters) {
    if (name === 'charset' && !CHARSETS.includes(lowerAscii(value))) {
      throw new ProtocolError('unsupported-media-type', `charset ${value}`);
    }
  }
}

/** @throws ProtocolError `body-not-utf8`; `body-too-large` for more than one string can hold. */
export function decodeText(bytes: Buffer): string {
  try {
    // Without a byte order mark, which JSON must not have and text does not need.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG';
    throw new ProtocolError(isTooLong ? 'body-too-large' : 'body-not-utf8');
  }
}

/** @throws ProtocolError `body-not-json`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtocolError('body-not-json', error instanceof Error ? error.message : undefined);
  }
}

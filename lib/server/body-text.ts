/** What the bytes of a body mean, as far as a server has to know: text and JSON. */
import { lowerAscii, ProtocolError, trimOws } from '../base/index.ts';

/** Refuses what is compressed [RFC 9110 §8.4]: nothing is inflated here, so nothing can burst. */
export function requirePlain(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || lowerAscii(contentEncoding) === 'identity') return;
  throw new ProtocolError('unsupported-content-coding', contentEncoding);
}

/** Refuses text that says it is not UTF-8. A missing type says nothing. */
export function requireText(contentType: string | undefined): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1];
  if (charset === undefined) return;
  if (!['utf-8', 'utf8', 'us-ascii'].includes(lowerAscii(charset))) {
    throw new ProtocolError('unsupported-media-type', `charset ${charset}`);
  }
}

/** Refuses what does not say that it is JSON [RFC 8259 §11], or `+json` [RFC 6839 §3.1]. */
export function requireJson(contentType: string | undefined): void {
  const essence = lowerAscii(trimOws((contentType ?? '').split(';', 1)[0]!));
  if (essence !== 'application/json' && !/^[^/]+\/[^/]+\+json$/.test(essence)) {
    throw new ProtocolError('unsupported-media-type', essence === '' ? 'no type' : essence);
  }
  requireText(contentType);
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
    throw new ProtocolError('body-not-json', (error as SyntaxError).message);
  }
}

/**
 * The value of `Content-Type`: a type and its parameters [RFC 9110 §8.3.1].
 *
 * ```
 * media-type = type "/" subtype *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )
 *
 *   text/plain; a="; charset=utf-16"; charset=utf-8       what is quoted is no parameter of its own
 * ```
 * Looser than the RFC: whitespace around "=" is left out, as everywhere else where it is bad. It
 * does not know what a type or a parameter means.
 */
import { lowerAscii } from '../base/index.ts';

/** A media type in its parts. */
export interface MediaType {
  /** Type and subtype in lower case, such as `text/plain`. */
  readonly essence: string;
  /**
   * Names in lower case, values without quotes and backslashes, in their order. A name may repeat:
   * what that means is for the reader to say.
   */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const ESSENCE = new RegExp(`[\\t ]*(${TOKEN}/${TOKEN})`, 'y');
// Each alternative begins with another character, so a value is gone through once.
const QUOTED = '"((?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*)"';
const PARAMETER = new RegExp(
  `[\\t ]*;[\\t ]*(?:(${TOKEN})[\\t ]*=[\\t ]*(?:(${TOKEN})|${QUOTED}))?`,
  'y',
);

/**
 * Reads a media type. O(length).
 *
 * @returns `undefined` when it is none, or has something in it that is no parameter: two readers
 *   would make different things of that.
 */
export function parseMediaType(value: string): MediaType | undefined {
  ESSENCE.lastIndex = 0;
  const essence = ESSENCE.exec(value)?.[1];
  if (essence === undefined) return undefined;
  const parameters: (readonly [string, string])[] = [];
  let at = ESSENCE.lastIndex;
  while (at < value.length) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(value);
    if (found === null) {
      return /^[\t ]+$/.test(value.slice(at))
        ? { essence: lowerAscii(essence), parameters }
        : undefined;
    }
    const [, name, token, quoted = ''] = found;
    // [RFC 9110 §5.6.4] A backslash makes the next octet stand for itself.
    if (name !== undefined)
      parameters.push([lowerAscii(name), token ?? quoted.replace(/\\(.)/g, '$1')]);
    at = PARAMETER.lastIndex;
  }
  return { essence: lowerAscii(essence), parameters };
}

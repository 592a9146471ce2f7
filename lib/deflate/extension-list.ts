/**
 * The value of `Sec-WebSocket-Extensions` [RFC 6455 §9.1].
 *
 * ```
 * extension-list  = extension *( OWS "," OWS extension )
 * extension       = extension-token *( OWS ";" OWS extension-param )
 * extension-param = token [ "=" ( token / quoted-string ) ]
 * ```
 * A request lists what the client would like, most wanted first; a response lists what is in use.
 * This file knows the grammar and no extension. It reads every character once: no regular
 * expression, no splitting, so a hostile value costs as much as its length.
 */
import {
  CHARACTER_CLASS,
  HTAB,
  isToken,
  ProtocolError,
  resolveLimit,
  SP,
  TOKEN,
  UsageError,
} from '../base/index.ts';

/**
 * One parameter of an extension. Names may repeat; whether they may is for the extension to say.
 */
export interface ExtensionParameter {
  readonly name: string;
  /** The value without its quotes; `undefined` when the parameter stands alone. */
  readonly value: string | undefined;
}

/** One element of the list. Names keep their case: they are compared exactly. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly ExtensionParameter[];
}

interface Cursor {
  readonly text: string;
  at: number;
}

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads the value of a `Sec-WebSocket-Extensions` field; several field lines joined with "," read
 * as one [RFC 6455 §9.1]. O(length).
 *
 * Stricter than the RFC: empty list elements, which [RFC 9110 §5.6.1] lets a recipient skip, and
 * white space around "=" are refused. No client sends them, and an injected header may.
 *
 * @param maxExtensionOffers how many elements are read; more is a failure, never a silent cut.
 * @throws ProtocolError `extension-list-malformed`, `too-many-extensions`; a core catches it.
 */
export function parseExtensionList(value: string, maxExtensionOffers?: number): Extension[] {
  const limit = resolveLimit('maxExtensionOffers', maxExtensionOffers);
  const cursor: Cursor = { text: value, at: 0 };
  const extensions: Extension[] = [];
  skipWhiteSpace(cursor);
  do {
    if (extensions.length >= limit) throw new ProtocolError('too-many-extensions', `over ${limit}`);
    skipWhiteSpace(cursor);
    extensions.push({ name: readToken(cursor), parameters: readParameters(cursor) });
  } while (skipDelimiter(cursor, COMMA));
  if (cursor.at < value.length) throw malformed(cursor, 'expected "," or ";"');
  return extensions;
}

function readParameters(cursor: Cursor): ExtensionParameter[] {
  const parameters: ExtensionParameter[] = [];
  while (skipDelimiter(cursor, SEMICOLON)) {
    skipWhiteSpace(cursor);
    const name = readToken(cursor);
    let value: string | undefined;
    if (cursor.text.charCodeAt(cursor.at) === EQUALS) {
      cursor.at += 1;
      const isQuoted = cursor.text.charCodeAt(cursor.at) === QUOTE;
      value = isQuoted ? readQuotedToken(cursor) : readToken(cursor);
    }
    parameters.push({ name, value });
  }
  return parameters;
}

function readToken(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let at = start;
  while (at < text.length && isTokenCode(text.charCodeAt(at))) at += 1;
  cursor.at = at;
  if (at === start) throw malformed(cursor, 'expected a token');
  return text.slice(start, at);
}

/**
 * Reads a quoted string; what it says without quotes and backslashes is a token [RFC 6455 §9.1].
 */
function readQuotedToken(cursor: Cursor): string {
  const { text } = cursor;
  let token = '';
  for (let at = cursor.at + 1; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (code === QUOTE) {
      cursor.at = at + 1;
      if (token === '') throw malformed(cursor, 'empty value');
      return token;
    }
    if (code === BACKSLASH) {
      at += 1;
      code = at < text.length ? text.charCodeAt(at) : SP;
    }
    if (!isTokenCode(code)) break;
    token += String.fromCharCode(code);
  }
  throw malformed(cursor, 'a quoted value must be a token');
}

/** Steps over `delimiter` and the white space before it; leaves the cursor alone without one. */
function skipDelimiter(cursor: Cursor, delimiter: number): boolean {
  skipWhiteSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== delimiter) return false;
  cursor.at += 1;
  return true;
}

function skipWhiteSpace(cursor: Cursor): void {
  const { text } = cursor;
  let at = cursor.at;
  while (at < text.length && (text.charCodeAt(at) === SP || text.charCodeAt(at) === HTAB)) at += 1;
  cursor.at = at;
}

function isTokenCode(code: number): boolean {
  return code < 0x80 && (CHARACTER_CLASS[code]! & TOKEN) !== 0;
}

function malformed(cursor: Cursor, expected: string): ProtocolError {
  return new ProtocolError('extension-list-malformed', `${expected} at ${cursor.at}`);
}

/**
 * Writes an extension list: the inverse of {@link parseExtensionList}. Values are never quoted,
 * because every value is a token.
 *
 * @throws UsageError `invalid-argument` when a name or value is not a token, or the list is empty.
 */
export function formatExtensionList(extensions: readonly Extension[]): string {
  if (extensions.length === 0) throw new UsageError('invalid-argument', 'an empty extension list');
  return extensions.map(formatExtension).join(', ');
}

function formatExtension(extension: Extension): string {
  const parts = [checkToken(extension.name)];
  for (const { name, value } of extension.parameters) {
    parts.push(value === undefined ? checkToken(name) : `${checkToken(name)}=${checkToken(value)}`);
  }
  return parts.join('; ');
}

function checkToken(text: string): string {
  if (isToken(text)) return text;
  throw new UsageError('invalid-argument', `${JSON.stringify(text)} is not a token`);
}

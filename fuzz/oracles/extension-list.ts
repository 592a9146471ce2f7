/**
 * The grammar of an extension list as one pattern [RFC 6455 §9.1], without the leniencies that the
 * reader refuses: empty elements, and white space around "=".
 */

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:\\\\?[!#$%&\'*+\\-.^_`|~0-9A-Za-z])+"';
const OWS = '[ \\t]*';
const ELEMENT = `${TOKEN}(?:${OWS};${OWS}${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*`;
const LIST = new RegExp(`^${OWS}${ELEMENT}(?:${OWS},${OWS}${ELEMENT})*${OWS}$`);

/** Tells whether a value is a well-formed list. */
export function isExtensionList(value: string): boolean {
  return LIST.test(value);
}

/** Counts the elements of a well-formed list: no comma stands inside a quoted token. */
export function countExtensions(value: string): number {
  return value.split(',').length;
}

/** Who this page is: a secret that ties its connections together, and a name to begin with. */

/**
 * 128 random bits: whoever knows them may watch this page's wire, so they are told to the server
 * only.
 */
export const pageId = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('');

const FIRST = [
  'Copper',
  'Amber',
  'Silver',
  'Cobalt',
  'Nickel',
  'Ruby',
  'Indigo',
  'Saffron',
  'Jade',
];
const SECOND = ['Heron', 'Otter', 'Finch', 'Marten', 'Lynx', 'Wren', 'Badger', 'Kite', 'Gecko'];

/** The name of the last visit of this tab, or a new one. */
export function firstName(): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(Math.random() * words.length)] ?? '';
  return stored() ?? `${pick(FIRST)} ${pick(SECOND)}`;
}

/** Keeps the name for this tab only, so that two tabs are two people. */
export function rememberName(name: string): void {
  try {
    sessionStorage.setItem('name', name);
  } catch {
    // Storage may be forbidden; the name then lasts as long as the page.
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem('name');
  } catch {
    return null;
  }
}

/** Building the page by hand: text stays text, because nothing here ever parses HTML. */

/** Properties of a new element: `class`, `data-…`, `aria-…` and the like become attributes. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an element. Strings among the children become text nodes, whatever is in them. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** Finds the element with an id; the page's HTML is ours, so a missing one is a mistake of ours. */
export function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as Kind;
}

/** Shows a connection's state as a light and a word. */
export function showState(
  id: string,
  state: 'open' | 'waiting' | 'failed' | 'off',
  text: string,
): void {
  const element = find(id);
  element.dataset['state'] = state;
  if (element.textContent !== text) element.textContent = text;
}

/** Says in one line how something went. */
export function showVerdict(id: string, text: string, mood: 'good' | 'bad' | '' = ''): void {
  const element = find(id);
  element.dataset['mood'] = mood;
  element.textContent = text;
}

/** Sets the text of an element. */
export function showText(id: string, text: string | number): void {
  find(id).textContent = String(text);
}

/** Removes the oldest children beyond `count`. */
export function keepNewest(parent: Element, count: number): void {
  while (parent.childElementCount > count) parent.firstElementChild?.remove();
}

/** Tells whether a list is scrolled to its end, so that new entries may scroll it along. */
export function isAtEnd(list: Element): boolean {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 40;
}

/** Milliseconds for people: "0.42 ms", "7 ms", "1.25 s". */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** A hue of its own for each text, 0 – 359. */
export function hueOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) % 100_003;
  return (hash * 137) % 360;
}

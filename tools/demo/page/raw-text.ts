/**
 * Bytes of HTTP for the eye: line ends become visible, and the parts of a head get their
 * colours.
 */
import { make } from './dom.ts';

/**
 * Renders a message head, and whatever follows it, as nodes.
 *
 * @param text Latin-1: one character a byte.
 * @param marked values that are to stand out.
 */
export function renderRaw(text: string, marked: readonly string[] = []): Node[] {
  const headEnd = text.indexOf('\r\n\r\n');
  const nodes: Node[] = [];
  let at = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (index > 0) nodes.push(new Text('\n'));
    const isHead = headEnd === -1 || at < headEnd;
    const shown = line.endsWith('\r') ? line.slice(0, -1) : line;
    const colon = shown.indexOf(':');
    if (index === 0) {
      nodes.push(make('span', { class: 'start' }, shown));
    } else if (isHead && colon > 0) {
      nodes.push(make('span', { class: 'field-name' }, shown.slice(0, colon)));
      nodes.push(...markedText(shown.slice(colon), marked));
    } else {
      nodes.push(new Text(shown));
    }
    at += line.length + 1;
    const end = at > text.length ? '' : line.endsWith('\r') ? '\\r\\n' : '\\n';
    if (end !== '') nodes.push(make('span', { class: 'eol' }, end));
  }
  return nodes;
}

function markedText(text: string, marked: readonly string[]): Node[] {
  const found = marked.find((value) => value !== '' && text.includes(value));
  if (found === undefined) return [new Text(text)];
  const at = text.indexOf(found);
  return [
    new Text(text.slice(0, at)),
    make('span', { class: 'mark' }, found),
    new Text(text.slice(at + found.length)),
  ];
}

/**
 * HTML written with template strings: whatever is put in is escaped, unless it is markup already.
 */

/** A piece of HTML. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Content = Markup | string | number | undefined | readonly Content[];

/** Builds markup: html`<b>${text}</b>`. Lists are joined, `undefined` is nothing. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let source = strings[0]!;
  for (const [index, content] of contents.entries()) {
    source += render(content) + strings[index + 1]!;
  }
  return new Markup(source);
}

/** Takes a text as markup as it stands. */
export const raw = (source: string): Markup => new Markup(source);

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.source;
  if (Array.isArray(content)) return content.map(render).join('');
  return escapeHtml(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text; control characters become their visible pictures. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) =>
      String.fromCodePoint(0x2400 + character.charCodeAt(0)),
    )
    .replace(/[\u007f-\u009f\ufffe\uffff]/g, '\u2421');
}

/** A whole page. */
export function page(title: string, style: string, body: Markup, script = ''): string {
  const end = script === '' ? '' : `<script>${script}</script>\n`;
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>${escapeHtml(title)}</title>\n<style>${style}</style>\n</head>\n` +
    `<body>\n${body.source}\n${end}</body>\n</html>\n`
  );
}

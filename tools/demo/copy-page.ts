/** Copies what the compiler does not: the page's markup, styles and icon go beside its script. */
import { cpSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';

const from = new URL('../../../tools/demo/page/', import.meta.url);
const to = new URL('./page/', import.meta.url);

for (const name of readdirSync(from)) {
  if (['.html', '.css', '.svg'].includes(extname(name)))
    cpSync(new URL(name, from), new URL(name, to));
}

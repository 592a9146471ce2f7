/**
 * The files of the page, read once at the start: a request only chooses among them, so that no path
 * from the network ever reaches the file system.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing is loaded from elsewhere, nothing runs that is not a file of ours, and nothing that a
 * script writes is parsed as HTML: where text from the network would become markup, the browser
 * refuses.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A file as it is served. */
export interface Asset {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads the page's files.
 *
 * @param folder where they are; `npm run build` puts them beside this module.
 * @returns the assets by request path; "/" is the page itself.
 */
export function readAssets(folder = new URL('./page/', import.meta.url)): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(new URL(name, folder));
    const tag = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
    const headers = {
      'content-type': type,
      'cache-control': 'no-cache',
      etag: `"${tag}"`,
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    };
    assets.set(name === 'index.html' ? '/' : `/page/${name}`, { bytes, headers });
  }
  if (!assets.has('/')) throw new Error(`no page in ${folder.pathname}: run "npm run build"`);
  return assets;
}

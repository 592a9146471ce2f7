/** Says where in the sources a function stands: a bundle knows by its source map. */
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A place as V8's profiler gives it, counted from 0. */
export interface CompiledPlace {
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

const maps = new Map<string, SourceMap | undefined>();

/** The source and its line, counted from 1; empty for what has no place in a script. */
export function placeOf({ url, lineNumber, columnNumber }: CompiledPlace): string {
  if (url === '') return '';
  // From where it is the same on every machine.
  const compiled = `${url.replace(/^.*\/(?:dist\/|(?=node_modules\/))/, '')}:${lineNumber + 1}`;
  if (!url.includes('/dist/bundle/')) return compiled;
  if (!maps.has(url)) maps.set(url, readMap(url));
  const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
  if (entry === undefined || !('originalSource' in entry)) return compiled;
  return `${entry.originalSource.replace(/^.*\.\.\//, '')}:${entry.originalLine + 1}`;
}

function readMap(url: string): SourceMap | undefined {
  const path = `${fileURLToPath(url)}.map`;
  return existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/**
 * Makes what is published: the modules of each chapter of `lib` joined into one file.
 *
 * ```
 *   dist/lib/codec/index.js ─► frame-reader.js, mask.js, … ─┐
 *   dist/lib/server/index.js ─► http-server.js, …           ├─ rollup ─► dist/bundle/codec.js
 *   …                                                       ┘            dist/bundle/server.js …
 * ```
 * It is not for size alone. Node makes a dozen objects for each of 200 modules, which outlive the
 * start; V8 takes that for a program that keeps what it makes, and gives its young generation so
 * much room that buffers are collected with the old one, which costs ten times as much
 * (bench/README.md). Specs, fuzzing and coverage get the modules of `dist/lib` under the same
 * names, by the condition `barewire-modules`.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import MagicString from 'magic-string';
import { type Plugin, rollup } from 'rollup';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const BUNDLE = 'dist/bundle';

/** The entry of each subpath, by the name of its bundle. */
function listEntries(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { 'barewire-modules': string; default: string }>;
  };
  const entries: Record<string, string> = {};
  for (const target of Object.values(exports)) {
    if (typeof target === 'string') continue;
    const name = target.default.slice(`./${BUNDLE}/`.length, -'.js'.length);
    entries[name] = join(root, target['barewire-modules']);
  }
  return entries;
}

/** Whether nothing that goes into the bundles is younger than they are. */
function isFresh(): boolean {
  const bundled = join(root, BUNDLE, 'index.js.map');
  if (!existsSync(bundled)) return false;
  const lib = join(root, 'dist/lib');
  const modules = readdirSync(lib, { recursive: true, encoding: 'utf8' });
  const inputs = [
    fileURLToPath(import.meta.url),
    join(root, 'package.json'),
    ...modules.filter((name) => name.endsWith('.js')).map((name) => join(lib, name)),
  ];
  const since = statSync(bundled).mtimeMs;
  return inputs.every((path) => statSync(path).mtimeMs < since);
}

/** Reads compiled modules with their maps, so that those of the bundles lead to the sources. */
const withMaps: Plugin = {
  name: 'with-maps',
  load: (id) => ({
    code: readFileSync(id, 'utf8'),
    map: JSON.parse(readFileSync(`${id}.map`, 'utf8')),
  }),
};

/** Takes comments away, with the line where nothing else stands on it: the sources have them. */
const withoutComments: Plugin = {
  name: 'without-comments',
  renderChunk(code) {
    const text = new MagicString(code);
    const onComment = (_isBlock: boolean, _text: string, start: number, end: number): void => {
      const line = code.lastIndexOf('\n', start - 1);
      const isAlone = code.slice(line + 1, start).trim() === '' && /^\r?\n/.test(code.slice(end));
      text.remove(isAlone ? Math.max(line, 0) : start, end);
    };
    parse(code, { ecmaVersion: 'latest', sourceType: 'module', onComment });
    return { code: text.toString(), map: text.generateMap() };
  },
};

async function write(): Promise<void> {
  rmSync(join(root, BUNDLE), { recursive: true, force: true });
  const bundle = await rollup({
    input: listEntries(),
    external: /^(debug|node:.*)$/,
    plugins: [withMaps, withoutComments],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await bundle.write({
    dir: join(root, BUNDLE),
    format: 'es',
    sourcemap: true,
    sourcemapExcludeSources: true,
    hoistTransitiveImports: false,
    // A chapter is imported by its door alone, and so it is one file.
    manualChunks: (id) => /\/dist\/lib\/(\w+)\//.exec(id)?.[1] ?? 'index',
  });
  await bundle.close();
}

if (!isFresh()) await write();

/**
 * Is tap's plugin set the one that package.json asks for?
 *
 * tap compiles its plugins into node_modules, and a fresh install carries the default set. The run
 * that finds the set wanting rebuilds it, but has already loaded the old one: the first run after
 * an install would silently compile with the TypeScript plugin. So the signature of the built
 * module is compared first, and the set is built before tap starts.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Returns the file that starts tap, as installed for the package in `root`. */
export function findTap(root: string): string {
  const require = createRequire(join(root, 'package.json'));
  return join(dirname(require.resolve('tap/package.json')), 'dist/esm/run.mjs');
}

/**
 * Tells whether a plugin set is what a configuration asks for.
 *
 * @param built source of tap's built test module, which lists its plugins in `signature`.
 * @param wanted entries of the `plugin` option: a name to have, or `!name` not to have.
 */
export function isPluginSet(built: string, wanted: readonly string[]): boolean {
  const signature = /^export(?:s\.| const )signature = `([^`]*)`/m.exec(built);
  if (signature === null) return false;
  const names = new Set(signature[1]!.split('\n'));
  return wanted.every((entry) =>
    entry.startsWith('!') ? !names.has(entry.slice(1)) : names.has(entry),
  );
}

/**
 * Builds the plugin set of the package in `root` when it is not the one asked for (about ten
 * seconds).
 *
 * @throws Error when it is still another one afterwards: a run would not mean what it says.
 */
export function ensurePlugins(root: string): void {
  if (hasPlugins(root)) return;
  const built = spawnSync(process.execPath, [findTap(root), 'build'], { cwd: root });
  if (built.status !== 0 || !hasPlugins(root)) {
    throw new Error(`tap could not build its plugins: ${String(built.stderr ?? built.error)}`);
  }
}

function hasPlugins(root: string): boolean {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted: readonly string[] = manifest.tap?.plugin ?? [];
  try {
    // Resolved from tap itself, because an install may hold more than one copy.
    const entry = createRequire(findTap(root)).resolve('@tapjs/test/test-built');
    const folder = entry.slice(0, entry.lastIndexOf('test-built'));
    const modules = ['esm', 'commonjs'].map((kind) =>
      readFileSync(join(folder, 'test-built/dist', kind, 'index.js'), 'utf8'),
    );
    return modules.every((source) => isPluginSet(source, wanted));
  } catch {
    return false;
  }
}

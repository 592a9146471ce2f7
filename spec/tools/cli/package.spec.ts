/**
 * What is published: the program must find everything it imports, and bring nothing else along.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The files of the package, as npm would pack them. */
function listPacked(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const out = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  const [{ files }] = JSON.parse(out) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

/** What a compiled module imports, at once or when it is called for. */
function* listImports(text: string): Generator<string> {
  for (const node of parse(text, { ecmaVersion: 'latest', sourceType: 'module' }).body) {
    if ('source' in node && typeof node.source?.value === 'string') yield node.source.value;
  }
  for (const [, , name] of text.matchAll(/\bimport\((['"])(.+?)\1\)/g)) yield name!;
}

/** A module of ours and all that it imports from beside it; what else it imports goes to `bare`. */
function collect(file: string, found: Set<string>, bare: Set<string>): void {
  if (found.has(file)) return;
  found.add(file);
  for (const name of listImports(readFileSync(join(root, file), 'utf8'))) {
    if (name.startsWith('.')) collect(join(dirname(file), name), found, bare);
    else bare.add(name);
  }
}

/** A module of types alone is imported by nobody once it is compiled. */
const isOnlyTypes = (file: string): boolean =>
  /^export \{\};$/m.test(readFileSync(join(root, file), 'utf8'));

t.test('the package has what its program needs, and no other tool', (t) => {
  const { bin, exports, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as {
    bin: { barewire: string };
    exports: Record<string, string | Record<string, string>>;
    dependencies: Record<string, string>;
  };
  const packed = listPacked();
  const program = relative('.', bin.barewire);
  const needed = new Set<string>();
  const bare = new Set<string>();
  collect(program, needed, bare);
  t.ok(needed.size > 50, `${needed.size} modules are needed`);
  const tools = packed.filter((path) => path.startsWith('dist/tools/') && !isOnlyTypes(path));
  t.same(tools.sort(), [...needed].sort());
  for (const name of bare) {
    const own = name.replace(/^barewire/, '.');
    const isThere = name.startsWith('node:') || own in exports || name in dependencies;
    t.ok(isThere, `${name} is there for whoever installs the package`);
  }
  for (const target of Object.values(exports)) {
    // Modules one by one are for those who work here.
    const { 'barewire-modules': _, ...published } =
      typeof target === 'string' ? { default: target } : target;
    const paths = Object.values(published);
    for (const path of paths) {
      t.ok(packed.includes(relative('.', path)), `${path} is in the package`);
      t.ok(existsSync(join(root, path)), `${path} is there`);
    }
  }
  t.notOk(packed.some((path) => /^(spec|fuzz|bench|dist\/(spec|fuzz|bench))\//.test(path)));
  t.end();
});

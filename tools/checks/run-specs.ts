/**
 * Runs the compiled specs: makes sure that tap's plugins are built, starts tap on `dist/spec`, shows
 * what failed, and ends with one line of counts.
 *
 *   node dist/tools/checks/run-specs.js [path or part of a path …] [-- tap options]
 *
 * tap builds its plugin set into node_modules, and the run that finds it missing still loads the
 * old one; so the set is compared and built first, once after each install.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const require = createRequire(join(root, 'package.json'));
const tapBin = join(dirname(require.resolve('tap/package.json')), 'dist/esm/run.mjs');

function isPluginSetBuilt(): boolean {
  try {
    const testEntry = require.resolve('@tapjs/test', { paths: [dirname(tapBin)] });
    const built = readFileSync(join(dirname(testEntry), '../esm/index.js'), 'utf8');
    return !built.includes('@tapjs/typescript');
  } catch {
    return false;
  }
}

function specFiles(parts: readonly string[]): string[] {
  const specRoot = join(root, 'dist/spec');
  const files = readdirSync(specRoot, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(spec|prop)\.js$/.test(name))
    .map((name) => relative(root, join(specRoot, name)))
    .sort();
  const wanted = parts.map((part) => part.replace(/^dist\//, '').replace(/\.ts$/, '.js'));
  return wanted.length === 0
    ? files
    : files.filter((file) => wanted.some((part) => file.includes(part)));
}

/** Sources without a compiled twin, or the other way round, would make a green run a lie. */
function staleFiles(): string[] {
  const list = (folder: string, ending: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => new RegExp(`\\.(spec|prop)\\.${ending}$`).test(name))
      .map((name) => name.slice(0, -ending.length));
  const sources = new Set(list('spec', 'ts'));
  const compiled = new Set(list('dist/spec', 'js'));
  return [
    ...[...sources].filter((name) => !compiled.has(name)),
    ...[...compiled].filter((name) => !sources.has(name)),
  ];
}

const separator = process.argv.indexOf('--', 2);
const parts = process.argv.slice(2, separator === -1 ? undefined : separator);
const tapOptions = separator === -1 ? [] : process.argv.slice(separator + 1);

const stale = staleFiles();
if (stale.length > 0) {
  console.error(
    `dist/ does not match spec/: run "npm run build" (or remove dist) — ${stale.join(', ')}`,
  );
  process.exit(2);
}
const files = specFiles(parts);
if (files.length === 0) {
  console.error(`no spec matches ${parts.join(', ')}`);
  process.exit(2);
}
if (!isPluginSetBuilt()) {
  const built = spawnSync(process.execPath, [tapBin, 'build'], { cwd: root, stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

const counts = { pass: 0, fail: 0, skip: 0 };
const child = spawn(process.execPath, [tapBin, '-Rtap', ...tapOptions, ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const showAll = process.env['CI'] === undefined && files.length <= 3;
let failing = 0;
for await (const line of createInterface({ input: child.stdout })) {
  const total = /^# \{ total: (\d+), pass: (\d+)(?:, fail: (\d+))?(?:, skip: (\d+))?/.exec(line);
  if (total !== null) {
    counts.pass = Number(total[2]);
    counts.fail = Number(total[3] ?? 0);
    counts.skip = Number(total[4] ?? 0);
  }
  // Of a long run, one line a file and everything about a failure: that is what people read.
  if (/^\s*not ok/.test(line)) failing = 40;
  const isTopLine = /^(ok|not ok|Bail out)/.test(line);
  if (showAll || failing > 0 || isTopLine) console.log(line.replace(/ \{$/, ''));
  if (failing > 0) failing -= 1;
}
const status = await new Promise<number>((done) => {
  if (child.exitCode !== null) done(child.exitCode);
  else child.on('exit', (code) => done(code ?? 1));
});
const skipped = counts.skip > 0 ? `, ${counts.skip} skipped` : '';
console.log(`${counts.pass} passed, ${counts.fail} failed${skipped}`);
process.exit(status !== 0 || counts.fail > 0 || counts.pass === 0 ? 1 : 0);

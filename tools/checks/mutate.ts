/**
 * The mutation check: breaks the sources one small change at a time and tells which changes no spec
 * notices.
 *
 *   npm run mutate -- lib/codec [lib/http/fields.ts …] [--max 60] [--jobs 2] [--seed 1] [--own]
 *
 *   --max   how many mutants of each folder are tried, drawn by the seed; all without it
 *   --own   ask only the specs of the mutated file, and not the others of its folder
 *
 * Survivors are printed, and written to reports/mutation.json. Those that are known, because nobody
 * could tell the difference, stand with the reason in `mutation/equivalent.json` and do not count.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { Random } from '../../fuzz/engine/random.ts';
import { applyMutant, type Mutant, mutantsOf } from './mutation/mutants.ts';
import { Sandbox } from './mutation/sandbox.ts';

/** A change that makes no difference to anybody, and why. */
interface Equivalent {
  readonly file: string;
  /** The whole source line, trimmed. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const KNOWN = join(ROOT, 'tools/checks/mutation/equivalent.json');
/** A mutant may loop for ever; a spec gets this long, or five times what it takes unchanged. */
const LEAST_TIMEOUT_MS = 6_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    max: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    own: { type: 'boolean', default: false },
  },
});

function sourcesBelow(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('index.ts'))
    .map((name) => join(path, name))
    .sort();
}

const lineOf = (mutant: Mutant): string =>
  readFileSync(join(ROOT, mutant.file), 'utf8').split('\n')[mutant.line - 1]!.trim();

function isKnown(mutant: Mutant, known: readonly Equivalent[]): boolean {
  const line = lineOf(mutant);
  return known.some(
    (entry) =>
      entry.file === mutant.file &&
      entry.line === line &&
      entry.original === mutant.original &&
      entry.replacement === mutant.replacement,
  );
}

function draw(mutants: readonly Mutant[], most: number, random: Random): Mutant[] {
  const rest = [...mutants];
  const drawn: Mutant[] = [];
  while (rest.length > 0 && drawn.length < most) {
    drawn.push(...rest.splice(random.below(rest.length), 1));
  }
  return drawn.sort(
    (left, right) => left.file.localeCompare(right.file) || left.start - right.start,
  );
}

/** Specs that ought to notice: the file's own first, then the others of its folder. */
function specsFor(file: string): { own: string[]; others: string[] } {
  const folder = join('dist', dirname(file).replace(/^lib/, 'spec'));
  const stem = file.replace(/^lib/, 'dist/spec').replace(/\.ts$/, '');
  const all = existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder)).filter((name) => /\.(spec|prop)\.js$/.test(name))
    : [];
  const paths = all.map((name) => join(folder, name)).sort();
  const isOwn = (path: string): boolean => [`${stem}.spec.js`, `${stem}.prop.js`].includes(path);
  return {
    own: paths.filter(isOwn),
    others: values.own ? [] : paths.filter((path) => !isOwn(path)),
  };
}

const compilerOptions = ts.convertCompilerOptionsFromJson(
  JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions,
  ROOT,
).options;

/** Alone, without its package.json, a file would be taken for CommonJS. */
const ALONE = { module: ts.ModuleKind.ESNext, sourceMap: false, declaration: false };

function compile(file: string, text: string): string {
  const options = { ...compilerOptions, ...ALONE };
  return ts.transpileModule(text, { fileName: join(ROOT, file), compilerOptions: options })
    .outputText;
}

/**
 * How long each spec takes with the files compiled as mutants are, but unchanged: a spec that fails
 * then proves nothing.
 */
async function measureSpecs(
  sandbox: Sandbox,
  files: ReadonlySet<string>,
  specs: ReadonlySet<string>,
): Promise<Map<string, number>> {
  for (const file of files) {
    const code = compile(file, readFileSync(join(ROOT, file), 'utf8'));
    sandbox.write(join('dist', file.replace(/ts$/, 'js')), code);
  }
  const times = new Map<string, number>();
  for (const spec of specs) {
    const began = performance.now();
    const verdict = await sandbox.run(spec, 300_000);
    if (verdict === 'passed') times.set(spec, performance.now() - began);
    else console.log(`left out, because it fails without a mutant: ${spec}`);
  }
  return times;
}

/** A file's own specs first, and of each kind the fastest first. */
function inOrder(
  { own, others }: ReturnType<typeof specsFor>,
  times: ReadonlyMap<string, number>,
): string[] {
  return [own, others].flatMap((specs) =>
    specs
      .filter((spec) => times.has(spec))
      .sort((left, right) => times.get(left)! - times.get(right)!),
  );
}

async function isNoticed(
  sandbox: Sandbox,
  mutant: Mutant,
  times: ReadonlyMap<string, number>,
): Promise<boolean> {
  const compiled = join('dist', mutant.file.replace(/ts$/, 'js'));
  const text = readFileSync(join(ROOT, mutant.file), 'utf8');
  sandbox.write(compiled, compile(mutant.file, applyMutant(text, mutant)));
  try {
    for (const spec of inOrder(specsFor(mutant.file), times)) {
      const most = Math.max(LEAST_TIMEOUT_MS, Math.ceil(times.get(spec)! * 5));
      if ((await sandbox.run(spec, most)) !== 'passed') return true;
    }
    return false;
  } finally {
    sandbox.restore(compiled);
  }
}

async function tryAll(mutants: readonly Mutant[], jobs: number): Promise<Mutant[]> {
  const waiting = [...mutants];
  const survivors: Mutant[] = [];
  const specs = new Set(mutants.flatMap(({ file }) => Object.values(specsFor(file)).flat()));
  const first = new Sandbox(ROOT);
  const times = await measureSpecs(first, new Set(mutants.map(({ file }) => file)), specs);
  const work = async (sandbox: Sandbox): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const wasNoticed = await isNoticed(sandbox, mutant, times);
      if (wasNoticed) continue;
      survivors.push(mutant);
      console.log(`survives ${describe(mutant)}`);
    }
  };
  const sandboxes = [first, ...Array.from({ length: jobs - 1 }, () => new Sandbox(ROOT))];
  try {
    await Promise.all(sandboxes.map(work));
  } finally {
    for (const sandbox of sandboxes) sandbox.close();
  }
  return survivors;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 60);
const describe = (mutant: Mutant): string =>
  `${mutant.file}:${mutant.line}: ${oneLine(mutant.original)} → ${oneLine(mutant.replacement)}` +
  `   in: ${lineOf(mutant).slice(0, 90)}`;

function reportFolder(
  folder: string,
  tried: readonly Mutant[],
  survivors: readonly Mutant[],
): number {
  const killed = tried.length - survivors.length;
  const share = tried.length === 0 ? 100 : (killed / tried.length) * 100;
  console.log(`${folder}: ${killed} of ${tried.length} mutants noticed (${share.toFixed(1)} %)`);
  return share;
}

const known: Equivalent[] = existsSync(KNOWN) ? JSON.parse(readFileSync(KNOWN, 'utf8')) : [];
const random = new Random(Number(values.seed));
const most = values.max === undefined ? Number.POSITIVE_INFINITY : Number(values.max);
const report: Record<string, unknown> = {};
for (const path of positionals) {
  const mutants = sourcesBelow(path).flatMap((file) =>
    mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')),
  );
  const unknown = mutants.filter((mutant) => !isKnown(mutant, known));
  const tried = draw(unknown, most, random);
  console.log(`${path}: ${mutants.length} mutants, ${tried.length} of them are tried`);
  const survivors = await tryAll(tried, Number(values.jobs));
  report[path] = { tried: tried.length, survivors };
  if (reportFolder(path, tried, survivors) < 90) process.exitCode = 1;
}
if (positionals.length === 0) console.log('name a folder or a file of lib');
mkdirSync(join(ROOT, 'reports'), { recursive: true });
writeFileSync(join(ROOT, 'reports/mutation.json'), `${JSON.stringify(report, null, 2)}\n`);

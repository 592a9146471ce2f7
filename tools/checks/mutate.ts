/**
 * The mutation check: breaks the sources one small change at a time and tells which changes no spec
 * notices.
 *
 *   npm run mutate -- lib/codec [lib/http …] [--max 60] [--jobs 1] [--seed 1] [--only fields.ts]
 *   npm run mutate -- lib/codec --again      tries only those again that survived the last time
 *   npm run mutate -- page                   writes the page anew, after a change of the reasons
 *
 * The mirror specs of the mutated file are asked first, then those others of its folder that call
 * the mutated function. Results are kept in `mutation/results.json` and told by `spec/mutation.md`;
 * with `--only`, nothing is kept. Exits with 1 when a folder's specs notice less than the floor.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../fuzz/engine/random.ts';
import { compile, compiledOf, ROOT, sourceOf } from './mutation/compile.ts';
import { applyMutant, functionAround, type Mutant, mutantsOf } from './mutation/mutants.ts';
import {
  FLOOR,
  type FolderResult,
  readResults,
  type Survivor,
  shareOf,
  survivorOf,
  writeResults,
} from './mutation/results.ts';
import { type Allowance, type Baseline, Sandbox, type Verdict } from './mutation/sandbox.ts';

/** An unchanged spec gets this; one with a mutant in it, five times what it took unchanged. */
const PATIENCE: Allowance = { processorSeconds: 300, wallMs: 1_200_000 };
const LEAST_SECONDS = 4;
const WALL_MS = 180_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    max: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    again: { type: 'boolean', default: false },
  },
});

function mutantsBelow(folder: string): Mutant[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('index.ts'))
    .filter((name) => values.only === undefined || name.includes(values.only))
    .map((name) => join(folder, name))
    .sort()
    .flatMap((file) => mutantsOf(file, sourceOf(file)));
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

/** Runs each spec of a folder with its files compiled as mutants are, but unchanged. */
async function measureSpecs(folder: string, sandbox: Sandbox): Promise<Map<string, Baseline>> {
  const baselines = new Map<string, Baseline>();
  const specs = join('dist', folder.replace(/^lib/, 'spec'));
  if (!existsSync(join(ROOT, specs))) return baselines;
  const names = readdirSync(join(ROOT, specs)).filter((name) => /\.(spec|prop)\.js$/.test(name));
  for (const spec of names.map((name) => join(specs, name)).sort()) {
    const baseline = await sandbox.measure(spec, PATIENCE);
    if (baseline !== undefined) baselines.set(spec, baseline);
    else console.log(`left out, because it fails without a mutant: ${spec}`);
  }
  return baselines;
}

/** Specs that ought to notice: the file's own first, of each kind the fastest first. */
function specsFor(mutant: Mutant, baselines: ReadonlyMap<string, Baseline>): string[] {
  const compiled = compiledOf(mutant.file);
  const stem = compiled.replace('dist/lib', 'dist/spec').replace(/\.js$/, '');
  const around = functionAround(sourceOf(mutant.file), mutant);
  const isOwn = (spec: string): boolean => [`${stem}.spec.js`, `${stem}.prop.js`].includes(spec);
  const mayNotice = ([spec, { calls }]: [string, Baseline]): boolean =>
    isOwn(spec) || around === undefined || calls.has(`${compiled}#${around}`);
  return [...baselines]
    .filter(mayNotice)
    .sort(
      ([left, { seconds: less }], [right, { seconds: more }]) =>
        Number(isOwn(right)) - Number(isOwn(left)) || less - more,
    )
    .map(([spec]) => spec);
}

async function tryOne(
  sandbox: Sandbox,
  mutant: Mutant,
  baselines: ReadonlyMap<string, Baseline>,
): Promise<Verdict> {
  const compiled = compiledOf(mutant.file);
  sandbox.write(compiled, compile(mutant.file, applyMutant(sourceOf(mutant.file), mutant)));
  try {
    for (const spec of specsFor(mutant, baselines)) {
      const processorSeconds = Math.max(LEAST_SECONDS, baselines.get(spec)!.seconds * 5);
      const { verdict } = await sandbox.run(spec, { processorSeconds, wallMs: WALL_MS });
      if (verdict !== 'passed') return verdict;
    }
    return 'passed';
  } finally {
    sandbox.restore(compiled);
  }
}

/** Tries mutants of one folder; returns those that survived, and how many ran for ever. */
async function tryAll(
  folder: string,
  mutants: readonly Mutant[],
): Promise<{ survivors: Survivor[]; endless: number }> {
  const sandboxes = Array.from({ length: Number(values.jobs) }, () => new Sandbox(ROOT));
  const waiting = [...mutants];
  const survivors: Survivor[] = [];
  let endless = 0;
  try {
    const baselines = await measureSpecs(folder, sandboxes[0]!);
    const work = async (sandbox: Sandbox): Promise<void> => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const verdict = await tryOne(sandbox, mutant, baselines);
        if (verdict === 'timed-out') endless += 1;
        if (verdict !== 'passed') continue;
        survivors.push(survivorOf(mutant, sourceOf(mutant.file)));
        console.log(`survives ${describe(mutant)}`);
      }
    };
    await Promise.all(sandboxes.map(work));
  } finally {
    for (const sandbox of sandboxes) sandbox.close();
  }
  return { survivors, endless };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 60);
const describe = (mutant: Mutant): string => {
  const { line } = survivorOf(mutant, sourceOf(mutant.file));
  const change = `${oneLine(mutant.original)} → ${oneLine(mutant.replacement)}`;
  return `${mutant.file}:${mutant.line}: ${change}   in: ${line.slice(0, 90)}`;
};

const isSame = (left: Survivor, right: Survivor): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

/** Tries what survived the last time; what is no longer there has died with its line. */
async function tryAgain(folder: string, before: FolderResult): Promise<FolderResult> {
  const mutants = mutantsBelow(folder).filter((mutant) => {
    const told = survivorOf(mutant, sourceOf(mutant.file));
    return before.survivors.some((survivor) => isSame(survivor, told));
  });
  console.log(`${folder}: ${mutants.length} of ${before.survivors.length} are tried again`);
  const { survivors, endless } = await tryAll(folder, mutants);
  const gone = before.survivors.length - mutants.length;
  return { ...before, tried: before.tried - gone, survivors, endless: before.endless + endless };
}

async function tryAnew(folder: string): Promise<FolderResult> {
  const seed = Number(values.seed);
  const all = mutantsBelow(folder);
  const most = values.max === undefined ? Number.POSITIVE_INFINITY : Number(values.max);
  const mutants = draw(all, most, new Random(seed));
  console.log(`${folder}: ${all.length} mutants, ${mutants.length} of them are tried`);
  const { survivors, endless } = await tryAll(folder, mutants);
  return { existing: all.length, tried: mutants.length, seed, endless, survivors };
}

const folders = positionals.filter((word) => word !== 'page');
for (const folder of folders) {
  const before = readResults(ROOT)[folder];
  if (values.again && before === undefined) throw new Error(`${folder} has no results yet`);
  const result = values.again ? await tryAgain(folder, before!) : await tryAnew(folder);
  const share = shareOf(result);
  const noticed = result.tried - result.survivors.length;
  console.log(`${folder}: ${noticed} of ${result.tried} noticed (${share.toFixed(1)} %)`);
  if (share < FLOOR) process.exitCode = 1;
  if (values.only === undefined) writeResults(ROOT, { ...readResults(ROOT), [folder]: result });
}
if (positionals.includes('page')) writeResults(ROOT, readResults(ROOT));
if (positionals.length === 0) console.log('name a folder of lib');

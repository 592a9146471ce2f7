/**
 * The mutation check: breaks the sources one small change at a time and tells which changes no spec
 * notices.
 *
 *   npm run mutate -- lib/codec [lib/http …] [--max 60] [--jobs 1] [--seed 1] [--only fields.ts]
 *   npm run mutate -- lib/codec --again      tries those again that survived without a reason
 *   npm run mutate -- page                   writes the page anew, after a change of the reasons
 *
 * The mirror specs of the mutated file are asked first, then for a few seconds those others of its
 * folder that call the mutated function, until the first failure. A spec that does not end is
 * judged by processor time and asked again with more of it, so that a busy machine notices nothing
 * by itself. A spec that fails without a mutant is not asked; one that noticed something is run
 * without a mutant once more at the end; when it fails then, the folder has no results.
 *
 * Results are kept in `mutation/results.json` and told by `spec/mutation.md`, but with `--only`.
 * Exits with 1 when a folder's specs notice less than the floor.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../fuzz/engine/random.ts';
import { compile, compiledOf, ROOT, sourceOf } from './mutation/compile.ts';
import { applyMutant, type Mutant, mutantsOf } from './mutation/mutants.ts';
import { Baselines, Noticers, otherSpecs, ownSpecs, PATIENCE } from './mutation/noticers.ts';
import {
  FLOOR,
  type FolderResult,
  readReasons,
  readResults,
  reasonFor,
  type Survivor,
  shareOf,
  survivorOf,
  writeResults,
} from './mutation/results.ts';
import { type Allowance, type Baseline, Sandbox, type Verdict } from './mutation/sandbox.ts';

/** A spec gets so many times what it took without a mutant, and never less than this. */
const FACTOR: Allowance = { processorSeconds: 5, wallMs: 10 };
const LEAST: Allowance = { processorSeconds: 4, wallMs: 180_000 };
/** What did not end in its time gets this many times more before it is called endless. */
const SECOND_CHANCE = 3;

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

/** Does the work, each piece in the first sandbox that is free. */
async function share<T>(
  sandboxes: readonly Sandbox[],
  pieces: readonly T[],
  work: (sandbox: Sandbox, piece: T) => Promise<void>,
): Promise<void> {
  const waiting = [...pieces];
  const take = async (sandbox: Sandbox): Promise<void> => {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
      await work(sandbox, piece);
    }
  };
  await Promise.all(sandboxes.map(take));
}

/** Runs one spec against a mutant, and once more with more time when it does not end. */
async function ask(sandbox: Sandbox, spec: string, baseline: Baseline): Promise<Verdict> {
  const allowance = {
    processorSeconds: Math.max(LEAST.processorSeconds, baseline.seconds * FACTOR.processorSeconds),
    wallMs: Math.max(LEAST.wallMs, baseline.wallMs * FACTOR.wallMs),
  };
  const { verdict } = await sandbox.run(spec, allowance);
  if (verdict !== 'timed-out') return verdict;
  const processorSeconds = allowance.processorSeconds * SECOND_CHANCE;
  return (await sandbox.run(spec, { ...allowance, processorSeconds })).verdict;
}

async function tryOne(
  sandbox: Sandbox,
  mutant: Mutant,
  baselines: Baselines,
  noticers: Noticers,
): Promise<Verdict> {
  const compiled = compiledOf(mutant.file);
  const code = compile(mutant.file, applyMutant(sourceOf(mutant.file), mutant));
  const askAll = async (green: ReadonlyMap<string, Baseline>, specs: Iterable<string>) => {
    sandbox.write(compiled, code);
    try {
      for (const spec of specs) {
        const verdict = await ask(sandbox, spec, green.get(spec)!);
        if (verdict === 'passed') continue;
        noticers.add(mutant.file, spec);
        return verdict;
      }
      return 'passed';
    } finally {
      sandbox.restore(compiled);
    }
  };
  const own = await baselines.of(sandbox, ownSpecs(mutant));
  const verdict = await askAll(own, own.keys());
  if (verdict !== 'passed') return verdict;
  const all = await baselines.of(sandbox);
  return askAll(all, otherSpecs(mutant, all, noticers));
}

/** Specs that fail at times without a mutant have noticed nothing. */
async function requireGreen(sandboxes: readonly Sandbox[], specs: ReadonlySet<string>) {
  await share(sandboxes, [...specs], async (sandbox, spec) => {
    const { verdict, failure } = await sandbox.run(spec, PATIENCE);
    if (verdict !== 'passed') throw new Error(`${spec} ${verdict} without a mutant: ${failure}`);
  });
}

/** Tries mutants of one folder; returns those that survived, and how many ran for ever. */
async function tryAll(
  folder: string,
  mutants: readonly Mutant[],
): Promise<{ survivors: Survivor[]; endless: number }> {
  const sandboxes = Array.from({ length: Number(values.jobs) }, () => new Sandbox(ROOT));
  const survivors: Mutant[] = [];
  const noticers = new Noticers();
  let endless = 0;
  try {
    const baselines = new Baselines(folder);
    await share(sandboxes, mutants, async (sandbox, mutant) => {
      const verdict = await tryOne(sandbox, mutant, baselines, noticers);
      if (verdict === 'timed-out') endless += 1;
      if (verdict !== 'passed') return;
      survivors.push(mutant);
      console.log(`survives ${describe(mutant)}`);
    });
    await requireGreen(sandboxes, noticers.specs);
  } finally {
    for (const sandbox of sandboxes) sandbox.close();
  }
  const told = survivors
    .sort((left, right) => mutants.indexOf(left) - mutants.indexOf(right))
    .map((mutant) => survivorOf(mutant, sourceOf(mutant.file)));
  return { survivors: told, endless };
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
  const reasons = readReasons(ROOT);
  const isExcused = (survivor: Survivor): boolean => reasonFor(survivor, reasons) !== undefined;
  const all = mutantsBelow(folder);
  const found = (survivor: Survivor): Mutant | undefined =>
    all.find((mutant) => isSame(survivor, survivorOf(mutant, sourceOf(mutant.file))));
  const left = before.survivors.filter((survivor) => found(survivor) !== undefined);
  const open = left.filter((survivor) => !isExcused(survivor));
  console.log(`${folder}: ${open.length} of ${before.survivors.length} are tried again`);
  const { survivors, endless } = await tryAll(
    folder,
    open.map((survivor) => found(survivor)!),
  );
  return {
    ...before,
    existing: all.length,
    tried: before.tried - before.survivors.length + left.length,
    survivors: left.filter((one) => isExcused(one) || survivors.some((two) => isSame(one, two))),
    endless: before.endless + endless,
  };
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

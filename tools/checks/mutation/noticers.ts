/** Which specs to ask about a mutant, and in which order. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compiledOf, ROOT, sourceOf } from './compile.ts';
import { functionAround, type Mutant } from './mutants.ts';
import type { Allowance, Baseline, Sandbox } from './sandbox.ts';

/** An unchanged spec gets this. */
export const PATIENCE: Allowance = { processorSeconds: 300, wallMs: 1_200_000 };

/** What the specs of a folder take unchanged, measured when it is first asked for. */
export class Baselines {
  readonly #specs: readonly string[];
  readonly #measured = new Map<string, Promise<Baseline | undefined>>();

  constructor(folder: string) {
    const specs = join('dist', folder.replace(/^lib/, 'spec'));
    const names = existsSync(join(ROOT, specs)) ? readdirSync(join(ROOT, specs)) : [];
    this.#specs = names
      .filter((name) => /\.(spec|prop)\.js$/.test(name))
      .map((name) => join(specs, name))
      .sort();
  }

  /** Those of these specs that pass, all of them by default. No mutant may be in the sandbox. */
  async of(sandbox: Sandbox, specs = this.#specs): Promise<Map<string, Baseline>> {
    for (const spec of specs) {
      if (this.#measured.has(spec) || !this.#specs.includes(spec)) continue;
      const measuring = sandbox.measure(spec, PATIENCE);
      this.#measured.set(spec, measuring);
      if ((await measuring) === undefined) console.log(`left out, because it fails: ${spec}`);
    }
    const green = new Map<string, Baseline>();
    for (const spec of specs) {
      const baseline = await this.#measured.get(spec);
      if (baseline !== undefined) green.set(spec, baseline);
    }
    return green;
  }
}

/** Which specs have noticed mutants of which file, in one run. */
export class Noticers {
  readonly #counts = new Map<string, number>();
  /** All specs that have noticed something. */
  readonly specs = new Set<string>();

  /** Says that a spec has noticed a mutant of a file. */
  add(file: string, spec: string): void {
    this.specs.add(spec);
    this.#counts.set(`${file} ${spec}`, this.count(file, spec) + 1);
  }

  /** How many mutants of a file a spec has noticed so far. */
  count(file: string, spec: string): number {
    return this.#counts.get(`${file} ${spec}`) ?? 0;
  }
}

/**
 * How long specs other than the file's own are asked about one mutant, in processor seconds that
 * they take unchanged. What is not noticed by then counts as not noticed: the share can only be
 * told too low by this.
 */
const MOST_SECONDS = 8;

/** The mirror specs of a mutated file. */
export function ownSpecs(mutant: Mutant): string[] {
  const stem = compiledOf(mutant.file).replace('dist/lib', 'dist/spec').replace(/\.js$/, '');
  return [`${stem}.spec.js`, `${stem}.prop.js`];
}

/**
 * Other specs that call the mutated function: those first that noticed most in this file for the
 * time they take, as far as the time goes.
 */
export function otherSpecs(
  mutant: Mutant,
  baselines: ReadonlyMap<string, Baseline>,
  noticers: Noticers,
): string[] {
  const compiled = compiledOf(mutant.file);
  const own = ownSpecs(mutant);
  const around = functionAround(sourceOf(mutant.file), mutant);
  const mayNotice = ([spec, { calls }]: [string, Baseline]): boolean =>
    !own.includes(spec) && (around === undefined || calls.has(`${compiled}#${around}`));
  const costOf = ([spec, { seconds }]: [string, Baseline]): number =>
    seconds / (1 + noticers.count(mutant.file, spec));
  let seconds = 0;
  return [...baselines]
    .filter(mayNotice)
    .sort((left, right) => costOf(left) - costOf(right))
    .filter(([, baseline]) => {
      seconds += baseline.seconds;
      return seconds <= MOST_SECONDS;
    })
    .map(([spec]) => spec);
}

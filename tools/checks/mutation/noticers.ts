/** Which specs to ask about a mutant, and in which order: who noticed much, cheaply, is asked first. */
import { compiledOf, sourceOf } from './compile.ts';
import { functionAround, type Mutant } from './mutants.ts';
import type { Baseline } from './sandbox.ts';

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
 * Specs that ought to notice: the file's own first, of the others those first that noticed most in
 * this file for the time they take.
 */
export function specsFor(
  mutant: Mutant,
  baselines: ReadonlyMap<string, Baseline>,
  noticers: Noticers,
): string[] {
  const compiled = compiledOf(mutant.file);
  const stem = compiled.replace('dist/lib', 'dist/spec').replace(/\.js$/, '');
  const around = functionAround(sourceOf(mutant.file), mutant);
  const isOwn = (spec: string): boolean => [`${stem}.spec.js`, `${stem}.prop.js`].includes(spec);
  const mayNotice = ([spec, { calls }]: [string, Baseline]): boolean =>
    isOwn(spec) || around === undefined || calls.has(`${compiled}#${around}`);
  const costOf = ([spec, { seconds }]: [string, Baseline]): number =>
    seconds / (1 + noticers.count(mutant.file, spec));
  return [...baselines]
    .filter(mayNotice)
    .sort(
      (left, right) =>
        Number(isOwn(right[0])) - Number(isOwn(left[0])) || costOf(left) - costOf(right),
    )
    .map(([spec]) => spec);
}

/**
 * How often laws are asked, from which seed, and what is said when one does not hold.
 *
 *   BAREWIRE_LAW_SEED=42   draws the cases from this seed, as a failure prints it
 *   BAREWIRE_LAW_RUNS=100  asks a hundred times as often; `npm run spec:nightly` does
 *
 * Without a seed, the specs draw the same cases every time, and longer runs draw new ones.
 */
import { fc } from './fast-check.ts';

const QUICK_SEED = 20_261_128;

/** A whole number of at least 1 in an environment variable, or what stands for none. */
function read(name: string, ifNone: number): number {
  const text = process.env[name];
  if (text === undefined) return ifNone;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is no number: ${text}`);
  return value;
}

const SCALE = read('BAREWIRE_LAW_RUNS', 1);
const SEED = read('BAREWIRE_LAW_SEED', SCALE === 1 ? QUICK_SEED : (Date.now() % 0x7fff_ffff) + 1);

/** What a failed law tells: the counterexample, and how to see it again. */
export function explain<Ts>(details: fc.RunDetails<Ts>): string {
  const spec = /dist\/(spec\/.*)\.js$/.exec(process.argv[1] ?? '')?.[1] ?? 'spec/…';
  const runs = SCALE === 1 ? '' : ` BAREWIRE_LAW_RUNS=${SCALE}`;
  const again = `BAREWIRE_LAW_SEED=${details.seed}${runs} npm run spec -- ${spec}.ts`;
  return `${fc.defaultReportMessage(details) ?? 'no report'}\n\nSee it again: ${again}`;
}

/** The parameters of a law for `fc.assert`: how often it is asked in the specs. */
export function runs<Ts>(quickly: number): fc.Parameters<Ts> {
  return {
    seed: SEED,
    numRuns: quickly * SCALE,
    // With a reporter, fast-check leaves it to that to throw.
    reporter(details) {
      if (details.failed) throw new Error(explain(details), { cause: details.errorInstance });
    },
  };
}

/** Makes fast-check print a value of a counterexample in other words. */
export function printedAs<T extends object>(value: T, print: (value: T) => string): T {
  return Object.defineProperty(value, fc.toStringMethod, { value: () => print(value) });
}

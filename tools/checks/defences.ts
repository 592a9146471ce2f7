/**
 * Takes the defences out, one after the other, and tells whether their specs notice:
 *
 *   npm run defences -- [an area, or part of an attack or a file …]
 *   npm run defences -- page                  writes spec/security/README.md anew
 *
 * Works in a copy of the compiled repository, and prints which assertion failed first. Exits with 1
 * when a spec stays green, is red without being asked to, or does not end: that is no proof, for a
 * spec that waits for ever has judged nothing.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Defence } from './defences/defence.ts';
import { defencesPage, takeOut } from './defences/defences.ts';
import { DEFENCES } from './defences/list.ts';
import { compile, compiledOf, ROOT, sourceOf } from './mutation/compile.ts';
import { type Allowance, Sandbox } from './mutation/sandbox.ts';

/** An unchanged spec gets this; without its defence, five times what it took, for it may hang. */
const PATIENCE: Allowance = { processorSeconds: 90, wallMs: 300_000 };
const LEAST_MS = 90_000;

const words = process.argv.slice(2);
const areas = new Set<string>(DEFENCES.map(({ area }) => area));
const isMeant = ({ area, attack, file }: Defence): boolean =>
  words.length === 0 ||
  words.some((word) =>
    areas.has(word) ? area === word : attack.includes(word) || file.includes(word),
  );

/** What became of a spec without its defence. */
interface Outcome {
  readonly word: 'noticed' | 'NOT NOTICED' | 'DID NOT END' | 'RED BY ITSELF';
  readonly detail?: string | undefined;
}

/** @returns how long an unchanged spec takes, in ms; `undefined` when it does not pass. */
async function measure(sandbox: Sandbox, spec: string): Promise<number | undefined> {
  const start = performance.now();
  const { verdict } = await sandbox.run(spec, PATIENCE);
  return verdict === 'passed' ? performance.now() - start : undefined;
}

async function tryAll(defences: readonly Defence[]): Promise<void> {
  const sandbox = new Sandbox(ROOT);
  const times = new Map<string, number | undefined>();
  try {
    for (const defence of defences) {
      const spec = compiledOf(defence.spec);
      if (!times.has(spec)) times.set(spec, await measure(sandbox, spec));
      const { word, detail } = await tryOne(sandbox, defence, times.get(spec));
      if (word !== 'noticed') process.exitCode = 1;
      console.log(`${word.padEnd(13)} ${defence.attack} (${defence.file}, ${defence.spec})`);
      if (detail !== undefined) console.log(`${' '.repeat(13)} ${detail}`);
    }
  } finally {
    sandbox.close();
  }
}

async function tryOne(
  sandbox: Sandbox,
  defence: Defence,
  usualMs: number | undefined,
): Promise<Outcome> {
  if (usualMs === undefined) return { word: 'RED BY ITSELF' };
  const compiled = compiledOf(defence.file);
  sandbox.write(compiled, compile(defence.file, takeOut(defence, sourceOf(defence.file))));
  const wallMs = Math.ceil(Math.max(LEAST_MS, usualMs * 5));
  const { verdict, failure } = await sandbox.run(compiledOf(defence.spec), { ...PATIENCE, wallMs });
  sandbox.restore(compiled);
  if (verdict === 'passed') return { word: 'NOT NOTICED' };
  if (verdict === 'timed-out')
    return { word: 'DID NOT END', detail: `${wallMs} ms were not enough` };
  return { word: 'noticed', detail: failure };
}

if (words.includes('page')) {
  writeFileSync(join(ROOT, 'spec/security/README.md'), defencesPage(DEFENCES));
} else {
  await tryAll(DEFENCES.filter(isMeant));
}

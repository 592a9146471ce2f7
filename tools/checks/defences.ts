/**
 * Takes the defences out, one after the other, and tells whether their specs notice:
 *
 *   npm run defences -- [part of an attack or a file …]
 *   npm run defences -- page                  writes spec/security/README.md anew
 *
 * Works in a copy of the compiled repository. Exits with 1 when a spec stays green, or is red
 * without being asked to.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defencesPage, takeOut } from './defences/defences.ts';
import { DEFENCES, type Defence } from './defences/list.ts';
import { compile, compiledOf, ROOT, sourceOf } from './mutation/compile.ts';
import { type Allowance, Sandbox } from './mutation/sandbox.ts';

const ALLOWANCE: Allowance = { processorSeconds: 90, wallMs: 120_000 };

const words = process.argv.slice(2);
const isMeant = (defence: Defence): boolean =>
  words.length === 0 ||
  words.some((word) => defence.attack.includes(word) || defence.file.includes(word));

async function tryAll(defences: readonly Defence[]): Promise<void> {
  const sandbox = new Sandbox(ROOT);
  const green = new Map<string, boolean>();
  try {
    for (const defence of defences) {
      const spec = compiledOf(defence.spec);
      if (!green.has(spec)) green.set(spec, (await sandbox.run(spec, ALLOWANCE)) === 'passed');
      const compiled = compiledOf(defence.file);
      const text = takeOut(defence, sourceOf(defence.file));
      sandbox.write(compiled, compile(defence.file, text));
      const verdict = await sandbox.run(spec, ALLOWANCE);
      sandbox.restore(compiled);
      const isShown = green.get(spec) === true && verdict !== 'passed';
      if (!isShown) process.exitCode = 1;
      const outcome = green.get(spec) ? (isShown ? 'noticed' : 'NOT NOTICED') : 'RED BY ITSELF';
      console.log(`${outcome.padEnd(13)} ${defence.attack} (${defence.file}, ${defence.spec})`);
    }
  } finally {
    sandbox.close();
  }
}

if (words.includes('page')) {
  writeFileSync(join(ROOT, 'spec/security/README.md'), defencesPage(DEFENCES));
} else {
  await tryAll(DEFENCES.filter(isMeant));
}

/**
 * Runs a bench by its name; without one, lists them.
 *
 *   npm run bench -- framing --quick
 *   npm run bench:quick
 *
 * Every `<name>.bench.ts` beside this file is a bench. `quick` runs short versions of them one
 * after the other, each in a process of its own. Exit code 2: there is no such bench.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chooseBench } from './support/dispatch.ts';

/** Short versions, in less than three minutes together. */
const QUICK: readonly (readonly [name: string, ...args: string[]])[] = [
  ['framing', '--quick', '--rounds', '3'],
  ['masking', '--quick'],
  ['http', '--quick'],
  ['sse'],
  ['process', 'P1', 'P7a', 'P8', '--quick'],
  ['soak', '--quick'],
];

const here = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(here)
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length))
  .sort();

async function runQuick(): Promise<void> {
  for (const [name, ...args] of QUICK) {
    if (!names.includes(name)) continue;
    console.log(`\n── ${name} ${args.join(' ')}`);
    const child = spawn(process.execPath, [`${here}${name}.bench.js`, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) process.exitCode = 1;
  }
}

const command = chooseBench(process.argv.slice(2), names);
if (command.kind === 'list') {
  console.log(`npm run bench -- <name> [options of the bench]\n\n  ${names.join('\n  ')}`);
} else if (command.kind === 'wrong') {
  console.error(command.text);
  process.exitCode = 2;
} else if (command.kind === 'quick') {
  await runQuick();
} else {
  const file = `${here}${command.name}.bench.js`;
  // Benches read their own command line, and some start themselves anew as children.
  process.argv = [process.execPath, file, ...command.args];
  await import(file);
}

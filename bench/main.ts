/**
 * Runs benches by their names; all without one.
 *
 *   npm run bench                          all, one after the other
 *   npm run bench -- codec                 a group, or a bench
 *   npm run bench -- framing --quick       with the options of the bench
 *   npm run bench -- table                 P1 – P10, into bench/results.md
 *   npm run bench -- list
 *   npm run bench:quick
 *
 * Every `<name>.bench.ts` beside this file is a bench. Each of several runs in a process of its
 * own, with those of the options that it has; `--json` and `--svg` name one file for all of them.
 * Exit code 1: one of them failed; 2: there is no such bench, or no such option.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadGuests } from './framing/guests.ts';
import { chooseBench, GROUPS } from './support/dispatch.ts';
import { runTogether, shareOptions } from './support/together.ts';

/**
 * Short versions, in less than three minutes together, also on two cores that others keep busy:
 * they take some 80 s of CPU time.
 */
const QUICK: readonly (readonly [name: string, ...args: string[]])[] = [
  ['framing', 'P4 decode masked text', 'P4 encode unmasked binary', '--quick'],
  ['masking', 'mask 20', 'mask 1024', 'mask 65536', '--quick'],
  ['utf8', 'string', '--quick'],
  ['http', 'P5', '--quick'],
  ['handshake', '--quick'],
  ['sse', '--quick'],
  ['deflate', 'echo 1024 1', '--quick'],
  ['allocation', 'ALLOC codec', 'ALLOC server text', '--quick'],
  ['process', 'P1', 'P2', '--quick', '--rounds', '3'],
  ['process', 'P8', '--quick', '--rounds', '2'],
];

/** The exit code of what `refuse` ends. */
const REFUSED = 2;

const here = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(here)
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length))
  .sort();

async function runApart(name: string, args: readonly string[]): Promise<void> {
  console.log(`\n── ${name} ${args.join(' ')}`);
  const child = spawn(process.execPath, [`${here}${name}.bench.js`, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) process.exitCode = code === REFUSED ? REFUSED : 1;
}

const command = chooseBench(process.argv.slice(2), names);
if (command.kind === 'list') {
  const all = [...Object.keys(GROUPS), ...names];
  console.log(`npm run bench -- [name] [options of the bench]\n\n  ${all.join('\n  ')}`);
} else if (command.kind === 'wrong') {
  console.error(command.text);
  process.exitCode = REFUSED;
} else if (command.kind === 'quick') {
  const seconds = (): string => (performance.now() / 1e3).toFixed(0);
  for (const [name, ...args] of QUICK) {
    if (names.includes(name)) await runApart(name, args);
    console.log(`(after ${seconds()} s)`);
  }
  console.log(`\nall of it: ${seconds()} s`);
} else if (command.names.length === 1) {
  const file = `${here}${command.names[0]}.bench.js`;
  // Benches read their own command line, and some start themselves anew as children.
  process.argv = [process.execPath, file, ...command.args];
  await import(file);
} else {
  const together = shareOptions(command.names, command.args);
  await loadGuests(together.guests ?? []);
  await runTogether(together, runApart);
}

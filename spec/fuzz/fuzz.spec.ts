/**
 * The fuzzer at work, in processes of its own: it finds what is planted, and nothing else.
 */
import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { FAULTS } from '../../fuzz/faults.ts';
import { TARGETS } from '../../fuzz/targets.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const { NODE_OPTIONS: _, ...env } = process.env;

/** Runs the command line of the fuzzer. */
function fuzz(...args: string[]): Promise<{ status: number; output: string }> {
  const file = join(root, 'dist/fuzz/engine/main.js');
  return new Promise((done) => {
    execFile(process.execPath, [file, ...args], { cwd: root, env }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

const CANARY_RUNS = '1500000';
const FAULT_RUNS = '150000';

for (const name of Object.keys(TARGETS).filter((name) => name.startsWith('canary'))) {
  t.test(`finds the planted bug of ${name} within its budget`, async (t) => {
    const { status, output } = await fuzz(name, '--runs', CANARY_RUNS, '--seed', '11');
    t.equal(status, 1);
    t.match(output, /FOUND after \d+ runs: CanaryBug/);
  });
}

for (const [fault, { target }] of Object.entries(FAULTS)) {
  t.test(`${target} notices the planted fault ${fault}`, async (t) => {
    const { status, output } = await fuzz(target, '--fault', fault, '--runs', FAULT_RUNS);
    t.equal(status, 1, output.slice(0, 300));
    t.match(output, /FOUND after \d+ runs: /);
  });
}

t.test('finds nothing in the sources as they are, in a moment', async (t) => {
  const { status, output } = await fuzz('smoke');
  t.equal(status, 0, output);
  for (const name of Object.keys(TARGETS).filter((name) => !name.startsWith('canary'))) {
    t.match(output, new RegExp(`^${name}: \\d+ runs`, 'm'));
  }
});

t.test('does the same with the same seed, and runs a single input', async (t) => {
  const summary = async (): Promise<string> => {
    const { output } = await fuzz('utf8', '--runs', '3000', '--seed', '5');
    return output.replace(/ in .*?\)/, '').replace(/slowest.*/, '');
  };
  t.equal(await summary(), await summary());
  const { output } = await fuzz('utf8', '--input', '\\xed\\xa0');
  t.match(output, /every invariant holds/);
});

t.test('explains a wrong command line', async (t) => {
  t.match(await fuzz('nothing'), { status: 1, output: /no target nothing: utf8/ });
  t.match(await fuzz('utf8', '--runs', 'many'), { status: 1, output: /takes a whole number/ });
  t.match(await fuzz('list'), { status: 0, output: /targets: utf8/ });
});

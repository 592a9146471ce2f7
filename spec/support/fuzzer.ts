/** Runs the command line of the fuzzer in a process of its own. */
import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...rest } = process.env;
/**
 * Without any recording of coverage, by Node or by tap: a fuzzer runs sources that it has changed,
 * which count for nothing, and would be several times slower.
 */
const env = { ...rest, _TAPJS_PROCESSINFO_COVERAGE_: '0' };

/** How a run ended, and what it printed. */
export interface FuzzRun {
  readonly status: number;
  readonly output: string;
}

/** Runs `npm run fuzz -- …args`, without npm. */
export function runFuzzer(...args: string[]): Promise<FuzzRun> {
  const file = join(root, 'dist/fuzz/engine/main.js');
  return new Promise((done) => {
    execFile(process.execPath, [file, ...args], { cwd: root, env }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

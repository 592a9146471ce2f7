/**
 * Compares two files of results and flags what got worse by more than the noise.
 *
 *   npm run bench:compare -- old.json [new.json]
 *
 * Files are what `--json` writes, or `bench/results/all.json`, which is also what is taken when no
 * new one is named. Exit code 1: something got worse; 2: there was nothing to compare.
 */
import { fileURLToPath } from 'node:url';
import { compareReports } from './table/comparison.ts';
import { readReports } from './table/store.ts';

const current = fileURLToPath(new URL('../../bench/results/all.json', import.meta.url));
const [before, after = current] = process.argv.slice(2);

function compare(oldFile: string, newFile: string): number {
  const changes = compareReports(readReports(oldFile), readReports(newFile));
  for (const { id, peer, before: then, after: now, verdict } of changes) {
    if (verdict === 'same') continue;
    const grown = (100 * (now.median / then.median - 1)).toFixed(0);
    const figures = `${then.median.toPrecision(3)} → ${now.median.toPrecision(3)}`;
    console.log(`${verdict.padEnd(7)} ${id}  ÷ ${peer}: ${figures} (${grown} %)`);
  }
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  console.log(`${changes.length} ratios compared, ${worse} worse by more than the noise`);
  if (changes.length === 0) return 2;
  return worse > 0 ? 1 : 0;
}

const USAGE = 'npm run bench:compare -- old.json [new.json]';
if (before === '--help') {
  console.log(USAGE);
} else if (before === undefined || before.startsWith('--')) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = compare(before, after);
  } catch (error) {
    console.error(`no results can be read: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}

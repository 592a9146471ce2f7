/**
 * Compares two files of results, flags what got worse by more than the noise, and lists what failed
 * or stands in one of them only.
 *
 *   npm run bench:compare -- old.json [new.json]
 *
 * Files are what `--json` writes, or `bench/results/all.json`, which is also what is taken when no
 * new one is named. Exit code 1: something got worse, or is missing in the new file; 2: there was
 * nothing to compare.
 */
import { fileURLToPath } from 'node:url';
import { compareReports, findGaps } from './table/comparison.ts';
import { readReports } from './table/store.ts';

const current = fileURLToPath(new URL('../../bench/results/all.json', import.meta.url));
const [before, after = current, ...others] = process.argv.slice(2);

function compare(oldFile: string, newFile: string): number {
  const [old, now] = [readReports(oldFile), readReports(newFile)];
  const changes = compareReports(old, now);
  for (const { id, peer, before: then, after: now, verdict } of changes) {
    if (verdict === 'same') continue;
    const grown = (100 * (now.median / then.median - 1)).toFixed(0);
    const figures = `${then.median.toPrecision(3)} → ${now.median.toPrecision(3)}`;
    console.log(`${verdict.padEnd(7)} ${id}  ÷ ${peer}: ${figures} (${grown} %)`);
  }
  const { missing, added, failedBefore, failedNow } = findGaps(old, now);
  for (const line of failedBefore) console.log(`failed before  ${line}`);
  for (const line of failedNow) console.log(`failed  ${line}`);
  for (const line of added) console.log(`new     ${line}`);
  for (const line of missing) console.log(`missing ${line}`);
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  const lost = missing.length > 0 ? `, ${missing.length} missing` : '';
  console.log(`${changes.length} ratios compared, ${worse} worse by more than the noise${lost}`);
  if (worse > 0 || missing.length > 0) return 1;
  return changes.length === 0 ? 2 : 0;
}

const USAGE = 'npm run bench:compare -- old.json [new.json]';
if (before === '--help') {
  console.log(USAGE);
} else if (before === undefined || before.startsWith('--') || others.length > 0) {
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

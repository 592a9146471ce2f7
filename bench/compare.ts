/**
 * Compares two files of results, flags what got worse by more than the noise, and lists what failed
 * or stands in one of them only.
 *
 *   npm run bench:compare -- old.json [new.json]
 *   npm run bench:compare -- --learn bands.json run.json run.json …
 *
 * Files are what `--json` writes, or `bench/results/all.json`, which is also what is taken when no
 * new one is named. Exit code 1: something got worse, or is missing in the new file; 2: there was
 * nothing to compare.
 *
 * Soaks are not compared; but what idling costs, or a connection keeps, is named when it is more
 * than twice what it was. That changes no exit code.
 *
 * `--learn` finds out from runs on one machine how far apart two of them lie, and writes that; what
 * comparisons read is `bench/results/bands.json`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countFalseFlags, learnBands } from './table/bands.ts';
import { compareReports, findGaps, hintAtSoaks } from './table/comparison.ts';
import { LEAST_BAND } from './table/noise.ts';
import { readBands, readReports } from './table/store.ts';

const beside = (name: string): string =>
  fileURLToPath(new URL(`../../bench/results/${name}`, import.meta.url));
const BANDS = beside('bands.json');

function compare(oldFile: string, newFile: string): number {
  const [old, now] = [readReports(oldFile), readReports(newFile)];
  const changes = compareReports(old, now, readBands(BANDS));
  for (const { id, peer, before: then, after: now, band, verdict } of changes) {
    if (verdict === 'same') continue;
    const grown = (100 * (now.median / then.median - 1)).toFixed(0);
    const figures = `${then.median.toPrecision(3)} → ${now.median.toPrecision(3)}`;
    const noise = `noise ${(100 * band).toFixed(0)} %`;
    console.log(`${verdict.padEnd(7)} ${id}  ÷ ${peer}: ${figures} (${grown} %; ${noise})`);
  }
  const { missing, added, failedBefore, failedNow } = findGaps(old, now);
  for (const line of failedBefore) console.log(`failed before  ${line}`);
  for (const line of failedNow) console.log(`failed  ${line}`);
  for (const line of added) console.log(`new     ${line}`);
  for (const line of missing) console.log(`missing ${line}`);
  for (const line of hintAtSoaks(old, now)) console.log(`soak    ${line} (more than twice)`);
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  const lost = missing.length > 0 ? `, ${missing.length} missing` : '';
  console.log(`${changes.length} ratios compared, ${worse} worse by more than the noise${lost}`);
  if (worse > 0 || missing.length > 0) return 1;
  return changes.length === 0 ? 2 : 0;
}

function learn(target: string, files: readonly string[]): number {
  const runs = files.map(readReports);
  const bands = learnBands(runs);
  writeFileSync(target, `${JSON.stringify(bands, null, 1)}\n`);
  for (const [job, band] of Object.entries({ ...bands.jobs, others: bands.others })) {
    console.log(`${job.padEnd(10)} ${(100 * Math.max(band, LEAST_BAND)).toFixed(1)} %`);
  }
  const { compared, flagged } = countFalseFlags(runs, bands);
  console.log(`${bands.from}; of ${compared} comparisons of them ${flagged} would be flagged`);
  return 0;
}

function run(args: readonly string[]): number {
  const [first, ...others] = args;
  const [newFile, ...tooMany] = others;
  if (first === '--learn' && newFile !== undefined && tooMany.length > 1) {
    return learn(newFile, tooMany);
  }
  if (first === undefined || first.startsWith('--') || tooMany.length > 0) {
    console.error(USAGE);
    return 2;
  }
  return compare(first, newFile ?? beside('all.json'));
}

const USAGE = `npm run bench:compare -- old.json [new.json]
npm run bench:compare -- --learn bands.json run.json run.json …`;
const args = process.argv.slice(2);
if (args[0] === '--help') {
  console.log(USAGE);
} else {
  try {
    process.exitCode = run(args);
  } catch (error) {
    console.error(`no results can be read: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}

/**
 * Measures P1 – P10, what belongs to them and the parts alone, and writes bench/results.md, its
 * charts and its data.
 *
 *   npm run bench -- table [--only P1,P7] [--quick] [--rounds n] [--into folder]
 *   npm run bench -- table --page      nothing is measured: page and charts from results/all.json
 *
 * Every job is a process of its own: one that fails or hangs is noted, and the others go on. What
 * is not measured now keeps its place in the page. Exit code 1: a job failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawBars } from './support/chart.ts';
import { makeFolder, readAmount, readCommandLine, refuse } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import type { Report } from './support/report.ts';
import { chartsOf } from './table/charts.ts';
import type { Outcome } from './table/gaps.ts';
import { chooseJobs, type Job, rowsOf } from './table/jobs.ts';
import { formatPage } from './table/markdown.ts';
import { mergeReports, readReports } from './table/store.ts';

/** A job that is not done by then is ended. */
const MAX_JOB_MS = 600_000;

const { values } = readCommandLine({ options: BENCH_OPTIONS.table });
const into = resolve(values.into ?? fileURLToPath(new URL('../../bench', import.meta.url)));

function readJobs(): readonly Job[] {
  try {
    return chooseJobs(values.only);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** Runs a job in a process of its own. @throws Error with the last that it said. */
async function runJob({ id, bench, rows, rounds }: Job, folder: string): Promise<Report[]> {
  const file = join(folder, `${id}.json`);
  const script = fileURLToPath(new URL(`./${bench}.bench.js`, import.meta.url));
  const full = rounds === undefined ? [] : ['--rounds', values.rounds ?? String(rounds)];
  const length = values.quick ? ['--quick'] : full;
  const child = spawn(process.execPath, [script, ...rows, ...length, '--json', file], {
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: MAX_JOB_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    process.stderr.write(piece);
    said = (said + String(piece)).slice(-2_000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === null) throw new Error('was ended because it took too long');
  // A bench that exits with 1 has still told what it could measure.
  if (existsSync(file)) return readReports(file);
  const reason = said.match(/^(?:\w*Error|not |no ).*$/m)?.[0] ?? said.trim().split('\n').at(-1);
  throw new Error(`ended with exit code ${code}: ${reason || 'without a word'}`);
}

function writeResults(added: readonly Report[], outcome: Outcome): void {
  const reports = mergeReports(join(into, 'results', 'all.json'), added, outcome);
  writeFileSync(join(into, 'results.md'), formatPage(reports));
  for (const job of chooseJobs(undefined)) {
    const all = rowsOf(job, reports);
    if (all.length === 0) continue;
    // Of a job that had one chart, and has several now, that one would stay.
    rmSync(join(into, 'results', `${job.id}.svg`), { force: true });
    for (const { file, title, measured } of chartsOf(job, all)) {
      const rows = measured.map(({ row }) => row);
      writeFileSync(join(into, 'results', file), drawBars(`${job.id}: ${title}`, rows));
    }
  }
}

if (values.page && values.only !== undefined) {
  refuse('--page measures nothing, so that --only has nothing to choose from');
}
const jobs = values.page ? [] : readJobs();
readAmount('--rounds', values.rounds, 1);
makeFolder('--into', join(into, 'results'));
const scratch = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
const reports: Report[] = [];
const attempted: string[] = [];
const failures: { job: string; message: string }[] = [];
const start = performance.now();
for (const job of jobs) {
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  console.log(`\n══ ${job.id}: ${job.title} (after ${minutes} minutes)`);
  attempted.push(job.id);
  try {
    reports.push(...(await runJob(job, scratch)));
  } catch (error) {
    console.log(`${job.id} failed: ${String(error)}`);
    failures.push({ job: job.id, message: (error as Error).message });
  }
  // After each job, so that nothing is lost when the run is cut.
  writeResults(reports, { attempted, failures });
}
if (values.page) writeResults([], { attempted, failures });
rmSync(scratch, { recursive: true });
console.log(`\nwritten: ${join(into, 'results.md')}`);
if (failures.length > 0) process.exitCode = 1;

/**
 * The command line of the fuzzer; {@link USAGE} says what it takes. Exits with 1 when an invariant
 * was broken, and with 2 when the command was wrong.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS } from '../faults.ts';
import type { PlantedFault } from '../planted-fault.ts';
import { TARGETS } from '../targets.ts';
import { escapeBytes, unescapeBytes } from './corpus.ts';
import type { FuzzReport } from './fuzzer.ts';
import { recordTable } from './record.ts';
import { coverageLines, fuzz, hook, loadTarget, readRecords, WrongCommand } from './session.ts';

const SMOKE_RUNS = 1500;

const USAGE = `npm run fuzz -- <target> [--seconds 10] [--runs n] [--seed n] [--save] [--coverage]
                        [--fault name]               fuzzes one target, or a planted fault
npm run fuzz -- <target> --input '<escaped bytes>'   runs one input, as a finding prints it
npm run fuzz -- all [--seconds 10] …                 every target, each in a process
npm run fuzz -- server [--seconds 10] [--runs n] [--seed n] [--fault name]
                                                     the running server over real sockets
npm run fuzz -- list                                 names the targets and the faults
npm run fuzz -- record                               prints what has been run so far
npm run fuzz:smoke                                   every target for a moment

Seconds are of processor time, so that they mean the same on a busy machine.`;

const { values, positionals } = readCommandLine();

function readCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string', default: '1' },
        input: { type: 'string' },
        fault: { type: 'string' },
        save: { type: 'boolean', default: false },
        coverage: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\nnpm run fuzz -- --help lists what there is`);
    process.exit(2);
  }
}

function show(name: string, report: FuzzReport): void {
  const rate = Math.round(report.runs / report.seconds);
  console.log(
    `${name}: ${report.runs} runs in ${report.seconds.toFixed(1)} s (${rate}/s), ` +
      `corpus ${report.corpus}, ${report.covered} of ${report.counters} branches, ` +
      `slowest run ${report.slowestMs.toFixed(1)} ms`,
  );
  if (report.slowestMs > 500) console.log(`  slowest: ${escapeBytes(report.slowest)}`);
  const { finding } = report;
  if (finding === undefined) return;
  process.exitCode = 1;
  console.log(`${name}: FOUND after ${finding.runs} runs: ${finding.error.stack}`);
  console.log(
    `  npm run fuzz -- ${name} --input '${escapeBytes(finding.input).replaceAll("'", '\\x27')}'`,
  );
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new WrongCommand(`--${name} takes a whole number, not ${text}`);
  return Number(text);
}

function readBudget(): { runs?: number | undefined; seconds?: number | undefined; seed: number } {
  const runs = wholeNumber(values.runs, 'runs');
  const seconds = wholeNumber(values.seconds, 'seconds') ?? (runs === undefined ? 10 : undefined);
  return { runs, seconds, seed: wholeNumber(values.seed, 'seed') ?? 1 };
}

function readFault(): PlantedFault | undefined {
  if (values.fault === undefined) return undefined;
  const fault = FAULTS[values.fault];
  if (fault === undefined) throw new WrongCommand(`no fault ${values.fault}`);
  return fault;
}

/** The server, which no coverage guides: its inputs are conversations, and not bytes. */
async function runServer(): Promise<void> {
  const fault = readFault();
  if (fault !== undefined) hook(fault);
  const { fuzzServer } = await import('../server/run.ts');
  const { batches, conversations, finding, ...report } = await fuzzServer(readBudget());
  const growth =
    report.growth === undefined ? '' : `, memory ${Math.round(report.growth / 1024)} KiB`;
  console.log(
    `server: ${conversations} conversations in ${batches} batches, ` +
      `${report.seconds.toFixed(1)} s, ${report.requests} requests, ` +
      `${report.violations} refused${growth}`,
  );
  if (finding === undefined) return;
  process.exitCode = 1;
  console.log(`server: FOUND in batch ${batches + 1}: ${finding.error.stack}`);
  console.log(`  npm run fuzz -- server --seed ${finding.seed} --runs 1`);
  // Sockets that were lost would keep the process.
  process.exit();
}

async function runOne(name: string): Promise<void> {
  const fault = readFault();
  if (fault !== undefined && values.save)
    throw new WrongCommand('what a fault brings is not saved');
  show(name, await fuzz(name, { ...readBudget(), save: values.save, fault }));
  if (values.coverage) console.log(coverageLines().join('\n'));
}

const targetNames = (): string[] =>
  Object.keys(TARGETS).filter((name) => !name.startsWith('canary'));

/** Each target in a process of its own, so that its coverage and its memory are its own. */
function runAll(): void {
  const options = process.argv.slice(2).filter((word) => word !== 'all');
  for (const name of targetNames()) {
    const { status } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), name, ...options],
      { stdio: 'inherit' },
    );
    if (status !== 0) process.exitCode = 1;
  }
}

async function main(name: string | undefined): Promise<void> {
  if (values.help) {
    console.log(USAGE);
  } else if (name === undefined || name === 'list') {
    console.log(`targets: ${Object.keys(TARGETS).join(', ')}`);
    console.log(`faults: ${Object.keys(FAULTS).join(', ')}`);
  } else if (name === 'server') {
    await runServer();
  } else if (name === 'record') {
    console.log(recordTable(readRecords()));
  } else if (name === 'all') {
    runAll();
  } else if (values.input !== undefined) {
    const target = await loadTarget(name);
    await target.run(unescapeBytes(values.input));
    console.log(`${name}: every invariant holds`);
  } else if (name === 'smoke') {
    const runs = wholeNumber(values.runs, 'runs') ?? SMOKE_RUNS;
    for (const each of targetNames()) {
      show(each, await fuzz(each, { runs, seed: wholeNumber(values.seed, 'seed') ?? 1 }));
    }
  } else {
    await runOne(name);
  }
}

try {
  await main(positionals[0]);
} catch (error) {
  if (error instanceof WrongCommand) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    console.error(error instanceof Error ? error.stack : String(error));
    process.exitCode = 1;
  }
}

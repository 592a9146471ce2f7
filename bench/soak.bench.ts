/**
 * Long measurements with many connections or many bytes, of our server in a process of its own.
 *
 *   npm run bench -- soak [names …] [--quick] [--json file]
 *
 * They are checks, too: a soak fails, and the exit code is 1, when a connection or a byte was lost,
 * memory grew with the length of a message, or an attacker was not cut. `ulimit -n` must allow some
 * 10,500 open files.
 */
import { writeFileSync } from 'node:fs';
import { DEFLATE_IDLE } from './soak/deflate-idle.ts';
import { type Figure, formatFigure, type Soak } from './soak/figures.ts';
import { IDLE_AND_ATTACK } from './soak/idle-and-attack.ts';
import { ONE_GIB } from './soak/one-gib.ts';
import { TEN_THOUSAND } from './soak/ten-thousand.ts';
import { readCommandLine } from './support/command-line.ts';
import { BENCH_OPTIONS } from './support/options.ts';
import { makeReport, type SoakResult } from './support/report.ts';

const SOAKS: readonly Soak[] = [IDLE_AND_ATTACK, ONE_GIB, DEFLATE_IDLE, TEN_THOUSAND];
/** What hangs is an error, too. */
const MAX_MS = 180_000;

async function inTime(soak: Soak, quick: boolean): Promise<readonly Figure[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${MAX_MS / 1000} s`)), MAX_MS);
  });
  try {
    return await Promise.race([soak.run(quick), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function measure(soak: Soak, quick: boolean): Promise<SoakResult> {
  const title = soak.title(quick);
  console.log(`\n${soak.name}  ${title}`);
  try {
    const figures = await inTime(soak, quick);
    for (const figure of figures) {
      console.log(`  ${figure.label.padEnd(48)} ${formatFigure(figure).padStart(12)}`);
    }
    return { name: soak.name, title, figures };
  } catch (error) {
    console.log(`  failed: ${String(error)}`);
    return { name: soak.name, title, figures: [], error: String(error) };
  }
}

async function main(): Promise<number> {
  const { values, positionals } = readCommandLine({
    allowPositionals: true,
    options: BENCH_OPTIONS.soak,
  });
  const names = SOAKS.map(({ name }) => name);
  const stranger = positionals.find((name) => !names.includes(name));
  if (stranger !== undefined) {
    console.error(`no soak is called ${stranger}: there are ${names.join(', ')}`);
    return 2;
  }
  console.log(`node ${process.version}`);
  const results: SoakResult[] = [];
  for (const soak of SOAKS) {
    const isChosen = positionals.length === 0 || positionals.includes(soak.name);
    if (isChosen) results.push(await measure(soak, values.quick));
  }
  if (values.json !== undefined) {
    // A report like the others, but its figures compare with nobody's, and are no rows.
    const report = { ...makeReport('soak', []), results };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return results.every(({ error }) => error === undefined) ? 0 : 1;
}

// A soak that failed may have left sockets behind; nothing waits for them.
process.exit(await main());

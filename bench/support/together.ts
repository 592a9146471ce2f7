/** Several benches with one command line, and what they find out in one file. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReports } from '../table/store.ts';
import { drawBars } from './chart.ts';
import { readAmount, readCommandLine, refuse } from './command-line.ts';
import { BENCH_OPTIONS, type BenchName } from './options.ts';

/** What is to be run, each bench with its own part of the options, and where the results go. */
export interface Together {
  readonly shares: readonly { readonly name: string; readonly args: readonly string[] }[];
  readonly json?: string | undefined;
  readonly svg?: string | undefined;
  /** Modules of `--with`, to be looked at before anything runs. */
  readonly guests?: readonly string[] | undefined;
}

/**
 * Gives each bench the options that it knows. What none of them knows ends the process with exit
 * code 2, as does whatever all of them would refuse: before any has begun.
 */
export function shareOptions(names: readonly string[], args: readonly string[]): Together {
  const optionsOf = (name: string) => BENCH_OPTIONS[name as BenchName] ?? {};
  const { values, positionals, tokens } = readCommandLine({
    args: [...args],
    options: Object.assign({}, ...names.map(optionsOf)) as (typeof BENCH_OPTIONS)['framing'],
    allowPositionals: true,
    tokens: true,
  });
  if (positionals.length > 0) {
    refuse(`rows are asked of one bench, and not ${positionals[0]} of ${names.join(', ')}`);
  }
  readAmount('--rounds', values.rounds, 1);
  readAmount('--ms', values.ms, 1);
  const shares = names.map((name) => {
    const known = optionsOf(name);
    const own = tokens.flatMap((token) => {
      if (token.kind !== 'option' || !(token.name in known)) return [];
      if (token.name === 'json' || token.name === 'svg') return [];
      return [`--${token.name}${token.value === undefined ? '' : `=${token.value}`}`];
    });
    return { name, args: own };
  });
  return { shares, json: values.json, svg: values.svg, guests: values.with };
}

/** Runs them one after the other; the files are written after each, so that nothing is lost. */
export async function runTogether(
  { shares, json, svg }: Together,
  run: (name: string, args: readonly string[]) => Promise<void>,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  const files: string[] = [];
  for (const { name, args } of shares) {
    const file = join(scratch, `${name}.json`);
    await run(name, json === undefined && svg === undefined ? args : [...args, '--json', file]);
    // A bench that failed at once has written nothing.
    if (existsSync(file)) files.push(file);
    const reports = files.flatMap(readReports);
    const rows = reports.flatMap((report) => report.rows);
    const title = shares.map((share) => share.name).join(', ');
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(reports, null, 2)}\n`);
    if (svg !== undefined) writeFileSync(svg, drawBars(title, rows));
  }
  rmSync(scratch, { recursive: true });
}

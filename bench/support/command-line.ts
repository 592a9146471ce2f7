/** The command line of a bench: what it does not know ends it with a sentence, not with a trace. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { chooseRows } from './selection.ts';

/** Options that name a file for results. */
const TARGETS = ['json', 'svg'];

/** One line for each option. */
function describe({ options = {} }: ParseArgsConfig): string {
  const lines = Object.entries(options).map(
    ([name, { type }]) => `  --${name}${type === 'string' ? ' <value>' : ''}`,
  );
  return ['options:', ...lines].join('\n');
}

/** Ends the bench with a sentence. */
export function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

/**
 * Chooses rows by names, each of which must be the beginning of one; all without.
 *
 * @param full what there is without `--quick`, where that leaves rows out.
 */
export function readRows<Row extends { readonly id: string }>(
  rows: readonly Row[],
  names: readonly string[],
  full: readonly Row[] = rows,
): Row[] {
  const stranger = names.find((name) => chooseRows(rows, [name]).length === 0);
  if (stranger !== undefined) {
    const isLeftOut = chooseRows(full, [stranger]).length > 0;
    refuse(isLeftOut ? `${stranger} is not in --quick` : `no row begins with ${stranger}`);
  }
  return chooseRows(rows, names);
}

/** Makes the folder that an option names. */
export function makeFolder(option: string, path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    refuse(`${option} cannot be written: ${(error as Error).message}`);
  }
}

/** Refuses a file that cannot be written, before anything is measured for it. */
function checkTarget(option: string, path: string): void {
  const isThere = existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    refuse(`--${option} cannot be written: ${(error as Error).message}`);
  }
  if (!isThere) rmSync(path);
}

/** Reads a number of rounds or milliseconds: a whole one above zero, or exit code 2. */
export function readAmount(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const amount = Number(text);
  if (Number.isSafeInteger(amount) && amount > 0) return amount;
  return refuse(`${option} takes a whole number above zero, not ${text}`);
}

/**
 * Reads the command line; `--help` lists the options. Exit code 2: there is no such option, or a
 * file that results should go to cannot be written.
 */
export function readCommandLine<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = config.args ?? process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(describe(config));
    process.exit(0);
  }
  try {
    const line = parseArgs(config);
    for (const [option, value] of Object.entries(line.values)) {
      if (TARGETS.includes(option) && typeof value === 'string') checkTarget(option, value);
    }
    return line;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    return refuse(`${message}\n${describe(config)}`);
  }
}

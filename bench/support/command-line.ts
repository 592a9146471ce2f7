/** The command line of a bench: what it does not know ends it with a sentence, not with a trace. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

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

/** Ends a bench that was asked for rows it has none of. */
export function refuseRows(names: readonly string[]): never {
  return refuse(`no row begins with ${names.join(' or ')}`);
}

/** Reads a number of rounds or milliseconds: a whole one above zero, or exit code 2. */
export function readAmount(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const amount = Number(text);
  if (Number.isSafeInteger(amount) && amount > 0) return amount;
  return refuse(`${option} takes a whole number above zero, not ${text}`);
}

/** Reads the command line; `--help` lists the options. Exit code 2: there is no such option. */
export function readCommandLine<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = config.args ?? process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(describe(config));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    return refuse(`${message}\n${describe(config)}`);
  }
}

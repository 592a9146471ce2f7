/**
 * The command line: finds the subcommand, runs it, turns wrong arguments into one line and the
 * usage.
 *
 * A new subcommand is a file beside this one and a line in the table.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, type CommandIo, CommandLineError, EXIT } from './command.ts';

/** Subcommands are loaded when they are called: the others cost nothing. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<{ command: Command }> }>
> = {
  conform: {
    summary: 'run the conformance suite against a WebSocket server or client',
    load: () => import('./conform.ts'),
  },
};

const USAGE = `usage: barewire <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

  --help     this page; after a command, the command's own
  --version  the version
`;

/** Runs a command line. Never rejects because of its arguments. */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? io.err : io.out).write(USAGE);
    return name === undefined ? EXIT.usage : EXIT.fine;
  }
  if (name === '--version' || name === '-v') {
    io.out.write(`${readVersion()}\n`);
    return EXIT.fine;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    io.err.write(`barewire: there is no command "${name}"\n\n${USAGE}`);
    return EXIT.usage;
  }
  const { command } = await COMMANDS[name]!.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out.write(command.usage);
    return EXIT.fine;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    // The whole page would push the line that matters out of sight.
    const [synopsis] = command.usage.split('\n\n');
    const more = `barewire ${name} --help tells all options.`;
    io.err.write(`barewire ${name}: ${error.message}\n\n${synopsis}\n\n${more}\n`);
    return EXIT.usage;
  }
}

function readVersion(): string {
  // From dist/tools/cli up to the package.
  const folder = dirname(fileURLToPath(import.meta.url));
  const manifest = readFileSync(join(folder, '../../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

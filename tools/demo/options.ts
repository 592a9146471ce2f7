/** The command line of `npm start`: checked completely before anything is started. */
import { parseArgs } from 'node:util';

/** What the command line asks for. */
export type DemoCommand =
  | { readonly kind: 'serve'; readonly port: number; readonly host: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly reason: string };

/** The text of `--help`. */
export const HELP = `Usage: npm start [-- options]

Serves the demo: one page, one process, everything on bare sockets.

  --port <number>   port to listen on, 0 for any free one   (default 9292, or PORT)
  --host <address>  address to listen on                    (default 127.0.0.1)
  --help            this text
`;

const DEFAULT_PORT = 9292;
const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads the arguments after the program's name; `--port` overrules the variable PORT. */
export function readCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): DemoCommand {
  let values: { port?: string; host?: string; help?: boolean };
  try {
    values = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    // Its first sentence says which option; the rest is advice about "--".
    const [reason = ''] = (error as Error).message.split(/\. |\n/);
    return { kind: 'wrong', reason: `${lowerFirst(reason)} (see --help)` };
  }
  if (values.help === true) return { kind: 'help' };
  const { host = '127.0.0.1' } = values;
  if (host === '') return { kind: 'wrong', reason: '--host must not be empty' };
  const [name, given] =
    values.port === undefined ? ['PORT', environment['PORT']] : ['--port', values.port];
  if (given === undefined) return { kind: 'serve', port: DEFAULT_PORT, host };
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (!(port <= 65_535)) {
    const reason = `${name} must be a whole number from 0 to 65535, not ${JSON.stringify(given)}`;
    return { kind: 'wrong', reason };
  }
  return { kind: 'serve', port, host };
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

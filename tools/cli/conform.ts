/**
 * `barewire conform`: the conformance suite from the command line.
 *
 * This file reads arguments; the work is done in `tools/conformance`.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareIds } from '../conformance/cases/index.ts';
import type { Role } from '../conformance/model.ts';
import {
  NothingFailed,
  readIndex,
  type Selection,
  SelectionError,
  selectCases,
} from '../conformance/selection.ts';
import { runAgainstClients, runAgainstServers, type SuiteOptions } from '../conformance/suite.ts';
import { type Command, type CommandIo, CommandLineError, EXIT } from './command.ts';

const USAGE = `usage: barewire conform server <url> …          test servers: we are the client
       barewire conform client --listen 9001     test clients: we are the server
       barewire conform list                     show the cases

which cases (ids are those of the Autobahn test suite)
  --cases <pattern>       such as 2.* or 6.4.1; again or with commas for more     default: all 517
  --exclude <pattern>     leave these out
  --quick                 all but the large transfers of groups 9, 12 and 13
  --beyond                our own cases as well (or --cases 'b*' for them alone)
  --only-failed <path>    what was not fine in the index.json of an earlier run

how
  --parallel <n>          connections at a time                         default: four a core
  --agent <name>          name of the server in reports                 default: its Server field
  --origin <origin>       the Origin field to send
  --protocol <name>       a subprotocol to offer; again for more
  --insecure              wss: accept any certificate
  --listen <[host:]port>  where clients connect                         default: 127.0.0.1:9001
  --run <command>         start this client, and end when it ends

what comes out
  --out <folder>      reports: HTML, JSON, JUnit      default: reports/servers or reports/clients
  --no-report             write none
  --baseline <path>       fail only where an earlier run was better
  --strict                NON-STRICT and UNIMPLEMENTED fail, too (with --baseline: in new cases)

exit code: 0 fine · 1 something failed · 2 wrong arguments · 3 nobody to talk to · 130 interrupted
`;

const OPTIONS = {
  cases: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  beyond: { type: 'boolean' },
  'only-failed': { type: 'string' },
  parallel: { type: 'string' },
  agent: { type: 'string' },
  origin: { type: 'string' },
  protocol: { type: 'string', multiple: true },
  insecure: { type: 'boolean' },
  listen: { type: 'string' },
  run: { type: 'string' },
  out: { type: 'string' },
  'no-report': { type: 'boolean' },
  baseline: { type: 'string' },
  strict: { type: 'boolean' },
} as const;

const SERVER_ONLY = ['parallel', 'agent', 'origin', 'protocol', 'insecure'] as const;
const CLIENT_ONLY = ['listen', 'run'] as const;
const RUN_ONLY = ['out', 'no-report', 'baseline', 'strict'] as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; the others teach the shell.
    throw new CommandLineError((error as Error).message.split('. ')[0]!);
  }
}

type Values = ReturnType<typeof parse>['values'];

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(args);
  const [mode, ...rest] = positionals;
  try {
    switch (mode) {
      case 'server':
        return await runServers(rest, values, io);
      case 'client':
        return await runClients(rest, values, io);
      case 'list':
        return list(rest, values, io);
      case undefined:
        throw new CommandLineError('say what to test: server, client, or list');
      default:
        throw new CommandLineError(`"${mode}" is none of server, client, list`);
    }
  } catch (error) {
    if (error instanceof NothingFailed) {
      io.out.write(`${error.message}\n`);
      return EXIT.fine;
    }
    if (error instanceof SelectionError) throw new CommandLineError(error.message);
    throw error;
  }
}

async function runServers(urls: string[], values: Values, io: CommandIo): Promise<number> {
  if (urls.length === 0) throw new CommandLineError('which server? give a ws:// or wss:// URL');
  refuse(values, CLIENT_ONLY, 'server');
  if (values.agent !== undefined && urls.length > 1) {
    throw new CommandLineError('--agent names one server, not several');
  }
  const targets = urls.map((url) => readTarget(url, values));
  const outcome = await runAgainstServers(
    {
      ...suiteOptions(values, 'client'),
      targets,
      agent: values.agent,
      parallel: readCount('parallel', values.parallel),
    },
    io,
  );
  return EXIT[outcome];
}

async function runClients(rest: string[], values: Values, io: CommandIo): Promise<number> {
  refuseRest(rest);
  refuse(values, SERVER_ONLY, 'client');
  const { host, port } = readListen(values.listen ?? '9001');
  const options = suiteOptions(values, 'server');
  return EXIT[await runAgainstClients({ ...options, host, port, command: values.run }, io)];
}

function list(rest: string[], values: Values, io: CommandIo): number {
  refuseRest(rest);
  refuse(values, [...SERVER_ONLY, ...CLIENT_ONLY, ...RUN_ONLY], 'list');
  const selection = readSelection(values);
  const entries = new Map(
    (['client', 'server'] as const)
      .flatMap((role) => selectCases({ beyond: true, ...selection }, role))
      .map((entry) => [entry.case.id, entry]),
  );
  const sorted = [...entries.values()].sort((a, b) => compareIds(a.case.id, b.case.id));
  for (const { case: theCase } of sorted) {
    io.out.write(`${theCase.id.padEnd(9)} ${theCase.description}\n`);
  }
  return EXIT.fine;
}

function refuseRest([extra]: string[]): void {
  if (extra !== undefined) throw new CommandLineError(`"${extra}" is one argument too many`);
}

function refuse(values: Values, names: readonly (keyof Values)[], mode: string): void {
  for (const name of names) {
    if (values[name] === undefined) continue;
    throw new CommandLineError(`--${name} has no meaning with "conform ${mode}"`);
  }
}

const split = (lists: readonly string[] | undefined): string[] | undefined =>
  lists?.flatMap((each) => each.split(',')).map((each) => each.trim());

function readSelection(values: Values): Selection {
  const onlyFailed = values['only-failed'];
  return {
    cases: split(values.cases),
    exclude: split(values.exclude),
    quick: values.quick,
    ...(values.beyond === undefined ? {} : { beyond: values.beyond }),
    onlyFailed: onlyFailed === undefined ? undefined : readIndex(onlyFailed),
  };
}

function suiteOptions(values: Values, role: Role): SuiteOptions {
  const folder = values.out ?? (role === 'client' ? 'reports/servers' : 'reports/clients');
  const options = {
    entries: selectCases(readSelection(values), role),
    folder: values['no-report'] === true ? undefined : folder,
    baseline: values.baseline === undefined ? undefined : readIndex(values.baseline),
    isStrict: values.strict ?? false,
  };
  if (options.folder !== undefined) prepareFolder(options.folder);
  return options;
}

/** Makes the folder now: nobody wants to hear after a long run that there is none. */
function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new CommandLineError(`no reports can be written there: ${(error as Error).message}`);
  }
}

function readCount(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(given)) {
    throw new CommandLineError(`--${name} wants a whole number from 1 to 9999, not "${given}"`);
  }
  return Number(given);
}

function readTarget(text: string, values: Values) {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new CommandLineError(`"${text}" is no URL: it begins with ws:// or wss://`);
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new CommandLineError(`"${text}" begins with neither ws:// nor wss://`);
  }
  if (url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new CommandLineError(`"${text}" has a part that a WebSocket URL does not have`);
  }
  const isSecure = url.protocol === 'wss:';
  return {
    url: url.href,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
    path: `${url.pathname}${url.search}`,
    authority: url.host,
    origin: values.origin,
    protocols: values.protocol,
    isInsecure: values.insecure,
  };
}

function readListen(text: string): { host: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text.replace(/^ws:\/\/|\/$/g, ''));
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new CommandLineError(`--listen wants a port or host:port, not "${text}"`);
  }
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
}

/** The subcommand. */
export const command: Command = { usage: USAGE, run };

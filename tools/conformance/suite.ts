/**
 * A whole run: the cases, the progress, the summary, the reports, and what they mean for the exit
 * code.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { findRegressions } from './baseline.ts';
import type { CatalogueEntry } from './cases/index.ts';
import { startClient } from './client-command.ts';
import type { Target } from './opening.ts';
import { Progress, type ProgressStream } from './progress.ts';
import type { Index } from './report/json.ts';
import { buildSummary } from './report/summary.ts';
import { writeReports } from './report/write.ts';
import { type CaseResult, isFine } from './result.ts';
import { FuzzingServer } from './runner-client.ts';
import { runServer } from './runner-server.ts';

/** Where a run shows itself, and what ends it early. */
export interface SuiteIo {
  readonly out: { write(text: string): unknown };
  readonly err: ProgressStream;
  readonly signal: AbortSignal;
}

/** How a run ended. */
export type SuiteOutcome = 'fine' | 'failed' | 'unreachable' | 'interrupted';

/** What both directions have in common. */
export interface SuiteOptions {
  readonly entries: readonly CatalogueEntry[];
  /** Where reports go; `undefined`: nowhere. */
  readonly folder: string | undefined;
  /** An earlier run: only what is worse than it fails. */
  readonly baseline: Index | undefined;
  /** NON-STRICT and UNIMPLEMENTED fail, too. */
  readonly isStrict: boolean;
}

/** Servers to test. */
export interface ServerSuiteOptions extends SuiteOptions {
  readonly targets: readonly Target[];
  readonly agent: string | undefined;
  readonly parallel: number | undefined;
}

/** Runs the cases against each server in turn. */
export async function runAgainstServers(
  options: ServerSuiteOptions,
  io: SuiteIo,
): Promise<SuiteOutcome> {
  const cores = availableParallelism();
  const parallel = options.parallel ?? cores * 4;
  const results: CaseResult[] = [];
  let isUnreachable = false;
  for (const target of options.targets) {
    const progress = new Progress(io.err, target.url, options.entries.length);
    const run = await runServer({
      target,
      agent: options.agent ?? (options.targets.length > 1 ? target.url : undefined),
      entries: options.entries,
      parallel,
      parallelHeavy: Math.min(parallel, cores),
      signal: io.signal,
      onResult: (result) => progress.add(result),
    });
    progress.stop();
    if (run.gaveUp !== undefined) io.err.write(`${target.url}: ${run.gaveUp}\n`);
    isUnreachable ||= run.isUnreachable;
    results.push(...run.results);
  }
  const outcome = await report(results, options, 'WebSocket servers', io);
  return isUnreachable && outcome !== 'interrupted' ? 'unreachable' : outcome;
}

/** Shows the summary, writes the reports, and says what it means. */
export async function report(
  results: readonly CaseResult[],
  options: SuiteOptions,
  title: string,
  io: SuiteIo,
): Promise<SuiteOutcome> {
  io.out.write(buildSummary(results));
  const isWritten = await keepReports(results, options.folder, title, io);
  const bad = findBad(results, options);
  if (options.baseline !== undefined) {
    io.out.write(
      bad.length === 0
        ? 'Nothing is worse than in the baseline.\n'
        : `Worse than in the baseline: ${bad.map(({ entry }) => entry.case.id).join(' ')}\n`,
    );
  }
  const tooLax = bad.filter(isFine).map(({ entry }) => entry.case.id);
  if (tooLax.length > 0 && options.baseline === undefined) {
    io.out.write(`Fine, but not strict: ${tooLax.join(' ')}\n`);
  }
  if (io.signal.aborted) return 'interrupted';
  return bad.length === 0 && isWritten ? 'fine' : 'failed';
}

/** Writes the reports; whatever is wrong with the disk, the summary has been shown. */
async function keepReports(
  results: readonly CaseResult[],
  folder: string | undefined,
  title: string,
  io: SuiteIo,
): Promise<boolean> {
  if (folder === undefined) return true;
  try {
    const path = await writeReports(folder, results, { title, when: new Date() });
    io.out.write(`Report: ${resolve(path)}\n`);
    return true;
  } catch (error) {
    io.err.write(`The reports could not be written: ${(error as Error).message}\n`);
    return false;
  }
}

function findBad(results: readonly CaseResult[], options: SuiteOptions): readonly CaseResult[] {
  const isBad = (result: CaseResult): boolean =>
    !isFine(result) || (options.isStrict && /^(?:NON-STRICT|UNIMPLEMENTED)$/.test(result.behavior));
  return options.baseline === undefined
    ? results.filter(isBad)
    : findRegressions(results, options.baseline, isBad);
}

/** Clients to test. */
export interface ClientSuiteOptions extends SuiteOptions {
  readonly host: string;
  readonly port: number;
  /** A command that runs the client; the suite ends when it ends. */
  readonly command: string | undefined;
  /** Milliseconds without a connection after which that client is given up. Default a minute. */
  readonly silentMs?: number | undefined;
  /** The same before its first one: it may have to be built. Default ten minutes. */
  readonly firstMs?: number | undefined;
}

/** Waits for clients until it is told to stop. */
export async function runAgainstClients(
  options: ClientSuiteOptions,
  io: SuiteIo,
): Promise<SuiteOutcome> {
  const { host, port, entries, folder } = options;
  const title = 'WebSocket clients';
  const progress = new Map<string, Progress>();
  const endLines = (): void => {
    for (const each of progress.values()) each.stop();
  };
  let server: FuzzingServer;
  try {
    server = await FuzzingServer.listen({
      host,
      port,
      entries,
      say: (line) => {
        endLines();
        io.err.write(`${line}\n`);
      },
      onResult: (result) => {
        const { agent } = result;
        const own = progress.get(agent) ?? new Progress(io.err, agent, entries.length);
        progress.set(agent, own);
        own.add(result);
      },
      writeReports: async (results) => {
        await keepReports(results, folder, title, { ...io, out: { write: () => {} } });
      },
    });
  } catch (error) {
    io.err.write(`Cannot listen on ${host}:${port}: ${(error as Error).message}\n`);
    return 'unreachable';
  }
  io.err.write(`Waiting for clients on ${server.url} (cases: ${entries.length}; Ctrl-C ends).\n`);
  const commandFailed = await waitForEnd(server, options, io);
  const agents = server.agents();
  if (agents.length === 0) io.err.write('No client has run a case.\n');
  // A command was started to run every case; a client that came by itself may have wanted a few.
  const awaited = options.command === undefined ? [] : agents;
  const results = server.close(agents.length === 0 ? ['UnknownClient'] : awaited);
  endLines();
  const outcome = await report(results, options, title, io);
  if (commandFailed !== undefined) io.err.write(`${commandFailed}\n`);
  return agents.length === 0 && outcome !== 'interrupted' ? 'unreachable' : outcome;
}

/** Until a client stops the server, the command ends, or the user has had enough. */
async function waitForEnd(
  server: FuzzingServer,
  { command, silentMs = 60_000, firstMs = 600_000 }: ClientSuiteOptions,
  io: SuiteIo,
): Promise<string | undefined> {
  const interrupted = new Promise<undefined>((done) => {
    if (io.signal.aborted) done(undefined);
    io.signal.addEventListener('abort', () => done(undefined), { once: true });
  });
  if (command === undefined) return Promise.race([server.stopped, interrupted]);
  const client = startClient(command, server.url);
  const silence = watchSilence(server, silentMs, firstMs);
  const failure = await Promise.race([server.stopped, interrupted, client.ended, silence.passed]);
  silence.stop();
  await client.stop();
  return failure;
}

/** Settles with a line when the client that was started has stopped taking cases. */
function watchSilence(
  server: FuzzingServer,
  silentMs: number,
  firstMs: number,
): { passed: Promise<string>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<string>((done) => {
    const look = (): void => {
      const most = server.wasVisited ? silentMs : firstMs;
      if (server.silentMs() < most) return;
      done(`The client has not connected for ${most / 1000} seconds: it was ended.`);
    };
    timer = setInterval(look, Math.min(1000, silentMs, firstMs));
  });
  return { passed, stop: () => clearInterval(timer) };
}

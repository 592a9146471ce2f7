/**
 * One implementation through the whole suite, as server and as client.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CatalogueEntry } from '../cases/index.ts';
import type { CaseResult } from '../result.ts';
import { FuzzingServer } from '../runner-client.ts';
import { chooseAgain, runServer } from '../runner-server.ts';
import { type Selection, selectCases } from '../selection.ts';
import { PEERS } from './index.ts';

/** How much is run, and who is told. */
export interface BothWaysOptions {
  readonly selection: Selection;
  /** Light cases, and heavy ones, at the same time. */
  readonly parallel: number;
  readonly parallelHeavy: number;
  readonly onResult: (result: CaseResult) => void;
}

const commandOf = async (name: string): Promise<string> =>
  (await PEERS[name]?.())?.command ?? process.execPath;

const script = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

/** Runs the cases against a peer's server, in a process of its own. */
export async function runAsServer(
  name: string,
  agent: string,
  options: BothWaysOptions,
): Promise<readonly CaseResult[]> {
  const child = spawn(await commandOf(name), [script('run-server.js'), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = new URL(await firstLine(child.stdout));
    const entries: readonly CatalogueEntry[] = selectCases(options.selection, 'client');
    const { results } = await runServer({
      target: {
        url: url.href,
        host: url.hostname,
        port: Number(url.port),
        isSecure: false,
        path: '/',
        authority: url.host,
      },
      agent,
      entries,
      ...options,
      signal: new AbortController().signal,
    });
    return results;
  } finally {
    child.kill();
  }
}

/** Lets a peer's client, in a process of its own, take the cases. */
export async function runAsClient(
  name: string,
  agent: string,
  options: BothWaysOptions,
): Promise<readonly CaseResult[]> {
  const entries = selectCases(options.selection, 'server');
  const light = entries.filter(({ case: theCase }) => theCase.isHeavy !== true);
  const heavy = entries.filter(({ case: theCase }) => theCase.isHeavy === true);
  const results: CaseResult[] = [];
  for (const [part, parallel] of [
    [light, options.parallel],
    [heavy, options.parallelHeavy],
  ] as const) {
    if (part.length > 0) results.push(...(await takeCases(name, agent, part, parallel, options)));
  }
  // As with servers: the few that failed in company are given again alone, and that counts.
  const again = chooseAgain(results).map(({ entry }) => entry);
  if (again.length === 0) return results;
  const silent = { ...options, onResult: () => {} };
  const alone = await takeCases(name, agent, again, 1, silent);
  return results.map((result) => alone.find(({ entry }) => entry === result.entry) ?? result);
}

async function takeCases(
  name: string,
  agent: string,
  entries: readonly CatalogueEntry[],
  parallel: number,
  { onResult }: BothWaysOptions,
): Promise<CaseResult[]> {
  const server = await FuzzingServer.listen({
    host: '127.0.0.1',
    port: 0,
    entries,
    say: () => {},
    writeReports: async () => {},
    onResult,
  });
  const args = [script('run-client.js'), name, server.url, String(parallel), agent];
  const child = spawn(await commandOf(name), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((done) => child.once('exit', done));
  return server.close([agent]);
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('the server has said nothing');
}

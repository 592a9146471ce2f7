/**
 * The running server against random clients over real sockets.
 *
 * Invariants, whatever the clients say, however they cut it, and however they leave:
 * - nothing is thrown to the process, and no promise is rejected unheard;
 * - the only errors reported are those that handlers threw;
 * - a well-behaved client beside them is served, by HTTP and by WebSocket;
 * - whatever a client is sent begins with a status line;
 * - when the clients are gone and time has passed, so are their connections: the server counts
 *   none, no timer runs, the process holds no more sockets, and every clean-up has run;
 * - memory does not grow from batch to batch, which is looked at from the sixtieth on.
 *
 * Batches are drawn by seed: batch n of `--seed s` is the only batch of `--seed s+n --runs 1`. What
 * the operating system does with the packets is not drawn, so that a finding may take a few tries.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Budget } from '../engine/fuzzer.ts';
import { Random } from '../engine/random.ts';
import { expectLaw } from '../engine/target.ts';
import { behaveWell, play, turns } from './clients.ts';
import { makeConversation } from './conversation.ts';
import { type Subject, startSubject } from './subject.ts';

const MOST_TURNS = 100_000;
/** Longer than every deadline of the server. */
const STEPS_OF_TIME = 150;
const STEP_MS = 1_000;
/** Memory is compared from here on, when everything has been compiled and cached. */
const WARM_AFTER = 40;
const LOOK_EVERY = 20;
const MAX_GROWTH_BYTES = 12 * 1024 * 1024;

/** What a run came to. */
export interface ServerReport {
  readonly batches: number;
  readonly conversations: number;
  readonly requests: number;
  readonly violations: number;
  /** Processor time. */
  readonly seconds: number;
  /** Bytes of memory more than when it was warm; `undefined` when it never was. */
  readonly growth: number | undefined;
  readonly finding: { readonly error: Error; readonly seed: number } | undefined;
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function until(condition: () => boolean, law: string, detail: () => string): Promise<void> {
  for (let left = MOST_TURNS; left > 0 && !condition(); left -= 1) await turns(1);
  expectLaw(condition(), law, detail);
}

/** Sockets, pipes and timers that the process holds. */
const resources = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');

/** Lets every deadline pass that holds a connection, or until no timer is needed any more. */
async function letTimePass({ server, time }: Subject): Promise<void> {
  const isIdle = (): boolean => server.stats().openConnections === 0 && time.tickers === 0;
  for (let left = STEPS_OF_TIME; left > 0 && !isIdle(); left -= 1) {
    time.advance(STEP_MS);
    await turns(3);
  }
}

async function runBatch(subject: Subject, seed: number): Promise<number> {
  const random = new Random(seed);
  const { server, port, time } = subject;
  const before = resources().length;
  const conversations = Array.from({ length: 4 + random.below(12) }, () =>
    makeConversation(random),
  );
  const [, ...sockets] = await Promise.all([
    behaveWell(port),
    ...conversations.map((steps) => play(port, steps)),
  ]);
  await letTimePass(subject);
  // An event stream that somebody reads goes on for ever.
  for (const socket of sockets) if (typeof socket === 'object') socket.destroy();
  await letTimePass(subject);
  const open = (): number => server.stats().openConnections;
  await until(
    () => open() === 0,
    'connections are gone',
    () => `${open()}`,
  );
  await until(
    () => time.tickers === 0,
    'no timer runs',
    () => `${time.tickers}`,
  );
  await until(
    () => resources().length <= before,
    'no socket is left',
    () => String(resources()),
  );
  const { begun, over } = subject.exchanges;
  await until(
    () => begun === subject.exchanges.over,
    'every clean-up runs',
    () => `${begun} ${over}`,
  );
  expectLaw(server.peers.size === 0, 'no peer is left');
  expectLaw(subject.errors.length === 0, 'only planned errors', () => String(subject.errors));
  return conversations.length;
}

/** Memory in use, after collecting garbage. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Fuzzes the server within a budget: `runs` are batches. */
export async function fuzzServer(
  options: Budget & { readonly seed: number },
): Promise<ServerReport> {
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  const began = processorSeconds();
  const subject = await startSubject();
  const most = options.runs ?? Number.POSITIVE_INFINITY;
  const until = began + (options.seconds ?? Number.POSITIVE_INFINITY);
  let [batches, conversations, warm, growth] = [0, 0, 0, undefined as number | undefined];
  let finding: ServerReport['finding'];
  while (finding === undefined && batches < most && processorSeconds() < until) {
    const seed = options.seed + batches;
    try {
      conversations += await runBatch(subject, seed);
      batches += 1;
      expectLaw(unheard.length === 0, 'nothing is thrown to the process', () => String(unheard));
      if (batches < WARM_AFTER || batches % LOOK_EVERY !== 0) continue;
      if (warm === 0) warm = memory();
      growth = memory() - warm;
      expectLaw(growth < MAX_GROWTH_BYTES, 'memory does not grow', () => `${growth} bytes`);
    } catch (error) {
      finding = { error: error as Error, seed };
    }
  }
  const { requests, violations } = subject.server.stats();
  const closed = subject.server.close({ deadlineMs: 0 });
  subject.time.advance(STEP_MS);
  // After a finding, it may never be.
  if (finding === undefined) await closed;
  process.off('uncaughtException', note).off('unhandledRejection', note);
  return {
    ...{ batches, conversations, requests, growth, finding },
    violations: Object.values(violations).reduce((sum, count) => sum + count, 0),
    seconds: processorSeconds() - began,
  };
}

/**
 * The running server against random clients over real sockets.
 *
 * Invariants, whatever the clients say, however they cut it, and however they leave:
 * - nothing is thrown to the process, and no promise is rejected unheard;
 * - the only errors reported are those that handlers threw;
 * - well-behaved clients beside them are served, by HTTP, WebSocket and event stream, though they
 *   use all the time that the documented deadlines leave them; only who was made late, because
 *   others have let more time pass than that, may fail, and is served when it comes again;
 * - a server that is closed while clients talk to it comes to its end, and leaves nothing behind;
 *   well-behaved ones get what is documented: what was begun is answered, and the last answer says
 *   so, event streams end, WebSockets are told 1001, and each connection ends in good order;
 * - the server is rid of who misses a documented deadline, within a second of it and no sooner;
 * - who wants more than the bounds allow gets what they allow, to the byte, and is read no further;
 * - whatever a client is sent are whole answers to what it has asked, in that order, and nothing
 *   behind the last one; what handlers said comes as they said it;
 * - when time has passed, nobody has a connection but event streams and WebSockets;
 * - when the clients are gone and time has passed, so are their connections: the server counts
 *   none, no timer runs, the process holds no more sockets, and every clean-up has run;
 * - memory does not grow from batch to batch, which is looked at from the tenth on.
 *
 * Batches are drawn by seed: batch n of `--seed s` is the only batch of `--seed s+n --runs 1`. What
 * the operating system does with the packets is not drawn, so that a finding may take a few tries.
 */
import { usedMemory } from '../../spec/support/memory.ts';
import type { Budget } from '../engine/fuzzer.ts';
import { Random } from '../engine/random.ts';
import { expectLaw } from '../engine/target.ts';
import { play } from './clients.ts';
import { makeConversation } from './conversation.ts';
import { exceed } from './excesses.ts';
import { seeOff } from './farewells.ts';
import type { Where } from './guest.ts';
import { lagBehind } from './laggards.ts';
import { Pace } from './pace.ts';
import { type Subject, startSubject } from './subject.ts';
import { turns } from './turns.ts';
import { behaveWell } from './visits.ts';

const MOST_TURNS = 100_000;
/** Longer than every deadline of the server; and longer than a client may have it busy. */
const STEPS_OF_TIME = 150;
const MOST_STEPS = 2_000;
const STEP_MS = 1_000;
/** Memory is compared from here on, when everything has been compiled and cached. */
const WARM_AFTER = 10;
const LOOK_EVERY = 5;
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
async function letTimePass({ server, time, lasting }: Subject): Promise<void> {
  const isIdle = (): boolean => server.stats().openConnections === 0 && time.tickers === 0;
  const isHeld = (): boolean => server.stats().openConnections > lasting();
  for (let step = 0; step < (isHeld() ? MOST_STEPS : STEPS_OF_TIME) && !isIdle(); step += 1) {
    time.advance(STEP_MS);
    await turns(3);
  }
}

/** Closes the server while clients talk to it; what comes back tells when it has closed. */
async function drain(where: Where, server: Subject['server'], random: Random) {
  const deadlineMs = random.pick([0, 3_000, 10_000]);
  const spreadMs = random.pick([0, 0, 2_000]);
  const state = { isOver: false };
  const close = (): number => {
    void server.close({ deadlineMs, spreadMs }).then(() => {
      state.isOver = true;
    });
    return deadlineMs;
  };
  // Without any time nobody can be in the middle of something and be served.
  if (deadlineMs > 0) await seeOff(where, random, close);
  else {
    await turns(random.below(60));
    close();
  }
  return state;
}

/** Once in so many batches the server is closed in the middle, and another one started. */
const DRAIN_EVERY = 8;
/** Once in so many batches others make well-behaved clients late. */
const RASH_EVERY = 4;

async function runBatch(arena: Arena, seed: number): Promise<number> {
  const random = new Random(seed);
  const { subject } = arena;
  const before = resources().length;
  const conversations = Array.from({ length: 4 + random.below(12) }, () =>
    makeConversation(random),
  );
  const isDrained = random.oneIn(DRAIN_EVERY);
  const pace = new Pace(subject.time, !isDrained && random.oneIn(RASH_EVERY));
  const where = { ...subject, pace };
  const playing = conversations.map((steps) => play(where, steps));
  const beside = isDrained ? drain(where, subject.server, random) : behaveWell(where, random);
  const [closing, ...played] = await Promise.all([beside, ...playing]);
  if (closing === undefined) {
    await exceed(where, random, seed);
    await lagBehind(where, random);
  }
  await letTimePass(subject);
  const open = subject.server.stats().openConnections;
  expectLaw(open <= subject.lasting(), 'nobody holds a connection for ever', () => `${open}`);
  for (const { check } of played) check();
  // An event stream that somebody reads goes on for ever, and so does a WebSocket.
  for (const { socket } of played) socket.destroy();
  await letTimePass(subject);
  if (closing !== undefined) {
    await until(
      () => closing.isOver,
      'a server closes',
      () => JSON.stringify(subject.server.stats()),
    );
  }
  await checkLeftovers(subject);
  if (closing !== undefined) await arena.restart();
  await until(
    () => resources().length <= before,
    'no socket is left',
    () => String(resources()),
  );
  return conversations.length;
}

/** When the clients are gone, everything of theirs is. */
async function checkLeftovers({ server, time, exchanges, errors }: Subject): Promise<void> {
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
    () => exchanges.begun === exchanges.over,
    'every clean-up runs',
    () => JSON.stringify(exchanges),
  );
  expectLaw(server.peers.size === 0, 'no peer is left');
  expectLaw(errors.length === 0, 'only planned errors', () => String(errors));
}

/** The server of a run, and one after the other where they are closed. */
class Arena {
  requests = 0;
  violations = 0;
  subject: Subject;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Starts another server in place of one that is closed. */
  async restart(): Promise<void> {
    this.count();
    this.subject.forget();
    this.subject = await startSubject();
  }

  /** Adds what the server has counted. */
  count(): void {
    const { requests, violations } = this.subject.server.stats();
    this.requests += requests;
    this.violations += Object.values(violations).reduce((sum, count) => sum + count, 0);
  }

  /** Closes the last server. */
  async close(): Promise<void> {
    this.count();
    const closed = this.subject.server.close({ deadlineMs: 0 });
    this.subject.time.advance(STEP_MS);
    await closed;
    this.subject.forget();
  }
}

/** Fuzzes the server within a budget: `runs` are batches. */
export async function fuzzServer(
  options: Budget & { readonly seed: number },
): Promise<ServerReport> {
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  const began = processorSeconds();
  const arena = new Arena(await startSubject());
  const most = options.runs ?? Number.POSITIVE_INFINITY;
  const until = began + (options.seconds ?? Number.POSITIVE_INFINITY);
  let [batches, conversations, warm, growth] = [0, 0, 0, undefined as number | undefined];
  let finding: ServerReport['finding'];
  while (finding === undefined && batches < most && processorSeconds() < until) {
    const seed = options.seed + batches;
    try {
      conversations += await runBatch(arena, seed);
      batches += 1;
      expectLaw(unheard.length === 0, 'nothing is thrown to the process', () => String(unheard));
      if (batches < WARM_AFTER || batches % LOOK_EVERY !== 0) continue;
      const used = usedMemory();
      if (warm === 0) warm = used;
      growth = used - warm;
      expectLaw(growth < MAX_GROWTH_BYTES, 'memory does not grow', () => `${growth} bytes`);
    } catch (error) {
      finding = { error: error as Error, seed };
    }
  }
  const closed = arena.close();
  // After a finding, it may never be.
  if (finding === undefined) await closed;
  process.off('uncaughtException', note).off('unhandledRejection', note);
  const { requests, violations } = arena;
  return {
    ...{ batches, conversations, requests, violations, growth, finding },
    seconds: processorSeconds() - began,
  };
}

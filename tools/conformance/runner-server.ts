/**
 * All cases against a server: many at a time, each on a connection of its own.
 *
 * ```
 * probe ─▶ light cases, many at a time ─▶ heavy cases, one a core ─▶ the few that failed, alone
 * ```
 * Light cases mostly wait; heavy ones move gigabytes and would spoil the timers of the others, so
 * they come after them. When a handful failed in company they are run again one by one, and that
 * verdict counts: isolation is the testee's right. A target that cannot be reached (any more) is
 * not asked five hundred times: after a failed opening a probe decides whether there is anybody
 * left.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { CatalogueEntry } from './cases/index.ts';
import { type ClientCaseOutcome, runClientCase } from './client-case.ts';
import type { Target } from './opening.ts';
import { type CaseResult, isFine, makeMissingResult, type OpeningEvidence } from './result.ts';
import { CLOSES_NORMALLY, closeAfter } from './script.ts';

/** How a server is run through. */
export interface ServerRun {
  readonly target: Target;
  /** The name in reports; the `Server` field of its responses when `undefined`. */
  readonly agent?: string | undefined;
  readonly entries: readonly CatalogueEntry[];
  /** Light cases at the same time, and heavy ones. */
  readonly parallel: number;
  readonly parallelHeavy: number;
  readonly signal: AbortSignal;
  /** Called for each case that was run, as it ends. */
  readonly onResult: (result: CaseResult) => void;
}

/** What came of it: a result for every case, and why it ended early if it did. */
export interface ServerRunOutcome {
  readonly results: readonly CaseResult[];
  readonly gaveUp?: string | undefined;
  /** It ended early because no connection could be opened (any more). */
  readonly isUnreachable: boolean;
}

/** Failures up to which they may be due to the company. */
const MAX_RERUNS = 40;

/** Milliseconds above which a failure has had all the time it could want. */
const LONG_MS = 10_000;

/** Milliseconds above which a case that is tolerated (6.4.*) has waited, and was not hurried. */
const HURRIED_MS = 2000;

/**
 * What deserves to be run again alone: the few cases that failed in company, and soon, and those
 * that were only tolerated: a testee that is kept busy reads the bad frame before it has answered.
 */
export function chooseAgain(results: readonly CaseResult[]): readonly CaseResult[] {
  const failed = results.filter((result) => !isFine(result));
  if (failed.length > MAX_RERUNS) return [];
  return results.filter((result) =>
    isFine(result)
      ? result.behavior === 'NON-STRICT' && result.duration < HURRIED_MS
      : result.duration < LONG_MS,
  );
}

/** Messages without any answer after which a target is taken for mute. */
const MUTE_AFTER = 10;

/** Milliseconds before a target that has vanished is asked once more. */
const SECOND_CHANCE_MS = 1000;

/** Opens a connection and closes it: is anybody there, and what is its name? */
const PROBE: CatalogueEntry = {
  number: 0,
  case: {
    id: 'probe',
    description: 'Opens a connection and closes it.',
    expectation: 'It opens.',
    script: [closeAfter(0)],
    expected: { OK: [] },
    close: CLOSES_NORMALLY,
  },
  chapter: { id: 'probe', title: '', source: 'RFC 6455 §4', rule: '', mistake: '', cases: [] },
  group: { id: 'probe', title: '', chapters: [] },
};

/** Runs the cases. Never rejects. */
export async function runServer(run: ServerRun): Promise<ServerRunOutcome> {
  setMaxListeners(0, run.signal);
  const state = new RunState(run);
  const problem = await state.probe();
  if (problem === undefined) {
    const isHeavy = ({ case: theCase }: CatalogueEntry): boolean => theCase.isHeavy === true;
    await state.runAll(
      run.entries.filter((entry) => !isHeavy(entry)),
      run.parallel,
    );
    if (state.isMute()) state.giveUp('The target opens connections, but answers no message.', true);
    await state.runAll(run.entries.filter(isHeavy), run.parallelHeavy);
    if (run.parallel > 1) await state.runAgainAlone();
  } else state.giveUp(problem);
  return state.outcome();
}

class RunState {
  readonly #run: ServerRun;
  readonly #results = new Map<string, CaseResult>();
  #agent: string;
  #gaveUp: string | undefined;
  #isUnreachable = false;
  /** Of the probe that failed last. */
  #evidence: OpeningEvidence | undefined;
  #probing: Promise<void> | undefined;

  constructor(run: ServerRun) {
    this.#run = run;
    this.#agent = run.agent ?? 'UnknownServer';
  }

  /** Tells what is wrong with the target; `undefined` when nothing is. */
  async probe(): Promise<string | undefined> {
    const { target, signal, agent } = this.#run;
    const { result, hasAnswered, hasOpened } = await runClientCase(PROBE, target, { signal });
    if (agent === undefined && hasAnswered) this.#agent = result.agent;
    if (hasOpened || signal.aborted) return undefined;
    this.#evidence = result;
    if (!hasAnswered && !target.isSecure && (await speaksTls(target))) {
      return 'The target speaks TLS: try wss://.';
    }
    return result.result;
  }

  /** Whether many messages were sent and nothing ever came back: heavy cases would take hours. */
  isMute(): boolean {
    const asked = [...this.#results.values()].filter(
      ({ entry: { case: theCase } }) =>
        theCase.isHeavy !== true && theCase.expected.OK.some(({ kind }) => kind === 'message'),
    );
    const isSilent = asked.every(({ received }) => received.every(([kind]) => kind === 'timeout'));
    return asked.length >= MUTE_AFTER && isSilent;
  }

  giveUp(reason: string, isThere = false): void {
    if (this.#gaveUp !== undefined) return;
    this.#gaveUp = reason;
    this.#isUnreachable = !isThere;
  }

  /** Runs cases, `parallel` at a time, until there are none or there is no point. */
  async runAll(entries: readonly CatalogueEntry[], parallel: number): Promise<void> {
    const queue = [...entries];
    const work = async (): Promise<void> => {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
        if (this.#gaveUp !== undefined || this.#run.signal.aborted) return;
        const outcome = await this.#runOne(entry);
        this.#keep(outcome.result);
        await this.#watch(outcome);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  }

  async runAgainAlone(): Promise<void> {
    for (const before of chooseAgain([...this.#results.values()])) {
      if (this.#gaveUp !== undefined || this.#run.signal.aborted) return;
      const { result } = await this.#runOne(before.entry);
      const isOther = isFine(result) !== isFine(before) || result.behavior !== before.behavior;
      const note = `${result.result} (Alone; in company it was ${before.behavior}.)`;
      this.#results.set(before.entry.case.id, isOther ? { ...result, result: note } : result);
    }
  }

  outcome(): ServerRunOutcome {
    const { entries, signal } = this.#run;
    const missing = signal.aborted ? 'Not run: interrupted.' : `Not run: ${this.#gaveUp}`;
    for (const entry of entries) {
      if (this.#results.has(entry.case.id)) continue;
      const evidence = this.#isUnreachable ? this.#evidence : undefined;
      this.#results.set(
        entry.case.id,
        makeMissingResult(entry, this.#agent, entry.number, 'client', missing, evidence),
      );
    }
    const results = entries.map((entry) => this.#results.get(entry.case.id)!);
    return { results, gaveUp: this.#gaveUp, isUnreachable: this.#isUnreachable };
  }

  #runOne(entry: CatalogueEntry): Promise<ClientCaseOutcome> {
    const { target, signal } = this.#run;
    return runClientCase(entry, target, { agent: this.#agent, signal });
  }

  #keep(result: CaseResult): void {
    this.#results.set(result.entry.case.id, result);
    this.#run.onResult(result);
  }

  /** After an opening that failed: asks whether the target is still there, once for all. */
  async #watch({ hasOpened, result }: ClientCaseOutcome): Promise<void> {
    if (hasOpened || this.#run.signal.aborted || result.entry.case.opening !== undefined) return;
    this.#probing ??= this.#probeTwice().finally(() => {
      this.#probing = undefined;
    });
    await this.#probing;
  }

  async #probeTwice(): Promise<void> {
    if ((await this.probe()) === undefined) return;
    await sleep(SECOND_CHANCE_MS);
    const problem = await this.probe();
    if (problem !== undefined) this.giveUp(`The target has gone. ${problem}`);
  }
}

/** Whether a target that does not answer in plain text would answer in TLS. */
function speaksTls({ host, port }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: 1000 });
    const settle = (isTls: boolean) => (): void => {
      socket.destroy();
      resolve(isTls);
    };
    socket.once('secureConnect', settle(true));
    socket.once('error', settle(false));
    socket.once('timeout', settle(false));
    socket.once('close', settle(false));
  });
}

/**
 * The loop: take an input that found something, change it, run it, and keep it when it went where
 * no input went before.
 *
 * With the same seed, inputs and sources, and a number of runs instead of seconds, it does the same
 * every time. Seconds are of the processor's time that this process has used, so that a run on a
 * busy machine is worth as much as one on an idle machine.
 */
import type { Counters } from './counters.ts';
import { mutate, tokensOf } from './mutators.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import { BrokenLaw, type FuzzTarget } from './target.ts';
import type { Watchdog } from './watchdog.ts';

/** Where to stop. What comes first counts; `runs` does not include the corpus. */
export interface Budget {
  readonly runs?: number | undefined;
  /** Processor time of the process, all its threads together. */
  readonly seconds?: number | undefined;
}

/** An input that broke an invariant, made as small as possible. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: Error;
  /** How many runs it took. */
  readonly runs: number;
}

/** What a run came to. */
export interface FuzzReport {
  readonly runs: number;
  /** Processor time used. */
  readonly seconds: number;
  readonly corpus: number;
  readonly covered: number;
  readonly counters: number;
  /** The longest time that one run took, and its input. */
  readonly slowestMs: number;
  readonly slowest: Uint8Array;
  readonly finding: Finding | undefined;
}

const MAX_LENGTH = 1024;
/** Asking for the time used costs as much as a short run. */
const RUNS_PER_LOOK_AT_CLOCK = 32;

/** Processor time that this process has used, in milliseconds. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Fuzzes one target. */
export class Fuzzer {
  /** Inputs that went somewhere new, in the order of their finding. */
  readonly corpus: Uint8Array[] = [];
  readonly #target: FuzzTarget;
  readonly #counters: Counters;
  readonly #watchdog: Watchdog | undefined;
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];
  #runs = 0;
  #slowestMs = 0;
  #slowest: Uint8Array = new Uint8Array(0);
  #finding: Finding | undefined;

  constructor(
    target: FuzzTarget,
    counters: Counters,
    options: { readonly seed: number; readonly watchdog?: Watchdog | undefined },
  ) {
    this.#target = target;
    this.#counters = counters;
    this.#watchdog = options.watchdog;
    this.#random = new Random(options.seed);
    const words = tokensOf(target.dictionary ?? []);
    this.#dictionary = [...tokensOf(counters.literals), ...words];
  }

  /** Runs the seeds and the given inputs, then changed ones until the budget is used up. */
  async run(inputs: readonly Uint8Array[], budget: Budget): Promise<FuzzReport> {
    const began = processorMs();
    const maxLength = this.#target.maxLength ?? MAX_LENGTH;
    const { stackTraceLimit } = Error;
    // Most inputs are refused with an error, and its stack costs more than the parsing.
    Error.stackTraceLimit = 0;
    for (const input of [...this.#target.seeds, ...inputs]) {
      if (this.#finding === undefined) await this.#try(input);
    }
    if (this.corpus.length === 0) this.corpus.push(new Uint8Array(0));
    const first = this.#runs;
    const mostRuns = first + (budget.runs ?? Number.POSITIVE_INFINITY);
    const until = began + (budget.seconds ?? Number.POSITIVE_INFINITY) * 1000;
    while (this.#finding === undefined && this.#runs < mostRuns) {
      if (this.#runs % RUNS_PER_LOOK_AT_CLOCK === 0 && processorMs() >= until) break;
      const material = {
        random: this.#random,
        dictionary: this.#dictionary,
        other: this.#random.pick(this.corpus),
      };
      await this.#try(mutate(this.#choose(), material, maxLength));
    }
    Error.stackTraceLimit = stackTraceLimit;
    if (this.#finding !== undefined) await this.#traceFinding(this.#finding);
    return this.#report(processorMs() - began);
  }

  /**
   * Chooses the smallest corpus that goes everywhere the given inputs go, each input made as short
   * as it can be without going another way.
   */
  async minimise(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const byLength = [...inputs].sort((left, right) => left.length - right.length);
    this.#counters.forget();
    const kept: Uint8Array[] = [];
    for (const input of byLength) {
      await this.#execute(input);
      if (!this.#counters.learn()) continue;
      const trace = String(this.#counters.trace());
      kept.push(
        await shrink(
          input,
          async (candidate) => {
            await this.#execute(candidate);
            return String(this.#counters.trace()) === trace;
          },
          300,
        ),
      );
    }
    return kept;
  }

  /** Later finds are likelier to lead on. */
  #choose(): Uint8Array {
    const { length } = this.corpus;
    const index = this.#random.oneIn(2)
      ? this.#random.below(length)
      : length - 1 - this.#random.below(Math.min(length, 32));
    return this.corpus[index]!;
  }

  async #try(input: Uint8Array): Promise<void> {
    this.#runs += 1;
    const began = performance.now();
    const error = await this.#execute(input);
    const ms = performance.now() - began;
    if (error !== undefined) this.#finding = await this.#explain(input, error);
    else if (this.#counters.learn()) this.corpus.push(input);
    if (ms > this.#slowestMs) await this.#confirmSlow(input, ms);
  }

  async #execute(input: Uint8Array): Promise<Error | undefined> {
    this.#counters.reset();
    this.#watchdog?.begin(input);
    try {
      const pending = this.#target.run(input);
      if (pending !== undefined) await pending;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(`threw ${String(error)}`);
    }
  }

  /** A slow run counts only when it is slow again: collecting garbage is slow, too. */
  async #confirmSlow(input: Uint8Array, ms: number): Promise<void> {
    const began = processorMs();
    await this.#execute(input);
    const confirmed = Math.min(ms, processorMs() - began);
    if (confirmed <= this.#slowestMs) return;
    this.#slowestMs = confirmed;
    this.#slowest = input;
  }

  async #explain(input: Uint8Array, error: Error): Promise<Finding> {
    const runs = this.#runs;
    const kind = kindOf(error);
    const small = await shrink(input, async (candidate) => {
      const other = await this.#execute(candidate);
      return other !== undefined && kindOf(other) === kind;
    });
    return { input: small, error, runs };
  }

  /** Runs the finding again for the stack of its error. */
  async #traceFinding(finding: Finding): Promise<void> {
    const error = (await this.#execute(finding.input)) ?? finding.error;
    this.#finding = { ...finding, error };
  }

  #report(ms: number): FuzzReport {
    return {
      runs: this.#runs,
      seconds: ms / 1000,
      corpus: this.corpus.length,
      covered: this.#counters.covered,
      counters: this.#counters.size,
      slowestMs: this.#slowestMs,
      slowest: this.#slowest,
      finding: this.#finding,
    };
  }
}

/** What must stay the same while a finding is made smaller. */
function kindOf(error: Error): string {
  return error instanceof BrokenLaw ? error.law : `${error.name} ${error.message.slice(0, 20)}`;
}

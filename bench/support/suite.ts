/**
 * Suites in one process, run by benny: every case in every round, in turns, and the ratio of two
 * cases is the median of the ratios within the rounds.
 *
 * benny decides how often a case runs and times it by the clock. Beside that each case takes its
 * own CPU time, user and system and all threads, which is the figure that is compared: what other
 * processes do at the same time does not count. The clock's figure stands beside it as `clock`.
 */
import benny from 'benny';
import { makeRow, type Row, type Sample } from './report.ts';
import { takeTurns } from './turns.ts';

/** One contender of a suite. */
export interface Case {
  readonly name: string;
  /** Does the work once and returns a number that depends on all of it. */
  readonly run: () => number | Promise<number>;
  /** Units of work in one run, such as messages. Default 1. */
  readonly units?: number;
  /** Is called before the runs that are timed together, and not timed. */
  readonly prepare?: () => void;
  /** What else is to be known of it; names as `formatPart` takes them. */
  readonly notes?: Readonly<Record<string, number>>;
  /** Whether `run` is asynchronous. */
  readonly isAsync?: boolean;
  /** Whether a pass is one run: it is long enough, or uses up what `prepare` has set out. */
  readonly isOnce?: boolean;
}

/** How long and how often is measured. */
export interface Effort {
  readonly rounds: number;
  /** Of each sample. */
  readonly milliseconds: number;
}

/** Results end here, and every sample looks at it, so that no engine may leave the work out. */
let sink = 0;

/** Runs that are timed together fill at least this much, for the sake of the clock. */
const PASS_MICROSECONDS = 200;

/** Whichever comes first. */
const WARM_UP_MICROSECONDS = 50_000;
const WARM_UP_RUNS = 10_000;

/** A case that has found out how many runs fill a pass. */
export class MeasuredCase {
  readonly #case: Case;
  #batch = 0;
  #spent = 0;
  #runs = 0;
  #last: Promise<number> = Promise.resolve(0);

  constructor(ofCase: Case) {
    this.#case = ofCase;
  }

  /** Takes one sample of about so many milliseconds. */
  async sample(milliseconds: number): Promise<Sample> {
    if (this.#batch === 0) await this.#findBatch();
    this.#spent = 0;
    this.#runs = 0;
    const seconds = milliseconds / 1e3;
    const options = { minSamples: 1, initCount: 1, minTime: seconds, maxTime: seconds, delay: 0 };
    const pass = this.#case.isAsync ? () => this.#passAsync() : () => this.#pass();
    const { results } = await benny.suite(
      this.#case.name,
      benny.add(this.#case.name, pass, options),
    );
    if (!Number.isFinite(sink)) throw new Error(`${this.#case.name}: its runs gave no numbers`);
    const units = (this.#case.units ?? 1) * this.#batch;
    const clock = (results[0]!.details.mean * 1e9) / units;
    const value = (this.#spent * 1e3) / (this.#runs * (this.#case.units ?? 1));
    return { value, parts: { clock, ...this.#case.notes } };
  }

  /** Code that has not been compiled yet would fill a pass with one run. */
  async #warmUp(): Promise<void> {
    this.#batch = 1;
    this.#spent = 0;
    this.#runs = 0;
    while (this.#spent < WARM_UP_MICROSECONDS && this.#runs < WARM_UP_RUNS) await this.#anyPass();
  }

  #anyPass(): number | Promise<number> {
    return this.#case.isAsync ? this.#passAsync() : this.#pass();
  }

  async #findBatch(): Promise<void> {
    await this.#warmUp();
    for (this.#batch = 1; ; this.#batch *= 2) {
      this.#spent = 0;
      await this.#anyPass();
      if (this.#case.isOnce || this.#spent >= PASS_MICROSECONDS) return;
    }
  }

  #pass(): number {
    const { run } = this.#case;
    this.#case.prepare?.();
    const start = process.cpuUsage();
    let sum = 0;
    for (let turn = 0; turn < this.#batch; turn += 1) sum += run() as number;
    this.#finishPass(start, sum);
    return sum;
  }

  /** benny looks at what a case returns by calling it, without waiting: so they queue up. */
  #passAsync(): Promise<number> {
    this.#last = this.#last.then(() => this.#passNow());
    return this.#last;
  }

  async #passNow(): Promise<number> {
    const { run } = this.#case;
    this.#case.prepare?.();
    const start = process.cpuUsage();
    let sum = 0;
    for (let turn = 0; turn < this.#batch; turn += 1) sum += await run();
    this.#finishPass(start, sum);
    return sum;
  }

  #finishPass(start: NodeJS.CpuUsage, sum: number): void {
    const { user, system } = process.cpuUsage(start);
    this.#spent += user + system;
    this.#runs += this.#batch;
    sink = (sink + sum) % 1e9;
  }
}

/** Measures cases against each other; the first of them is ours. */
export async function measureSuite(
  head: Pick<Row, 'id' | 'title'>,
  cases: readonly Case[],
  { rounds, milliseconds }: Effort,
): Promise<Row> {
  const measured = cases.map((one) => new MeasuredCase(one));
  const samples = await silently(async () => {
    for (const one of measured) await one.sample(milliseconds);
    return takeTurns(
      rounds,
      measured.map((one) => () => one.sample(milliseconds)),
    );
  });
  return makeRow(
    { ...head, unit: 'ns' },
    cases.map(({ name }, index) => ({ name, series: samples.map((round) => round[index]!) })),
  );
}

/** benny announces every suite; with one for each sample that would be all one sees. */
async function silently<Result>(work: () => Promise<Result>): Promise<Result> {
  const { log } = console;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

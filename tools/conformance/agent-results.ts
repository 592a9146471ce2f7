/**
 * What clients have done so far: results by agent and case, finished or on their way.
 */
import type { CatalogueEntry } from './cases/index.ts';
import { type CaseResult, makeMissingResult } from './result.ts';

type Slot = CaseResult | Promise<CaseResult>;

/** The results of a fuzzing server. */
export class AgentResults {
  /** By agent, then by case id; a promise as long as the case runs. */
  readonly #results = new Map<string, Map<string, Slot>>();

  /** The names of those who have run something, in the order in which they came. */
  agents(): string[] {
    return [...this.#results.keys()];
  }

  /** A result, now or when its case has ended; `undefined` when it was never begun. */
  find(agent: string, id: string): Slot | undefined {
    return this.#results.get(agent)?.get(id);
  }

  /**
   * A case begins, for the first time or anew.
   *
   * @returns what takes its result. Of a case that was begun anew only the newest run is kept.
   */
  begin(agent: string, id: string): (result: CaseResult) => void {
    const cases = this.#results.get(agent) ?? new Map<string, Slot>();
    this.#results.set(agent, cases);
    let settle: (result: CaseResult) => void = () => {};
    const promise = new Promise<CaseResult>((resolve) => {
      settle = resolve;
    });
    cases.set(id, promise);
    return (result) => {
      if (cases.get(id) === promise) cases.set(id, result);
      settle(result);
    };
  }

  /** What is finished so far. */
  finished(): CaseResult[] {
    return [...this.#results.values()].flatMap((cases) =>
      [...cases.values()].filter((result): result is CaseResult => !(result instanceof Promise)),
    );
  }

  /** What is finished, and of each of these agents a failure for every case that it has not run. */
  complete(entries: readonly CatalogueEntry[], agents: readonly string[]): CaseResult[] {
    const results = this.finished();
    const missing = agents.flatMap((agent) =>
      entries.flatMap((entry, index) =>
        results.some((result) => result.agent === agent && result.entry === entry)
          ? []
          : makeMissingResult(
              entry,
              agent,
              index + 1,
              'server',
              'The client has not run this case.',
            ),
      ),
    );
    return [...results, ...missing];
  }
}

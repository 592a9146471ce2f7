/**
 * This run against an earlier one: what has become worse.
 */
import type { Index, IndexEntry } from './report/json.ts';
import { type CaseResult, isFine } from './result.ts';

/** How bad a verdict is; only the order counts. */
const BADNESS: Readonly<Record<string, number>> = {
  OK: 0,
  INFORMATIONAL: 0,
  UNIMPLEMENTED: 1,
  'NON-STRICT': 1,
};
const badness = (verdict: string): number => BADNESS[verdict] ?? 2;

/**
 * Finds the results that are worse than they were. A case that the baseline does not know counts
 * when it is not fine.
 *
 * @param baseline an agent is looked up by its name; when the baseline has one agent only, that one
 *   is meant: names often carry a version.
 * @param isBad whether a case fails that the baseline does not know.
 */
export function findRegressions(
  results: readonly CaseResult[],
  baseline: Index,
  isBad = (result: CaseResult): boolean => !isFine(result),
): CaseResult[] {
  const agents = Object.values(baseline);
  return results.filter((result) => {
    const cases = baseline[result.agent] ?? (agents.length === 1 ? agents[0] : undefined);
    const before = cases?.[result.entry.case.id];
    return before === undefined ? isBad(result) : isWorse(result, before);
  });
}

function isWorse(now: CaseResult, before: IndexEntry): boolean {
  return (
    badness(now.behavior) > badness(before.behavior) ||
    badness(now.behaviorClose) > badness(before.behaviorClose)
  );
}

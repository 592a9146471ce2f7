/**
 * The HTTP cases as seeds: what somebody once thought worth a case is where others are begun from.
 */
import { HTTP_CASES, type HttpCase, inputOf, OWN_HTTP_CASES } from '../spec/support/http-cases.ts';

/** How long a seed of the HTTP targets may be. */
export const MAX_LENGTH = 600;

/**
 * The cases of one kind that are no longer than that.
 *
 * @param decisions the bytes behind a case, from which a target takes its decisions: see `Choices`.
 */
export function caseSeeds(
  kind: HttpCase['kind'],
  decisions: (httpCase: HttpCase) => readonly number[],
): Buffer[] {
  return [...HTTP_CASES.cases, ...OWN_HTTP_CASES]
    .filter((httpCase) => httpCase.kind === kind)
    .map((httpCase) => Buffer.concat([inputOf(httpCase), Buffer.from(decisions(httpCase))]))
    .filter(({ length }) => length <= MAX_LENGTH);
}

/**
 * The words in which broken peers say where they must be red: see `broken-peer.ts`.
 */
import type { CatalogueEntry } from '../cases/index.ts';
import { CATALOGUE, matchIds } from '../cases/index.ts';
import type { Case } from '../model.ts';

const SETS: Readonly<Record<string, (theCase: Case) => boolean>> = {
  '@echo': ({ expected, close }) =>
    close.requireClean && expected.OK.some(({ kind }) => kind === 'message'),
  '@first': ({ expected }) => expected['NON-STRICT']?.length === 0,
  '@pong': ({ expected }) => expected.OK.some(({ kind }) => kind === 'pong'),
  '@1002': ({ close }) => !close.closedByMe && close.codes.includes(1002),
  '@1007': ({ close }) => !close.closedByMe && close.codes.includes(1007),
  '@clean': ({ close }) => close.requireClean,
  '@code': ({ close }) => close.closedByMe && close.codes[0] === 1002 && close.codes.length === 1,
};

/** Whether a verdict can be red at all, and soon. */
const isJudged = ({ isHeavy, informational }: Case): boolean =>
  isHeavy !== true && informational === undefined;

/** The ids that words like `@echo 6.4.* -6.4.1` mean, among some cases. */
export function expandIds(
  words: string,
  among: readonly CatalogueEntry[] = CATALOGUE,
): Set<string> {
  const tokens = words.split(' ').filter((token) => token !== '');
  const matches = (token: string): ((entry: CatalogueEntry) => boolean) => {
    const set = SETS[token];
    const fits = matchIds([token]);
    return set === undefined
      ? (entry) => fits(entry.case.id)
      : (entry) => isJudged(entry.case) && set(entry.case);
  };
  const wanted = tokens.filter((token) => !token.startsWith('-')).map(matches);
  const unwanted = tokens
    .filter((token) => token.startsWith('-'))
    .map((token) => matches(token.slice(1)));
  const chosen = among.filter(
    (entry) => wanted.some((fits) => fits(entry)) && !unwanted.some((fits) => fits(entry)),
  );
  return new Set(chosen.map((entry) => entry.case.id));
}

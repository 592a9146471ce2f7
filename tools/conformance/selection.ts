/**
 * Which cases run: patterns, sets, and what failed last time.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BEYOND_CATALOGUE } from './cases/beyond/index.ts';
import { CATALOGUE, type CatalogueEntry, matchIds } from './cases/index.ts';
import type { Role } from './model.ts';
import type { Index, IndexEntry } from './report/json.ts';

/** What the user asked for. */
export interface Selection {
  /** Patterns of ids; all of the original's when left out. */
  readonly cases?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Everything but the large transfers of groups 9, 12 and 13. */
  readonly quick?: boolean | undefined;
  /** Adds the cases of our own. */
  readonly beyond?: boolean | undefined;
  /** Only what was not fine in this index. */
  readonly onlyFailed?: Index | undefined;
}

/** Something about a selection or an index that the user should know. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

/** There is nothing to do, because all has been fine. */
export class NothingFailed extends Error {
  override readonly name = 'NothingFailed';
}

/**
 * Chooses cases for the fuzzer in one role.
 *
 * @throws SelectionError when a pattern matches nothing, or nothing is left.
 * @throws NothingFailed when only what failed before was wanted, and nothing has.
 */
export function selectCases(selection: Selection, role: Role): readonly CatalogueEntry[] {
  const { cases, exclude = [], quick = false, beyond = false, onlyFailed } = selection;
  const ours = BEYOND_CATALOGUE.filter((entry) => fitsRole(entry, role));
  for (const pattern of [...(cases ?? []), ...exclude]) {
    const isKnown = matchIds([pattern]);
    if (![...CATALOGUE, ...BEYOND_CATALOGUE].some((entry) => isKnown(entry.case.id))) {
      throw new SelectionError(`no case matches "${pattern}"`);
    }
  }
  const isWanted = matchIds(cases ?? ['*']);
  const isExcluded = matchIds(exclude);
  const isBad = onlyFailed && collectBad(onlyFailed);
  if (isBad?.size === 0) throw new NothingFailed('Nothing failed there: no case is left to run.');
  const isAskedFor = askFor(cases, beyond || isBad !== undefined);
  const chosen = [
    ...CATALOGUE.filter(({ case: { id } }) => isWanted(id)),
    ...ours.filter(({ case: { id } }) => isAskedFor(id)),
  ].filter(
    ({ case: { id, isHeavy } }) =>
      !isExcluded(id) && !(quick && isHeavy === true) && (isBad === undefined || isBad.has(id)),
  );
  if (chosen.length === 0) {
    throw new SelectionError(
      isBad === undefined
        ? 'no case is left to run'
        : 'nothing that failed there was chosen: no case is left to run',
    );
  }
  return chosen;
}

/** Which cases of ours are meant: a bare "*" means the original's, "b*" is asking for ours. */
function askFor(cases: readonly string[] | undefined, beyond: boolean): (id: string) => boolean {
  if (cases === undefined) return () => beyond;
  return matchIds(beyond ? cases : cases.filter((pattern) => pattern.startsWith('b')));
}

function fitsRole({ case: { opening } }: CatalogueEntry, role: Role): boolean {
  if (opening === undefined) return true;
  const isForServers = opening.request !== undefined;
  return isForServers === (role === 'client');
}

function collectBad(index: Index): Set<string> {
  const bad = new Set<string>();
  for (const cases of Object.values(index)) {
    for (const [id, entry] of Object.entries(cases)) if (!isFineEntry(entry)) bad.add(id);
  }
  return bad;
}

/** Whether an entry of an index is fine, by the rule that results are judged by. */
export function isFineEntry({ behavior, behaviorClose }: IndexEntry): boolean {
  return behavior !== 'FAILED' && /^(?:OK|INFORMATIONAL)$/.test(behaviorClose);
}

/**
 * Reads `index.json` of an earlier run, and `beyond.json` beside it when there is one.
 *
 * @param path the file, or the folder it lies in.
 * @throws SelectionError when there is none, or it is something else.
 */
export function readIndex(path: string): Index {
  const file = path.endsWith('.json') ? path : join(path, 'index.json');
  const index = readIndexFile(file);
  const beyondFile = join(dirname(file), 'beyond.json');
  let beyond: Index = {};
  try {
    if (beyondFile !== file) beyond = readIndexFile(beyondFile);
  } catch {
    // Most runs have none.
  }
  for (const [agent, cases] of Object.entries(beyond)) index[agent] = { ...index[agent], ...cases };
  return index;
}

function readIndexFile(file: string): Index {
  let index: unknown;
  try {
    index = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SelectionError(`cannot read ${file}: ${(error as Error).message}`);
  }
  const isIndex =
    typeof index === 'object' &&
    index !== null &&
    Object.values(index).every(
      (cases) =>
        typeof cases === 'object' &&
        cases !== null &&
        Object.values(cases).every(
          (entry) => typeof entry === 'object' && entry !== null && 'behavior' in entry,
        ),
    );
  if (!isIndex) throw new SelectionError(`${file} is no index of a conformance run`);
  return index as Index;
}

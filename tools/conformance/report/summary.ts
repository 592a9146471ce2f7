/**
 * The summary in the terminal: one screen, what counts first.
 */
import { compareIds } from '../cases/index.ts';
import { type CaseResult, isBeyond, isFine, splitBeyond } from '../result.ts';

/** Cases that are named one by one before the rest is only counted. */
const MAX_NAMED = 12;

/** Verdicts as they are listed: the best first. */
const VERDICTS: readonly string[] = [
  ...['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED'],
  ...['UNCLEAN', 'WRONG CODE', 'FAILED BY CLIENT', 'FAILED'],
];

/** Counts results by a word; verdicts in their order, other words as they come. */
export function tally(words: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => VERDICTS.indexOf(a) - VERDICTS.indexOf(b)));
}

/** Writes counts as `OK 510, FAILED 7`. */
export function formatTally(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([word, count]) => `${word} ${count}`).join(', ');
}

/** Builds the summary of a run, agent by agent; our own cases are counted apart. */
export function buildSummary(results: readonly CaseResult[]): string {
  const agents = [...new Set(results.map(({ agent }) => agent))];
  return agents
    .flatMap((agent) => splitBeyond(results.filter((result) => result.agent === agent)))
    .map(summarizePart)
    .join('\n');
}

/** Names what the counts are about: an agent, and whose cases they are. */
export function namePart([first]: readonly CaseResult[]): string {
  return `${first!.agent}${isBeyond(first!) ? ', cases of our own' : ''}`;
}

function summarizePart(results: readonly CaseResult[]): string {
  const lines = [`${namePart(results)}: ${countCases(results.length)}`];
  lines.push(`  behaviour  ${formatTally(tally(results.map(({ behavior }) => behavior)))}`);
  lines.push(
    `  closing    ${formatTally(tally(results.map(({ behaviorClose }) => behaviorClose)))}`,
  );
  const groups = new Map(results.map(({ entry }) => [entry.group.id, entry.group]));
  for (const group of groups.values()) {
    const members = results.filter(({ entry }) => entry.group === group);
    const fine = members.filter(isFine).length;
    const mark = fine === members.length ? ' ' : '!';
    const title = `${group.id.padStart(4)} ${group.title}`.padEnd(52);
    lines.push(`${mark} ${title} ${String(fine).padStart(4)} of ${members.length} fine`);
  }
  lines.push(...listNotFine(results));
  return `${lines.join('\n')}\n`;
}

const countCases = (count: number): string => `${count} case${count === 1 ? '' : 's'}`;

function listNotFine(results: readonly CaseResult[]): string[] {
  const bad = results.filter((result) => !isFine(result));
  bad.sort((a, b) => compareIds(a.entry.case.id, b.entry.case.id));
  const reasons = tally(bad.map(({ result }) => result));
  // What happened to many in the same way is said once: a target that went away, an interruption.
  const isCommon = ({ result }: CaseResult): boolean =>
    result.startsWith('Not run') || (bad.length > MAX_NAMED && reasons.get(result) === bad.length);
  const lines = bad
    .filter((result) => !isCommon(result))
    .map((result) => {
      const why = result.behavior === 'FAILED' ? result.result : result.resultClose;
      const verdict = `${result.behavior} / ${result.behaviorClose}`;
      return `  ${result.entry.case.id.padEnd(8)} ${verdict.padEnd(22)} ${why}`.slice(0, 118);
    });
  const more = lines.splice(MAX_NAMED).length;
  if (more > 0) lines.push(`  … and ${more} more: see the report.`);
  for (const [reason, count] of tally(bad.filter(isCommon).map(({ result }) => result))) {
    lines.push(`  ${countCases(count)}: ${reason}`);
  }
  return lines;
}

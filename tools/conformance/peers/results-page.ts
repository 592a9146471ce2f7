/**
 * The page `results.md`: who got which verdicts, and where somebody failed.
 */
import { compareIds } from '../cases/index.ts';
import { tally } from '../report/summary.ts';
import { isBeyond } from '../report/write.ts';
import { type CaseResult, isFine } from '../result.ts';

/** All results in one role. */
export interface RoleTable {
  readonly role: 'server' | 'client';
  readonly results: readonly CaseResult[];
}

const VERDICTS = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED', 'FAILED'];

/** Writes the page. */
export function formatResults(tables: readonly RoleTable[], isQuick: boolean): string {
  const parts = tables.flatMap(({ role, results }) => [
    `## As ${role}\n`,
    formatTable(results.filter((result) => !isBeyond(result))),
    `### The cases of our own, as ${role}\n`,
    formatTable(results.filter(isBeyond)),
  ]);
  const scope = isQuick
    ? 'the quick set: all but the large transfers of groups 9, 12 and 13'
    : 'all 517 cases of the original';
  const when = new Date().toISOString().slice(0, 10);
  return `# Conformance results

Measured by this suite on ${when} with Node ${process.versions.node}: ${scope}, and the
cases of our own, which are counted apart. "Not closed well" counts closing verdicts other than OK.
UNIMPLEMENTED means that permessage-deflate was declined, which is allowed. Written by
\`npm run conform:table\`; anything here can be repeated with it.

${parts.join('\n')}`;
}

function formatTable(results: readonly CaseResult[]): string {
  const agents = [...new Set(results.map(({ agent }) => agent))];
  const rows = agents.map((agent) => {
    const own = results.filter((result) => result.agent === agent);
    const counts = tally(own.map(({ behavior }) => behavior));
    const cells = VERDICTS.map((verdict) => String(counts.get(verdict) ?? '–'));
    const notClosed = own.filter(
      ({ behaviorClose }) => !/^(OK|INFORMATIONAL)$/.test(behaviorClose),
    );
    const row = [agent, String(own.length), ...cells, String(notClosed.length || '–')];
    return `| ${row.join(' | ')} |`;
  });
  const head = ['', 'cases', ...VERDICTS, 'not closed well'];
  const lines = [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows, ''];
  for (const agent of agents) {
    const bad = results.filter((result) => result.agent === agent && !isFine(result));
    const loose = results.filter(
      (result) => result.agent === agent && result.behavior === 'NON-STRICT',
    );
    if (bad.length > 0) lines.push(`- ${agent}, not fine: ${listIds(bad)}`);
    if (loose.length > 0) lines.push(`- ${agent}, NON-STRICT: ${listIds(loose)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Ids in order; neighbours as a range: 6.4.1 – 6.4.4. */
export function listIds(results: readonly CaseResult[]): string {
  const ids = results.map(({ entry }) => entry.case.id).sort(compareIds);
  const ranges: [first: string, last: string][] = [];
  for (const id of ids) {
    const range = ranges.at(-1);
    if (range !== undefined && follows(range[1], id)) range[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first} – ${last}`)).join(', ');
}

function follows(before: string, id: string): boolean {
  const [chapter, number] = splitId(before);
  const [otherChapter, otherNumber] = splitId(id);
  return chapter === otherChapter && otherNumber === number + 1;
}

function splitId(id: string): readonly [chapter: string, number: number] {
  const dot = id.lastIndexOf('.');
  return [id.slice(0, dot), Number(id.slice(dot + 1))];
}

/**
 * The page `results.md`: who got which verdicts, and where somebody failed.
 */
import type { Role } from '../model.ts';
import { tally } from '../report/summary.ts';
import { isFine } from '../result.ts';
import { formatIds } from './id-ranges.ts';
import type { Row, RowVerdict } from './rows.ts';

const VERDICTS = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED', 'FAILED'];

/** Writes the page. */
export function formatResults(rows: readonly Row[]): string {
  const roles = (['server', 'client'] as const).filter((role) =>
    rows.some((row) => row.role === role),
  );
  const days = [...new Set(rows.map(({ day }) => day))].sort().join(', ');
  const nodes = [...new Set(rows.map(({ node }) => node))].sort().join(', ');
  return `# Conformance results

Measured by this suite on ${days} with Node ${nodes}. The original has 517
cases; a row with fewer was run in part. The cases of our own are counted apart. "Not closed well"
counts closing verdicts other than OK. UNIMPLEMENTED means that permessage-deflate was declined,
which is allowed. Everybody runs with the limits on size that it comes with, or, where the largest
transfer of 16 MiB does not pass, with 32 MiB. Written by \`npm run conform:table\`, which can
repeat any row, \`-- --peers ws --only server\`, or a part of one, \`--cases '12.*'\`: all verdicts
are kept in \`results.json\`.

${roles.map((role) => formatRole(rows, role)).join('\n')}`;
}

function formatRole(rows: readonly Row[], role: Role): string {
  const own = rows.filter((row) => row.role === role);
  const isOurs = (id: string): boolean => id.startsWith('b');
  return [
    `## As ${role}\n`,
    formatTable(own, (id) => !isOurs(id)),
    `### The cases of our own, as ${role}\n`,
    formatTable(own, isOurs),
  ].join('\n');
}

function formatTable(rows: readonly Row[], isWanted: (id: string) => boolean): string {
  const head = ['', 'cases', ...VERDICTS, 'not closed well'];
  const lines = [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`];
  const notes: string[] = [];
  for (const { agent, verdicts } of rows) {
    const own = Object.entries(verdicts).filter(([id]) => isWanted(id));
    if (own.length === 0) continue;
    const counts = tally(own.map(([, { behavior }]) => behavior));
    const cells = VERDICTS.map((verdict) => String(counts.get(verdict) ?? '–'));
    const notClosed = own.filter(([, verdict]) => !/^(OK|INFO)/.test(verdict.behaviorClose));
    lines.push(`| ${[agent, own.length, ...cells, notClosed.length || '–'].join(' | ')} |`);
    const note = (words: string, fits: (verdict: RowVerdict) => boolean): void => {
      const ids = own.filter(([, verdict]) => fits(verdict)).map(([id]) => id);
      if (ids.length > 0) notes.push(`- ${agent}, ${words}: ${formatIds(ids)}`);
    };
    note('not fine', (verdict) => !isFine(verdict));
    note('NON-STRICT', (verdict) => isFine(verdict) && verdict.behavior === 'NON-STRICT');
  }
  return `${[...lines, '', ...notes].join('\n')}\n`;
}

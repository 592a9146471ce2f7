/** A row as lines for a terminal. */
import { formatBar, formatMeasured, judge, type Verdict } from './goals.ts';
import type { Entry, Row } from './report.ts';
import { formatPart, formatQuartiles, formatRatio, formatValue } from './units.ts';

const percent = (part: number): string =>
  `${part >= 0 ? '+' : '−'}${Math.abs(part * 100).toFixed(0)}`;

/** The quartiles as differences from the median, in percent. */
export function formatSpread({ median, low, high }: Entry): string {
  return `(${percent(low / median - 1)} ${percent(high / median - 1)} %)`;
}

/** A goal in a few words. */
export function formatVerdict(verdict: Verdict): string {
  const { isMet } = verdict;
  const outcome = isMet === undefined ? '' : isMet ? ' reached' : ' NOT REACHED';
  return `${formatBar(verdict)}: ${formatMeasured(verdict)}${outcome}`;
}

function formatEntry(row: Row, entry: Entry): string {
  if (entry.samples.length === 0) return `  ${entry.name.padEnd(26)} failed: ${entry.error}`;
  const parts = Object.entries(entry.parts ?? {}).map(([name, value]) =>
    formatPart(name, value, row.unit),
  );
  const { ratio } = entry;
  const compared =
    ratio === undefined ? '' : `ours is ${formatRatio(ratio.median)} × ${formatQuartiles(ratio)}`;
  const value = formatValue(entry.median, row.unit).padStart(10);
  const line = `  ${entry.name.padEnd(26)} ${value} ${formatSpread(entry).padEnd(14)} ${compared}`;
  const seen = parts.length === 0 ? '' : `  [${parts.join(' · ')}]`;
  const failures = entry.error === undefined ? '' : `  some rounds failed: ${entry.error}`;
  return `${line.padEnd(70)}${seen}${failures}`;
}

/** A row, its contenders and its goals. */
export function formatRow(row: Row): string {
  return [
    `${row.id}  ${row.title}`,
    ...row.entries.map((entry) => formatEntry(row, entry)),
    ...judge(row).map((verdict) => `  goal ${formatVerdict(verdict)}`),
  ].join('\n');
}

/**
 * Learns from runs of the same peers how far runs lie apart, and counts how often a comparison
 * finds something although there is nothing to be found.
 */
import { makeRow, type Report, type Row } from '../support/report.ts';
import { quantile } from '../support/turns.ts';
import { compareReports } from './comparison.ts';
import { jobOf } from './jobs.ts';
import { type Bands, strangersApart, strangersOf } from './noise.ts';

/** So many of the pairs lie within the band. */
const WITHIN = 0.9;

/** One row of two runs. */
interface Twice {
  readonly bench: string;
  readonly before: Row;
  readonly after: Row;
}

/** All rows that two of the runs have; not those that one has kept from the other. */
function pairRows(runs: readonly (readonly Report[])[]): Twice[] {
  const seen = new Map<string, Map<string, Row>>();
  for (const { bench, date, rows } of runs.flat()) {
    for (const row of rows) {
      const key = `${bench} · ${row.id}`;
      if (!seen.has(key)) seen.set(key, new Map());
      seen.get(key)!.set(date, row);
    }
  }
  return [...seen].flatMap(([key, dates]) => {
    const bench = key.slice(0, key.indexOf(' '));
    const rows = [...dates].sort(([left], [right]) => left.localeCompare(right));
    return rows.flatMap(([, before], index) =>
      rows.slice(index + 1).map(([, after]) => ({ bench, before, after })),
    );
  });
}

/** Learns the bands: how far the peers of a job have moved against each other between two runs. */
export function learnBands(runs: readonly (readonly Report[])[]): Bands {
  const byJob = new Map<string, number[]>();
  for (const { bench, before, after } of pairRows(runs)) {
    const job = jobOf(bench, after);
    byJob.set(job, [...(byJob.get(job) ?? []), ...strangersApart(before, after)]);
  }
  const known = [...byJob].filter(([job, moves]) => job !== '' && moves.length > 0);
  if (known.length === 0) throw new Error('no two runs have measured the same peers');
  const round = (part: number): number => Math.round(part * 1e3) / 1e3;
  const jobs = known.map(([job, moves]) => [job, round(quantile(moves, WITHIN))] as const);
  const count = known.reduce((sum, [, moves]) => sum + moves.length, 0);
  return {
    from: `${100 * WITHIN} % of ${count} pairs of peers in ${runs.length} files moved by less`,
    jobs: Object.fromEntries(jobs),
    // Most jobs that were measured once are like the one in the middle of those that were not.
    others: round(
      quantile(
        jobs.map(([, band]) => band),
        0.5,
      ),
    ),
  };
}

/** The row as if one of the strangers were ours, and the others its peers. */
function disguise(row: Row, name: string): Row {
  const strangers = strangersOf(row);
  const [own, others] = [
    strangers.filter((one) => one.name === name),
    strangers.filter((one) => one.name !== name),
  ];
  const contenders = [...own, ...others].map((one) => ({
    name: one.name,
    series: one.samples.map((value) => ({ value })),
  }));
  return makeRow(row, contenders);
}

/** How many comparisons of a peer with a peer there are, and how many of them find it worse. */
export function countFalseFlags(
  runs: readonly (readonly Report[])[],
  bands: Bands,
): { readonly compared: number; readonly flagged: number } {
  let [compared, flagged] = [0, 0];
  for (const { bench, before, after } of pairRows(runs)) {
    const now = new Set(strangersOf(after).map(({ name }) => name));
    for (const { name } of strangersOf(before)) {
      if (!now.has(name) || now.size < 2) continue;
      const [then, later] = [before, after].map((row) => ({
        ...runs[0]![0]!,
        bench,
        rows: [disguise(row, name)],
      }));
      for (const [left, right] of [[then!, later!] as const, [later!, then!] as const]) {
        const changes = compareReports([left], [right], bands);
        compared += changes.length;
        flagged += changes.filter(({ verdict }) => verdict === 'worse').length;
      }
    }
  }
  return { compared, flagged };
}

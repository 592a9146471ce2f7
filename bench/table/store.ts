/**
 * Results on disk: one file with a report for each job. What is measured anew takes the place of
 * what the file had of the same rows; the rest stays.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeReport, type Report } from '../support/report.ts';
import { listGaps, type Outcome, TABLE } from './gaps.ts';
import type { Bands } from './noise.ts';

/**
 * Reads a file of one report, as a bench writes it with `--json`, or of several.
 *
 * @throws Error when the file cannot be read, or is none of these.
 */
export function readReports(path: string): Report[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Report | Report[];
  const reports = Array.isArray(content) ? content : [content];
  for (const report of reports) {
    if (!Array.isArray(report?.rows)) throw new Error(`${path} holds something else`);
  }
  return reports;
}

/** Puts new reports among those of a file, and notes what is missing. */
export function mergeReports(
  path: string,
  added: readonly Report[],
  outcome: Outcome = { attempted: [], failures: [] },
): Report[] {
  const before = existsSync(path) ? readReports(path) : [];
  const measured = new Set(added.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const soaked = new Set(added.flatMap(({ results = [] }) => results.map(({ name }) => name)));
  const kept = before.flatMap((report): Report[] => {
    const rows = report.rows.filter(({ id }) => !measured.has(id));
    const results = (report.results ?? []).filter(({ name }) => !soaked.has(name));
    if (rows.length === 0 && results.length === 0) return [];
    return [{ ...report, rows, ...(results.length > 0 ? { results } : {}) }];
  });
  const merged = [...kept, ...added];
  const gaps = listGaps(before, merged, outcome);
  if (gaps.length > 0) merged.push({ ...makeReport(TABLE, []), gaps });
  writeFileSync(path, `${JSON.stringify(merged, null, 1)}\n`);
  return merged;
}

/**
 * Reads how far runs lie apart.
 *
 * @throws Error when the file cannot be read, or is something else.
 */
export function readBands(path: string): Bands {
  const bands = JSON.parse(readFileSync(path, 'utf8')) as Bands;
  if (typeof bands?.jobs !== 'object' || typeof bands.others !== 'number') {
    throw new Error(`${path} holds something else`);
  }
  return bands;
}

/**
 * Results on disk: one file with a report for each job. What is measured anew takes the place of
 * what the file had of the same rows; the rest stays.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Report } from '../support/report.ts';

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

/** Puts new reports among those of a file. */
export function mergeReports(path: string, added: readonly Report[]): Report[] {
  const before = existsSync(path) ? readReports(path) : [];
  const measured = new Set(added.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const kept = before
    .map((report) => ({ ...report, rows: report.rows.filter(({ id }) => !measured.has(id)) }))
    .filter(({ rows }) => rows.length > 0);
  const merged = [...kept, ...added];
  writeFileSync(path, `${JSON.stringify(merged, null, 1)}\n`);
  return merged;
}

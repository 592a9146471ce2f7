/** What is not in the table, and why: kept beside the results, and printed with the goals. */
import { judge } from '../support/goals.ts';
import type { Gap, Report } from '../support/report.ts';
import { JOBS, rowsOf } from './jobs.ts';

/** The bench whose report holds the gaps. */
export const TABLE = 'table';

/** What came of a run of the table: which jobs have been run, and which of them in vain. */
export interface Outcome {
  readonly attempted: readonly string[];
  readonly failures: readonly { readonly job: string; readonly message: string }[];
}

/** Lists all gaps: of this run, of the runs before, and what nobody has measured. */
export function listGaps(
  before: readonly Report[],
  merged: readonly Report[],
  { attempted, failures }: Outcome,
): Gap[] {
  const today = new Date().toISOString().slice(0, 10);
  const failed = [
    ...before
      .flatMap(({ gaps = [] }) => gaps)
      .filter(({ job, isFailure = false }) => isFailure && !attempted.includes(job)),
    ...failures.map(({ job, message }) => {
      return { job, why: `failed on ${today}: ${message}`, isFailure: true };
    }),
  ];
  return [...failed, ...unmeasured(merged, new Set(failed.map(({ job }) => job)))];
}

/** Jobs of which nothing is there, and peers of goals that did not take part, or failed. */
function unmeasured(reports: readonly Report[], failed: ReadonlySet<string>): Gap[] {
  return JOBS.flatMap((job): Gap[] => {
    const measured = rowsOf(job, reports);
    if (measured.length > 0) {
      return measured.flatMap(({ row }) =>
        judge(row).flatMap(({ ours, peer = 'itself', missing }) => {
          if (missing === undefined) return [];
          const what = `${row.id}${ours === undefined ? '' : `, ${ours}`} ÷ ${peer}`;
          return [{ job: job.id, what, why: missing }];
        }),
      );
    }
    const isSoak = reports.some(({ bench, results }) => bench === job.bench && results?.length);
    return isSoak || failed.has(job.id) ? [] : [{ job: job.id, why: 'not measured' }];
  });
}

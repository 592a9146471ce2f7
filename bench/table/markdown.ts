/** Reports as `results.md`: goals first, then what each contender did. */
import { judge, type Verdict } from '../support/goals.ts';
import type { Report, Row } from '../support/report.ts';
import { chooseRows } from '../support/selection.ts';
import { formatSpread } from '../support/table.ts';
import { formatPart, formatValue } from '../support/units.ts';
import { JOBS, type Job } from './jobs.ts';

/** A row and when and how it was measured. */
interface Measured {
  readonly row: Row;
  readonly report: Report;
}

/** Which rows belong to a job: `P4` has `P4 …` and `P4x …`, `P1` has not `P10`. */
export function rowsOf({ bench, rows }: Job, reports: readonly Report[]): Measured[] {
  return reports
    .filter((report) => report.bench === bench)
    .flatMap((report) => chooseRows(report.rows, rows).map((row) => ({ row, report })));
}

/** Writes the whole page. */
export function formatPage(reports: readonly Report[], failures: readonly string[]): string {
  const sections = JOBS.map((job) => ({ ...job, measured: rowsOf(job, reports) }));
  const present = sections.filter(({ measured }) => measured.length > 0);
  return [
    '# Results',
    '',
    'Written by `npm run bench -- table`; not by hand. Less is better everywhere. A ratio is our',
    'figure divided by the other one within each round: the median, and the quartiles behind it.',
    'What is measured, and how, stands in [README.md](README.md).',
    '',
    ...formatMachine(reports),
    '',
    '## What was to be reached',
    '',
    '| | workload | to reach | measured | |',
    '|---|---|---|---|---|',
    ...present.flatMap(({ id, title, measured }) => formatGoals(id, title, measured)),
    ...failures.map((failure) => `| ${failure} | | | failed | no |`),
    ...sections
      .filter(({ id, measured }) => measured.length === 0 && !failures.includes(id))
      .map(({ id, title }) => `| ${id} | ${title} | | not measured | |`),
    ...present.flatMap(({ id, title, measured }) => formatSection(id, title, measured)),
    '',
  ].join('\n');
}

function formatMachine(reports: readonly Report[]): string[] {
  const latest = reports.toSorted((left, right) => right.date.localeCompare(left.date))[0];
  if (latest === undefined) return [];
  const { cpu, cores, memoryGiB } = latest.machine;
  const versions = Object.assign({}, ...reports.map(({ machine }) => machine.versions)) as Record<
    string,
    string
  >;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${cpu}, ${cores} cores, ${memoryGiB} GiB; ${list.join(', ')}.`];
}

const answer = (isMet: boolean | undefined): string =>
  isMet === undefined ? '–' : isMet ? 'yes' : '**no**';

function formatGoal({ peer, atMost }: Verdict): string {
  const bar = atMost < 0.5 ? `${atMost.toFixed(3)}` : atMost.toFixed(2);
  return `≤ ${bar} × ${peer}`;
}

/** A line for each goal; where a job has very many rows, a line for all with the same bar. */
function formatGoals(id: string, title: string, measured: readonly Measured[]): string[] {
  const verdicts = measured.flatMap(({ row }) => judge(row).map((verdict) => ({ row, verdict })));
  if (measured.length <= 8) {
    return verdicts.map(({ row, verdict }) => {
      const ratio = verdict.ratio === undefined ? 'not measured' : verdict.ratio.toFixed(3);
      const cells = [row.id, row.title, formatGoal(verdict), ratio, answer(verdict.isMet)];
      return `| ${cells.join(' | ')} |`;
    });
  }
  const bars = new Set(verdicts.map(({ verdict }) => formatGoal(verdict)));
  return [...bars].map((bar) => {
    const group = verdicts.filter(({ verdict }) => formatGoal(verdict) === bar);
    const met = group.filter(({ verdict }) => verdict.isMet === true);
    const worst = group.reduce((left, right) =>
      (right.verdict.ratio ?? 0) > (left.verdict.ratio ?? 0) ? right : left,
    );
    const summary = `${met.length} of ${group.length}; worst ${worst.verdict.ratio?.toFixed(3)} (${
      worst.row.title
    })`;
    return `| ${id} | ${title} | ${bar} | ${summary} | ${answer(met.length === group.length)} |`;
  });
}

function formatSection(id: string, title: string, measured: readonly Measured[]): string[] {
  const { report } = measured[0]!;
  const rounds = measured[0]!.row.entries[0]!.samples.length;
  return [
    '',
    `## ${id}: ${title}`,
    '',
    `\`${report.command}\`, ${report.date.slice(0, 10)}, node ${
      report.machine.versions['node']
    }, ${rounds} rounds`,
    '',
    `![${title}](results/${id}.svg)`,
    '',
    '| workload | contender | median | spread | ours ÷ theirs | seen on the way |',
    '|---|---|---|---|---|---|',
    ...measured.flatMap(({ row }) => formatRow(row)),
  ];
}

function formatRow(row: Row): string[] {
  return row.entries.map((entry, index) => {
    const head = index === 0 ? `${row.id}: ${row.title}` : '';
    if (entry.samples.length === 0) return `| ${head} | ${entry.name} | ${entry.error} | | | |`;
    const { ratio } = entry;
    const compared =
      ratio === undefined
        ? ''
        : `${ratio.median.toFixed(3)} (${ratio.low.toFixed(2)} – ${ratio.high.toFixed(2)})`;
    const parts = Object.entries(entry.parts ?? {}).map(([name, value]) =>
      formatPart(name, value, row.unit),
    );
    const value = formatValue(entry.median, row.unit);
    const cells = [head, entry.name, value, formatSpread(entry), compared, parts.join(', ')];
    return `| ${cells.join(' | ')} |`;
  });
}

/** Reports as `results.md`: goals first, then what each contender did. */
import { formatFigure } from '../soak/figures.ts';
import { formatBar, formatMeasured, judge } from '../support/goals.ts';
import type { Gap, Report, Row } from '../support/report.ts';
import { formatSpread } from '../support/table.ts';
import { formatPart, formatQuartiles, formatRatio, formatValue } from '../support/units.ts';
import { chartsOf } from './charts.ts';
import { JOBS, type Job, type Measured, rowsOf } from './jobs.ts';

/** Writes the whole page. */
export function formatPage(reports: readonly Report[]): string {
  const sections = JOBS.map((job) => ({ ...job, measured: rowsOf(job, reports) }));
  const present = sections.filter(({ measured }) => measured.length > 0);
  const gaps = reports.flatMap((report) => report.gaps ?? []);
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
    ...gaps.filter(({ what }) => what === undefined).map(formatGap),
    ...present.flatMap(formatSection),
    ...formatSoaks(reports),
    '',
  ].join('\n');
}

/** A job that is not there at all. What lacks a peer is told in the line of its goal. */
function formatGap({ job, why, isFailure }: Gap): string {
  const title = JOBS.find(({ id }) => id === job)?.title ?? '';
  return `| ${job} | ${title} | | ${inCell(why)} | ${isFailure ? '**no**' : '–'} |`;
}

/** A sentence in a table, as one line. */
const inCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');

function formatMachine(reports: readonly Report[]): string[] {
  const measured = reports.filter(({ gaps }) => gaps === undefined);
  const latest = measured.toSorted((left, right) => right.date.localeCompare(left.date))[0];
  if (latest === undefined) return [];
  const { cpu, cores, memoryGiB } = latest.machine;
  const versions = Object.assign({}, ...measured.map(({ machine }) => machine.versions)) as Record<
    string,
    string
  >;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${cpu}, ${cores} cores, ${memoryGiB} GiB; ${list.join(', ')}.`];
}

const answer = (isMet: boolean | undefined): string =>
  isMet === undefined ? '–' : isMet ? 'yes' : '**no**';

/** A line for each goal; where a job has very many rows, a line for all with the same bar. */
function formatGoals(id: string, title: string, measured: readonly Measured[]): string[] {
  const verdicts = measured.flatMap(({ row }) => judge(row).map((verdict) => ({ row, verdict })));
  const bars = new Set(verdicts.map(({ verdict }) => formatBar(verdict)));
  if (measured.length <= 8 || bars.size > measured.length / 2) {
    return verdicts.map(({ row, verdict }) => {
      const result = inCell(formatMeasured(verdict));
      const cells = [row.id, row.title, formatBar(verdict), result, answer(verdict.isMet)];
      return `| ${cells.join(' | ')} |`;
    });
  }
  return [...bars].map((bar) => {
    const group = verdicts.filter(({ verdict }) => formatBar(verdict) === bar);
    const met = group.filter(({ verdict }) => verdict.isMet === true);
    const worst = group.reduce((left, right) =>
      (right.verdict.measured ?? 0) > (left.verdict.measured ?? 0) ? right : left,
    );
    const summary = `${met.length} of ${group.length}; worst ${formatMeasured(worst.verdict)} (${
      worst.row.title
    })`;
    return `| ${id} | ${title} | ${bar} | ${summary} | ${answer(met.length === group.length)} |`;
  });
}

function formatSection(job: Job & { readonly measured: readonly Measured[] }): string[] {
  const { id, title, measured } = job;
  return [
    '',
    `## ${id}: ${title}`,
    '',
    ...formatOrigins(measured),
    '',
    ...chartsOf(job, measured).map((chart) => `![${chart.title}](results/${chart.file})`),
    '',
    '| workload | contender | median | spread | ours ÷ theirs | seen on the way |',
    '|---|---|---|---|---|---|',
    ...measured.flatMap(({ row }) => formatRow(row)),
  ];
}

/** How and when the rows were measured: one line, or one for each run with the rows that it has. */
function formatOrigins(measured: readonly Measured[]): string[] {
  const runs = new Map<string, string[]>();
  for (const { row, report } of measured) {
    const rounds = Math.max(...row.entries.map(({ samples }) => samples.length));
    const run = `${originOf(report)}, ${rounds} rounds`;
    runs.set(run, [...(runs.get(run) ?? []), row.id]);
  }
  if (runs.size === 1) return [...runs.keys()];
  return [...runs].map(([run, ids]) => `- ${run}: ${ids.join(', ')}`);
}

const originOf = ({ command, date, machine }: Report): string =>
  `\`${command}\`, ${date.slice(0, 10)}, node ${machine.versions['node']}`;

/** Soaks compare with nobody: what each found out, or that it failed. */
function formatSoaks(reports: readonly Report[]): string[] {
  const soaks = reports.flatMap((report) =>
    (report.results ?? []).map((result) => ({ report, result })),
  );
  const job = JOBS.find(({ bench }) => bench === 'soak')!;
  return [
    ...(soaks.length === 0 ? [] : ['', `## ${job.id}: ${job.title}`]),
    ...soaks.flatMap(({ report, result: { name, title, figures, error } }) => [
      '',
      `**${name}**: ${title}. ${originOf(report)}`,
      '',
      '| | |',
      '|---|---|',
      ...figures.map((figure) => `| ${figure.label} | ${formatFigure(figure)} |`),
      ...(error === undefined ? [] : [`| **failed** | ${inCell(error)} |`]),
    ]),
  ];
}

function formatRow(row: Row): string[] {
  return row.entries.map((entry, index) => {
    const head = index === 0 ? `${row.id}: ${row.title}` : '';
    const error = inCell(entry.error ?? '');
    if (entry.samples.length === 0) return `| ${head} | ${entry.name} | failed: ${error} | | | |`;
    const { ratio } = entry;
    const compared =
      ratio === undefined ? '' : `${formatRatio(ratio.median)} ${formatQuartiles(ratio)}`;
    const parts = Object.entries(entry.parts ?? {}).map(([name, value]) =>
      formatPart(name, value, row.unit),
    );
    if (error !== '') parts.push(`some rounds failed: ${error}`);
    const value = formatValue(entry.median, row.unit);
    const cells = [head, entry.name, value, formatSpread(entry), compared, parts.join(', ')];
    return `| ${cells.join(' | ')} |`;
  });
}

/** The page of results, and the file behind it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { idOf, listWorkloads } from '../../bench/framing/workload.ts';
import { makeReport, makeRow, type Report } from '../../bench/support/report.ts';
import { chartsOf } from '../../bench/table/charts.ts';
import { chooseJobs, JOBS, rowsOf } from '../../bench/table/jobs.ts';
import { formatPage } from '../../bench/table/markdown.ts';
import { mergeReports, readReports } from '../../bench/table/store.ts';

/** A report in which ours took `ours`, round by round, and ws 100 each time. */
function report(id: string, ...ours: number[]): Report {
  const series = ours.map((value) => ({ value, parts: { user: value, 'busy %': 90 } }));
  const theirs = ours.map(() => ({ value: 100 }));
  const contenders = [
    { name: 'barewire', series },
    { name: 'ws', series: theirs },
  ];
  return makeReport('process', [makeRow({ id, title: 'echo', unit: 'ns' }, contenders)]);
}

const main = (name: string): string =>
  fileURLToPath(new URL(`../../bench/${name}.js`, import.meta.url));

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('the page shows goals, ratios, the machine and the charts', (t) => {
  const page = formatPage([report('P1', 50, 51, 52), report('P10', 1, 1, 1)]);
  t.match(page, '| P1 | echo | ≤ 0.55 × ws | 0.510 | yes |');
  t.match(page, '| P1 | echo | ≤ 0.75 × net.Socket | not measured | – |');
  t.match(page, '![Echo, one message in flight](results/P1.svg)');
  t.match(page, /node v\d+\.\d+\.\d+, ws \d/);
  t.match(page, 'user 51 ns, busy 90 %');
  t.notMatch(page, /undefined|NaN/);
  t.end();
});

t.test('many rows with the same bar are one line that tells the worst', (t) => {
  const reports = Array.from({ length: 10 }, (_, index) => {
    const row = report(`P4x decode masked text in-4 ${index}`, 50 + index * 10).rows[0]!;
    const entries = row.entries.map((entry) => ({ ...entry, name: `${entry.name} + addon` }));
    return { ...report('P4', 1), bench: 'framing', rows: [{ ...row, entries }] };
  });
  const page = formatPage(reports);
  const charts =
    '![The codec alone: P4x decode masked text](results/P4x-decode-masked-text.svg)\n\n|';
  t.match(page, `\n\n${charts}`, 'one chart for all that begin alike');
  t.match(page, '| ≤ 1.00 × ws + addon | 6 of 10; worst 1.400 (echo) |');
  t.match(
    page,
    '| barewire, shared reads: ≤ 1.00 × ws + addon | 0 of 10; worst not measured (echo) |',
  );
  t.end();
});

t.test('rows belong to one job only', (t) => {
  const of = (bench: string, id: string): Report => ({ ...report(id, 1), bench });
  const reports = [
    of('process', 'P1'),
    of('process', 'P10'),
    of('framing', 'P4 decode'),
    of('framing', 'P4x decode'),
    of('http', 'P5 varied'),
    of('process', 'HTTP 1'),
    of('http', 'HTTP 1460 kitty'),
    of('masking', 'mask 20'),
    of('deflate', 'echo 100 1'),
  ];
  const owners = JOBS.flatMap((job) =>
    rowsOf(job, reports).map(({ row }) => `${job.id}: ${row.id}`),
  );
  t.same(owners, [
    'P1: P1',
    'P4: P4 decode',
    'P4: P4x decode',
    'P5: P5 varied',
    'P10: P10',
    'PLAIN: HTTP 1',
    'HTTP: HTTP 1460 kitty',
    'MASKING: mask 20',
    'CODEC: echo 100 1',
  ]);
  t.same(
    chooseJobs('p1, P10').map(({ id }) => id),
    ['P1', 'P10'],
  );
  t.throws(() => chooseJobs('P11'), /P11 is none of P1, P2/);
  t.end();
});

t.test('very many rows are several charts, each of a few', (t) => {
  const rows = listWorkloads(false).map((workload) => ({ ...report(idOf(workload), 1).rows[0]! }));
  const framing = { ...report('P4', 1), bench: 'framing', rows };
  const job = JOBS.find(({ id }) => id === 'P4')!;
  const charts = chartsOf(job, rowsOf(job, [framing]));
  t.equal(new Set(charts.map(({ file }) => file)).size, 16);
  t.ok(charts.every(({ measured }) => measured.length <= 8));
  t.equal(
    charts.reduce((sum, { measured }) => sum + measured.length, 0),
    rows.length,
  );
  t.match(charts[0], {
    file: 'P4-decode-masked-text.svg',
    title: 'The codec alone: P4 decode masked text',
  });
  const one = chartsOf({ id: 'P1', title: 'Echo' }, []);
  t.same(one, [{ file: 'P1.svg', title: 'Echo', measured: [] }]);
  t.end();
});

t.test('what is measured anew replaces the same rows and leaves the others', (t) => {
  const file = join(t.testdir({}), 'all.json');
  mergeReports(file, [report('P1', 10), report('P2', 20)]);
  const merged = mergeReports(file, [report('P1', 30)]);
  t.same(readReports(file), merged);
  const medians = merged.flatMap(({ rows }) =>
    rows.map(({ id, entries }) => [id, entries[0]!.median]),
  );
  t.same(medians, [
    ['P2', 20],
    ['P1', 30],
  ]);
  t.end();
});

t.test('a section tells how and when each of its rows was measured', (t) => {
  const [a, b, c] = ['P3a', 'P3b', 'P3c'].map((id) => report(id, 1, 2));
  const same = [a!, b!].map((one) => ({ ...one, command: 'run P3', date: '2026-01-02T03:04:05Z' }));
  const node = `node ${process.version}`;
  t.match(formatPage(same), `\n\n\`run P3\`, 2026-01-02, ${node}, 2 rounds\n\n`);
  const later = { ...c!, command: 'run P3c', date: '2026-02-03T04:05:06Z' };
  const page = formatPage([...same, later]);
  t.match(page, `\n- \`run P3\`, 2026-01-02, ${node}, 2 rounds: P3a, P3b\n`);
  t.match(page, `\n- \`run P3c\`, 2026-02-03, ${node}, 2 rounds: P3c\n`);
  t.end();
});

t.test('what failed, and what nobody measured, is kept and told until it is measured', (t) => {
  const file = join(t.testdir({}), 'all.json');
  const failed = { attempted: ['P7'], failures: [{ job: 'P7', message: 'gone |\n away' }] };
  const first = mergeReports(file, [report('P1', 1)], failed);
  const gapsOf = (reports: readonly Report[], job: string) =>
    reports.flatMap(({ gaps = [] }) => gaps).filter((gap) => gap.job === job);
  t.match(gapsOf(first, 'P7'), [{ why: /^failed on \d{4}-\d\d-\d\d: gone \|\n away$/ }]);
  t.same(gapsOf(first, 'P1'), [{ job: 'P1', what: 'P1 ÷ net.Socket', why: 'not measured' }]);
  t.same(gapsOf(first, 'P2'), [{ job: 'P2', why: 'not measured' }]);
  t.match(
    formatPage(first),
    /\| P7 \| Memory of .* \| failed on \S+: gone \\\| away \| \*\*no\*\* \|/,
  );
  t.match(formatPage(first), '| P2 | Echo, 32 messages in flight | | not measured | – |');
  const second = mergeReports(file, [report('P2', 1)], { attempted: ['P2'], failures: [] });
  t.same(readReports(file), second);
  t.same(gapsOf(second, 'P7'), gapsOf(first, 'P7'), 'it has not been tried again');
  const third = mergeReports(file, [report('P7a', 1)], { attempted: ['P7'], failures: [] });
  t.same(gapsOf(third, 'P7'), [], 'now it has');
  t.end();
});

t.test('a contender that fails is told with its reason, also where it bears a goal', (t) => {
  const series = [{ value: 1 }, { value: 1 }];
  const row = makeRow({ id: 'P1', title: 'echo', unit: 'ns' }, [
    { name: 'barewire', series },
    { name: 'ws', series: [new Error('cut'), new Error('cut')] },
    { name: 'net.Socket', series: [new Error('once'), { value: 2 }] },
  ]);
  const page = formatPage([makeReport('process', [row])]);
  t.match(page, '| P1 | echo | ≤ 0.55 × ws | failed: cut | – |');
  t.match(page, '|  | ws | failed: cut | | | |');
  t.match(page, 'some rounds failed: once');
  t.end();
});

t.test('soaks are kept by their names, and printed', (t) => {
  const file = join(t.testdir({}), 'all.json');
  const soak = (name: string, value: number, error?: string): Report => ({
    ...makeReport('soak', []),
    results: [
      {
        ...{ name, title: 'many' },
        figures: error === undefined ? [{ label: 'lost', value, unit: 'count' }] : [],
        ...(error === undefined ? {} : { error }),
      },
    ],
  });
  mergeReports(file, [soak('a', 1), soak('b', 2)]);
  const page = formatPage(mergeReports(file, [soak('a', 0, 'late'), report('P1', 1)]));
  t.match(page, '## SOAK: ');
  t.match(
    page,
    /\*\*b\*\*: many\. `npm run bench -- soak.*\n\n\| \| \|\n\|---\|---\|\n\| lost \| 2 \|/,
  );
  t.match(page, /\*\*a\*\*: many\..*\n\n.*\n.*\n\| \*\*failed\*\* \| late \|/);
  t.notMatch(page, /SOAK .* not measured/);
  t.end();
});

t.test('a budget is what a message may allocate', (t) => {
  const row = (value: number) =>
    makeRow({ id: 'ALLOC codec decode text', title: 'read', unit: 'B' }, [
      { name: 'barewire', series: [{ value }] },
    ]);
  const page = (value: number) => formatPage([makeReport('allocation', [row(value)])]);
  t.match(
    page(69),
    '| ALLOC codec decode text | read | ≤ 90 B (of it 40 the string) | 69 B | yes |',
  );
  t.match(page(91), '| ≤ 90 B (of it 40 the string) | 91 B | **no** |');
  t.end();
});

t.test('the table is made by one command, and survives a job that fails', (t) => {
  const folder = t.testdir({});
  const args = [main('table.bench'), '--only', 'P8', '--quick', '--into', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, BENCH_LENGTH: '0.002' },
  });
  t.equal(status, 0, stderr);
  t.match(stdout, '══ P8: Opening and closing handshake');
  t.match(readFileSync(join(folder, 'results.md'), 'utf8'), '| P8 | opening and closing');
  t.match(readFileSync(join(folder, 'results/P8.svg'), 'utf8'), /^<svg/);
  t.match(readReports(join(folder, 'results/all.json')), [{ bench: 'process' }]);
  t.end();
});

t.test('a job that ends without results is a gap with its last words', (t) => {
  const folder = t.testdir({});
  const args = [main('table.bench'), '--only', 'P8', '--into', folder];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, BENCH_LENGTH: 'x' },
  });
  t.equal(status, 1);
  const message = 'ended with exit code 2: BENCH_LENGTH takes a number above zero, not x';
  t.match(stdout, `P8 failed: Error: ${message}`);
  const [{ gaps = [] } = {}] = readReports(join(folder, 'results/all.json'));
  t.match(gaps[0], { job: 'P8', why: new RegExp(`: ${message}$`), isFailure: true });
  const page = join(folder, 'results.md');
  t.match(readFileSync(page, 'utf8'), message);
  rmSync(page);
  const again = spawnSync(process.execPath, [main('table.bench'), '--page', '--into', folder]);
  t.equal(again.status, 0);
  t.match(readFileSync(page, 'utf8'), message, 'the page is written without measuring anything');
  t.end();
});

/** The page of results, the file behind it, and the comparison of two such files. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { makeReport, makeRow, type Report } from '../../bench/support/report.ts';
import { compareReports, findGaps } from '../../bench/table/comparison.ts';
import { chooseJobs, JOBS } from '../../bench/table/jobs.ts';
import { formatPage, rowsOf } from '../../bench/table/markdown.ts';
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

const MISSING = `missing P2  ÷ ws
1 ratios compared, 0 worse by more than the noise, 1 missing
`;

const main = (name: string): string =>
  fileURLToPath(new URL(`../../bench/${name}.js`, import.meta.url));

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('the page shows goals, ratios, the machine and the charts', (t) => {
  const page = formatPage([report('P1', 50, 51, 52), report('P10', 1, 1, 1)], ['P7']);
  t.match(page, '| P1 | echo | ≤ 0.55 × ws | 0.510 | yes |');
  t.match(page, '| P1 | echo | ≤ 0.75 × net.Socket | not measured | – |');
  t.match(page, '| P7 | | | failed | no |');
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
  t.match(formatPage(reports, []), '≤ 1.00 × ws + addon | 6 of 10; worst 1.400 (echo) |');
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

t.test('worse is only what is worse by more than the noise', (t) => {
  const verdict = (before: number[], after: number[]) =>
    compareReports([report('P1', ...before)], [report('P1', ...after)]).map((one) => one.verdict);
  t.same(verdict([50, 51, 52], [60, 61, 62]), ['worse']);
  t.same(verdict([60, 61, 62], [50, 51, 52]), ['better']);
  t.same(verdict([50, 60, 70], [65, 66, 80]), ['same'], 'the quartiles touch');
  t.same(verdict([50, 50, 50], [52, 52, 52]), ['same'], 'less than the margin');
  t.same(compareReports([report('P1', 1)], [report('P2', 1)]), []);
  t.end();
});

t.test('what stands on one side only, or failed, is listed', (t) => {
  const failing = (value: number | Error): Report =>
    makeReport('x', [
      makeRow({ id: 'P3', title: 'x', unit: 'ns' }, [
        { name: 'barewire', series: [{ value: 1 }, { value: 1 }] },
        { name: 'ws', series: [new Error('gone'), value instanceof Error ? value : { value }] },
      ]),
    ]);
  t.same(findGaps([report('P1', 1), failing(2)], [report('P2', 1), failing(new Error('x'))]), {
    missing: ['P1  ÷ ws', 'P3  ÷ ws'],
    added: ['P2  ÷ ws', 'P3  ÷ (alone)'],
    failedBefore: ['P3  ws: some rounds: gone'],
    failedNow: ['P3  ws: gone'],
  });
  t.end();
});

t.test('rows without a peer are compared with themselves', (t) => {
  const alone = (value: number): Report[] => [
    makeReport('x', [
      makeRow({ id: 'A', title: 'a', unit: 'B' }, [{ name: 'barewire', series: [{ value }] }]),
    ]),
  ];
  t.match(compareReports(alone(10), alone(20)), [{ peer: '(alone)', verdict: 'worse' }]);
  t.end();
});

t.test('bench:compare exits with 1 when something got worse, 2 when there is nothing', (t) => {
  const folder = t.testdir({});
  const files = ['old', 'new', 'bad', 'both'].map((name) => join(folder, `${name}.json`));
  const [before = '', after = '', bad = '', both = ''] = files;
  writeFileSync(before, JSON.stringify(report('P1', 50, 51, 52)));
  writeFileSync(after, JSON.stringify([report('P1', 70, 71, 72)]));
  writeFileSync(bad, '{}');
  const compare = (...args: string[]) =>
    spawnSync(process.execPath, [main('compare'), ...args], { encoding: 'utf8' });
  const worse = compare(before, after);
  t.equal(worse.status, 1);
  t.match(worse.stdout, /worse {3}P1 {2}÷ ws: 0\.510 → 0\.710 \(39 %\)/);
  t.equal(compare(after, before).status, 0);
  t.equal(compare(before, join(folder, 'none.json')).status, 2);
  const strange = compare(before, bad);
  t.equal(strange.status, 2);
  t.match(strange.stderr, /^no results can be read: .*bad\.json holds something else\n$/);
  writeFileSync(both, JSON.stringify([report('P1', 50, 51, 52), report('P2', 1)]));
  const less = compare(both, before);
  t.equal(less.status, 1, 'what is missing now is no success');
  t.equal(less.stdout, MISSING);
  const more = compare(before, both);
  t.equal(more.status, 0);
  t.match(more.stdout, /^new {5}P2 {2}÷ ws\n1 ratios compared, 0 worse/);
  t.match(compare(before, after, both), { status: 2, stderr: /^npm run bench:compare/ });
  t.match(compare('--help'), { status: 0, stdout: /^npm run bench:compare/ });
  t.match(compare('--nosuch'), { status: 2, stderr: /^npm run bench:compare/ });
  t.equal(compare().status, 2);
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

/** The comparison of two files of results, and the noise that it allows for. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { makeReport, makeRow, type Report } from '../../bench/support/report.ts';
import { countFalseFlags, learnBands } from '../../bench/table/bands.ts';
import { compareReports, findGaps, hintAtSoaks } from '../../bench/table/comparison.ts';
import { type Bands, halvesApart, strangersApart } from '../../bench/table/noise.ts';

type Values = readonly number[];

/** A report of one row: ours first, then whoever else, round by round. */
function reportOf(id: string, contenders: Readonly<Record<string, Values>>, date = ''): Report {
  const row = makeRow(
    { id, title: 'echo', unit: 'ns' },
    Object.entries(contenders).map(([name, values]) => ({
      name,
      series: values.map((value) => ({ value })),
    })),
  );
  const report = makeReport('process', [row]);
  return date === '' ? report : { ...report, date };
}

/** Ours took `ours`, round by round, and ws 100 each time. */
const report = (id: string, ...ours: number[]): Report =>
  reportOf(id, { barewire: ours, ws: ours.map(() => 100) });

const QUIET: Bands = { from: 'a spec', jobs: { P1: 0.02, P3: 0.3 }, others: 0.1 };

const verdictsOf = (before: Report, after: Report): string[] =>
  compareReports([before], [after], QUIET).map(({ verdict }) => verdict);

const script = fileURLToPath(new URL('../../bench/compare.js', import.meta.url));
const compare = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

t.test('two runs of the same thing, with noise, are the same', (t) => {
  const noisy = [50, 55, 47, 52, 49, 58, 51];
  t.same(verdictsOf(report('P1', ...noisy), report('P1', ...noisy.toReversed())), ['same']);
  t.same(verdictsOf(report('P1', 50, 60, 70), report('P1', 65, 66, 80)), ['same'], 'quartiles');
  t.same(verdictsOf(report('P1', 50, 50, 50), report('P1', 52, 52, 52)), ['same'], 'the least');
  t.same(verdictsOf(report('P3a', 50, 50, 50), report('P3a', 64, 64, 64)), ['same'], 'its job');
  t.same(verdictsOf(report('P9a', 50, 50, 50), report('P9a', 54, 54, 54)), ['same'], 'no band');
  t.end();
});

t.test('a tenth more than the band is flagged, in both directions', (t) => {
  for (const [id, band] of [
    ['P1', 0.05],
    ['P3a', 0.3],
    ['P9a', 0.1],
  ] as const) {
    const grown = 50 * (1 + band * 1.1);
    const [less, more] = [report(id, 50, 50, 50), report(id, grown, grown, grown)];
    t.same(verdictsOf(less, more), ['worse'], id);
    t.same(verdictsOf(more, less), ['better'], id);
    t.match(compareReports([less], [more], QUIET), [{ id, peer: 'ws', band }]);
  }
  t.end();
});

t.test('the halves of a run are two runs of the same thing', (t) => {
  t.equal(halvesApart([]), 0);
  t.equal(halvesApart([3]), 0);
  t.equal(halvesApart([2, 3]), 0.5);
  t.equal(halvesApart([1, 1, 1, 2, 2, 2]), 1, 'drift');
  t.equal(halvesApart([1, 1, 1, 1, 1, 1, 9]), 0, 'one round');
  const drifting = [50, 50, 50, 60, 60, 60];
  t.same(verdictsOf(report('P1', ...drifting), report('P1', 71, 71, 71, 71, 71, 71)), ['same']);
  t.same(verdictsOf(report('P1', ...drifting), report('P1', 73, 73, 73, 73, 73, 73)), ['worse']);
  t.end();
});

t.test('peers that have moved against each other tell that the machine did', (t) => {
  const of = (ours: number, bun: number): Report => {
    const alike = (value: number): number[] => [value, value, value];
    const names = { barewire: ours, 'barewire, 100': 7, ws: 100, 'bun, 100': bun };
    return reportOf(
      'P1',
      Object.fromEntries(Object.entries(names).map(([name, value]) => [name, alike(value)])),
    );
  };
  const [before, after] = [of(50, 40), of(60, 50)].map(({ rows }) => rows[0]!);
  t.same(strangersApart(before!, after!), [0.25], 'those that are ours do not count');
  const worse = (one: Report, other: Report): string[] =>
    compareReports([one], [other], QUIET)
      .filter(({ verdict }) => verdict === 'worse')
      .map(({ peer }) => peer);
  t.same(worse(of(50, 40), of(60, 40)), ['barewire, 100', 'ws', 'bun, 100']);
  t.same(worse(of(50, 40), of(60, 50)), []);
  t.end();
});

t.test('what stands on one side only, or failed, is listed', (t) => {
  t.same(compareReports([report('P1', 1)], [report('P2', 1)], QUIET), []);
  const failing = (value: number | Error): Report =>
    makeReport('x', [
      makeRow({ id: 'P3', title: 'x', unit: 'ns' }, [
        { name: 'barewire', series: [{ value: 1 }, { value: 1 }] },
        { name: 'ws', series: [new Error('gone'), value instanceof Error ? value : { value }] },
      ]),
    ]);
  const gaps = [
    { job: 'P7', why: 'failed on Monday', isFailure: true },
    { job: 'P8', why: 'not measured' },
  ];
  const table = { ...makeReport('table', []), gaps };
  const now = [report('P2', 1), failing(new Error('x')), table];
  t.same(findGaps([report('P1', 1), failing(2)], now), {
    missing: ['P1  ÷ ws', 'P3  ÷ ws'],
    added: ['P2  ÷ ws', 'P3  ÷ (alone)'],
    failedBefore: ['P3  ws: some rounds: gone'],
    failedNow: ['P7  failed on Monday', 'P3  ws: gone'],
  });
  t.end();
});

t.test('a soak that idles dearly, or keeps more than twice as much, is named', (t) => {
  const soak = (idle: number, memory: number): Report => ({
    ...makeReport('soak', []),
    results: [
      {
        ...{ name: 'ten-thousand', title: 'many' },
        figures: [
          { label: 'idle 60 s: CPU of the server', value: idle, unit: 's' },
          { label: 'opened: CPU of the server', value: idle, unit: 's' },
          { label: 'opened: memory per connection', value: memory, unit: 'B' },
          { label: 'handshake: longest', value: memory, unit: 'ms' },
        ],
      },
    ],
  });
  t.same(hintAtSoaks([soak(0.5, 1_000)], [soak(2.8, 1_900)]), [
    'ten-thousand  idle 60 s: CPU of the server: 0.50 s → 2.80 s',
  ]);
  t.same(hintAtSoaks([soak(2.8, 1_024)], [soak(0.5, 2_560)]), [
    'ten-thousand  opened: memory per connection: 1.00 KiB → 2.50 KiB',
  ]);
  t.same(hintAtSoaks([report('P1', 1)], [soak(1, 1)]), []);
  const folder = t.testdir({});
  const [before = '', after = ''] = ['old', 'new'].map((name) => join(folder, name));
  writeFileSync(before, JSON.stringify([report('P1', 50), soak(0.5, 1)]));
  writeFileSync(after, JSON.stringify([report('P1', 50), soak(2.8, 1)]));
  const { status, stdout } = compare(before, after);
  t.equal(status, 0, 'a hint is no failure');
  t.match(stdout, /^soak {4}ten-thousand {2}idle .*: 0\.50 s → 2\.80 s \(more than twice\)$/m);
  t.end();
});

t.test('rows without a peer are compared with themselves', (t) => {
  const alone = (value: number): Report => reportOf('A', { barewire: [value] });
  t.match(compareReports([alone(10)], [alone(20)], QUIET), [{ peer: '(alone)', verdict: 'worse' }]);
  t.end();
});

t.test('bands are learned from peers, and not from ours', (t) => {
  const run = (date: string, ours: number, ws: number, net: number): Report[] => [
    reportOf('P1', { barewire: [ours], ws: [ws], 'net.Socket': [net] }, date),
    reportOf('P2', { barewire: [ours], ws: [ws] }, date),
  ];
  const runs = [run('1', 10, 100, 100), run('2', 90, 100, 110), run('2', 90, 100, 110)];
  const bands = learnBands(runs);
  t.same(bands, {
    from: '90 % of 1 pairs of peers in 3 files moved by less',
    jobs: { P1: 0.1 },
    others: 0.1,
  });
  const none = { from: '', jobs: {}, others: 0 };
  t.same(countFalseFlags(runs, none), { compared: 4, flagged: 2 });
  t.same(countFalseFlags(runs, bands), { compared: 4, flagged: 0 });
  t.throws(() => learnBands(runs.slice(1)), /no two runs have measured the same peers/);
  t.end();
});

const MISSING = `missing P2  ÷ ws
1 ratios compared, 0 worse by more than the noise, 1 missing
`;
t.test('bench:compare exits with 1 when something got worse, 2 when there is nothing', (t) => {
  const folder = t.testdir({});
  const files = ['old', 'new', 'bad', 'both'].map((name) => join(folder, `${name}.json`));
  const [before = '', after = '', bad = '', both = ''] = files;
  writeFileSync(before, JSON.stringify(report('P1', 50, 51, 52)));
  writeFileSync(after, JSON.stringify([report('P1', 70, 71, 72)]));
  writeFileSync(bad, '{}');
  const worse = compare(before, after);
  t.equal(worse.status, 1);
  t.match(worse.stdout, /worse {3}P1 {2}÷ ws: 0\.510 → 0\.710 \(39 %; noise 5 %\)/);
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

t.test('bench:compare writes the bands that it learns', (t) => {
  const folder = t.testdir({});
  const [one = '', two = '', target = ''] = ['1', '2', 'bands'].map((name) => join(folder, name));
  const of = (date: string, bun: number): Report =>
    reportOf('P1', { barewire: [1], ws: [100], bun: [bun] }, date);
  writeFileSync(one, JSON.stringify(of('1', 100)));
  writeFileSync(two, JSON.stringify(of('2', 120)));
  t.match(compare('--learn', target, one), { status: 2, stderr: /^npm run bench:compare/ });
  const { status, stdout } = compare('--learn', target, one, two);
  t.equal(status, 0);
  t.match(stdout, /^P1 {9}20\.0 %\nothers {5}20\.0 %\n90 % of 1 pairs .* of 4 .* 0 would be/);
  t.match(JSON.parse(readFileSync(target, 'utf8')), { jobs: { P1: 0.2 }, others: 0.2 });
  t.end();
});

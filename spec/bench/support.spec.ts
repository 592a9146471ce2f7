/** What benches have in common: sums, rows, goals, tables, charts. */
import t from 'tap';
import { drawBars } from '../../bench/support/chart.ts';
import { formatBar, goalsOf, judge } from '../../bench/support/goals.ts';
import { makeReport, makeRow, type Row } from '../../bench/support/report.ts';
import { formatRow } from '../../bench/support/table.ts';
import { figuresOf, quantile, takeTurns } from '../../bench/support/turns.ts';
import {
  formatBytes,
  formatMemory,
  formatQuartiles,
  formatRatio,
  formatTime,
} from '../../bench/support/units.ts';

const samples = (...values: number[]) => values.map((value) => ({ value }));

const ROW: Row = makeRow({ id: 'P1', title: 'echo <&>', unit: 'ns' }, [
  { name: 'barewire', series: samples(10, 20, 30) },
  { name: 'ws', series: samples(40, 40, 40) },
  { name: 'net.Socket', series: [{ value: 20 }, new Error('cut'), { value: 30 }] },
  { name: 'bun', series: [new Error('gone'), new Error('gone'), new Error('gone')] },
]);

t.test('who begins changes from round to round', async (t) => {
  const order: string[] = [];
  const sampler = (name: string) => () => {
    order.push(name);
    return name;
  };
  const rounds = await takeTurns(3, ['A', 'B', 'C'].map(sampler));
  t.equal(order.join(''), 'ABCBCACAB');
  t.same(rounds, [
    ['A', 'B', 'C'],
    ['A', 'B', 'C'],
    ['A', 'B', 'C'],
  ]);
});

t.test('quantiles and ratios are those of the samples', (t) => {
  t.equal(quantile([3, 1, 2], 0.5), 2);
  t.equal(quantile([5], 1), 5);
  const figures = figuresOf(
    [
      [1, 2],
      [2, 8],
      [4, 12],
    ],
    1,
    0,
  );
  t.same(figures, { median: 8, low: 0.25, high: 1.5, ratio: 3 });
  t.end();
});

t.test('a row compares within rounds, and leaves out rounds that failed', (t) => {
  const [ours, ws, net, bun] = ROW.entries;
  t.match(ours, { median: 20, low: 10, high: 30, samples: [10, 20, 30] });
  t.equal(ours!.ratio, undefined);
  t.same(ws!.ratio, { median: 0.5, low: 0.25, high: 0.75 });
  t.same(net!.ratio, { median: 1, low: 0.5, high: 1 });
  t.match(net, { samples: [20, 30], error: 'cut' });
  t.match(bun, { samples: [], error: 'gone' });
  t.equal(bun!.ratio, undefined);
  t.end();
});

t.test('parts are summed up as the figure is', (t) => {
  const series = [1, 5, 3].map((value) => ({ value, parts: { user: value, 'busy %': 50 } }));
  const row = makeRow({ id: 'X', title: 'x', unit: 'ns' }, [{ name: 'barewire', series }]);
  t.same(row.entries[0]!.parts, { user: 3, 'busy %': 50 });
  t.end();
});

t.test('a round in which the other took no time that shows is compared with nothing', (t) => {
  const row = (theirs: number[]): Row =>
    makeRow({ id: 'X', title: 'x', unit: 'ns' }, [
      { name: 'barewire', series: samples(10, 20, 0) },
      { name: 'ws', series: samples(...theirs) },
    ]);
  t.match(row([0, 40, 0]).entries[1]!.ratio, { median: 0.5, low: 0.5, high: 0.5 });
  t.equal(row([0, 0, 0]).entries[1]!.ratio, undefined);
  t.end();
});

t.test('goals are met, missed, or not measured', (t) => {
  t.match(judge(ROW), [
    { peer: 'ws', atMost: 0.55, measured: 0.5, isMet: true },
    { peer: 'net.Socket', atMost: 0.75, measured: 1, isMet: false },
  ]);
  t.match(judge({ ...ROW, id: 'P2' })[1], { isMet: undefined, missing: 'failed: gone' });
  const lonely = { ...ROW, entries: ROW.entries.slice(0, 1) };
  t.match(judge(lonely)[0], { measured: undefined, isMet: undefined, missing: 'not measured' });
  t.same(goalsOf('P4 encode masked text 126'), [{ peer: 'ws + addon', atMost: 1 / 3.5 }]);
  t.match(goalsOf('P4 encode masked text 16384'), [{ atMost: 1 }, { atMost: 1 / 8 }]);
  const rate = goalsOf('P8')[0]!;
  t.equal(formatBar(rate), '≤ 0.67 × ws (1.5 × its handshakes per second of CPU)');
  t.same(goalsOf('TLS 1'), [{ peer: 'ws', atMost: 1 }]);
  t.same(goalsOf('UTF8'), []);
  t.end();
});

t.test('a decoder is judged with its reads given away, and with reads that are shared', (t) => {
  const row = makeRow({ id: 'P4 decode masked text 1024', title: 'decode', unit: 'ns' }, [
    { name: 'barewire', series: samples(10, 10, 10) },
    { name: 'barewire, shared reads', series: samples(30, 40, 50) },
    { name: 'ws + addon', series: samples(20, 40, 20) },
  ]);
  const goal = { peer: 'ws + addon', atMost: 1 };
  t.same(judge(row), [
    { ...goal, measured: 0.5, isMet: true },
    { ...goal, ours: 'barewire, shared reads', measured: 1.5, isMet: false },
  ]);
  t.match(formatRow(row), 'goal barewire, shared reads: ≤ 1.00 × ws + addon: 1.500 NOT REACHED');
  const without = { ...row, entries: row.entries.filter((_, index) => index !== 1) };
  t.match(judge(without)[1], { isMet: undefined, missing: 'not measured' });
  t.equal(goalsOf('P4x decode masked text in-4 1024').length, 2);
  t.equal(goalsOf('P4 encode masked text 1024').length, 1, 'a writer has no reads');
  t.end();
});

t.test('the table says what was measured and what was reached', (t) => {
  const text = formatRow(ROW);
  t.match(text, /^P1 {2}echo <&>\n {2}barewire +20 ns \(−50 \+50 %\)/);
  t.match(text, 'ours is 0.500 × (0.250 – 0.750)');
  t.match(text, 'some rounds failed: cut');
  t.match(text, /bun +failed: gone/);
  t.match(text, 'goal ≤ 0.55 × ws: 0.500 reached');
  t.match(text, 'goal ≤ 0.75 × net.Socket: 1.000 NOT REACHED');
  t.end();
});

t.test('the chart is SVG without anything from elsewhere, and shows each contender', (t) => {
  const svg = drawBars('Servers & more', [ROW]);
  t.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 860 \d+"/);
  t.notMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|<script|NaN|undefined/);
  t.match(svg, 'P1  echo &lt;&amp;>');
  t.equal(svg.match(/class="(ours|theirs)"/g)!.length, 3);
  t.equal(svg.match(/class="ours"/g)!.length, 1);
  t.end();
});

t.test('a report says where and with what it was made', (t) => {
  const report = makeReport('framing', [ROW], { bun: '1.4.5' });
  t.equal(report.machine.versions['node'], process.version);
  t.equal(report.machine.versions['bun'], '1.4.5');
  for (const peer of ['ws', 'better-sse']) t.match(report.machine.versions[peer], /^\d/);
  t.match(report.command, /^npm run bench -- framing/);
  t.match(report.date, /^\d{4}-\d\d-\d\dT/);
  t.end();
});

t.test('numbers are written as people read them', (t) => {
  t.same([12, 1_234, 2_345_678, Number.NaN].map(formatTime), ['12 ns', '1.23 µs', '2.35 ms', '–']);
  t.same([1.5, 0.07412, 0.00312, 0].map(formatRatio), ['1.500', '0.074', '0.0031', '0.000']);
  t.equal(formatQuartiles({ median: 0.00312, low: 0.003, high: 0.01 }), '(0.0030 – 0.0100)');
  t.same([0, 20, 1_024, 1_048_576].map(formatBytes), ['0 B', '20 B', '1 KiB', '1 MiB']);
  t.same([20, 1_536, 3_145_728].map(formatMemory), ['20 B', '1.50 KiB', '3.0 MiB']);
  t.end();
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { chooseBench, GROUPS } from '../../bench/support/dispatch.ts';
import { BENCH_OPTIONS } from '../../bench/support/options.ts';
import { makeReport, makeRow, writeReport } from '../../bench/support/report.ts';
import { runTogether, shareOptions } from '../../bench/support/together.ts';
import { readReports } from '../../bench/table/store.ts';

const NAMES = ['framing', 'soak'];
const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const bench = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

t.test('lists the benches and groups', (t) => {
  t.same(chooseBench(['list'], NAMES), { kind: 'list' });
  t.same(chooseBench(['--help'], NAMES), { kind: 'list' });
  const { status, stdout } = bench('list');
  t.equal(status, 0);
  const some = ['allocation', 'codec', 'deflate', 'framing', 'handshake', 'masking', 'process'];
  for (const name of [...some, 'soak', 'sse', 'table', 'utf8']) t.match(stdout, `  ${name}\n`);
  t.end();
});

t.test('runs all but the table when none is named, or a group, or one', (t) => {
  const all = [...NAMES, 'table'];
  t.same(chooseBench([], all), { kind: 'run', names: NAMES, args: [] });
  t.same(chooseBench(['--quick'], all), { kind: 'run', names: NAMES, args: ['--quick'] });
  const codec = { kind: 'run', names: ['framing', 'masking', 'utf8'], args: ['--quick'] };
  t.same(chooseBench(['codec', '--quick'], all), codec);
  const command = { kind: 'run', names: ['soak'], args: ['one-gib', '--quick'] };
  t.same(chooseBench(['soak', 'one-gib', '--quick'], NAMES), command);
  t.same(chooseBench(['quick'], NAMES), { kind: 'quick' });
  t.match(chooseBench(['quick', '--rounds', '3'], NAMES), { kind: 'wrong', text: /--rounds 3$/ });
  for (const line of [['--help'], ['quick', '--help'], ['--quick', '--help']]) {
    t.same(chooseBench(line, NAMES), { kind: 'list' });
  }
  t.end();
});

t.test('says in one line that a bench does not exist, and exits with 2', (t) => {
  const { status, stdout, stderr } = bench('framming', '--quick');
  t.equal(status, 2);
  t.equal(stdout, '');
  t.match(stderr, /^no bench is called framming: there are .*framing.*\n$/);
  t.end();
});

t.test('says in one line that a soak does not exist, and exits with 2', (t) => {
  const { status, stderr } = bench('soak', 'two-gib');
  t.equal(status, 2);
  t.match(stderr, /^no soak is called two-gib: there are .*one-gib.*\n$/);
  t.end();
});

t.test('a bench says which options it has, and refuses any other with a sentence', (t) => {
  const asked = bench('soak', '--help');
  t.equal(asked.status, 0);
  t.match(asked.stdout, /^options:\n {2}--\w/);
  for (const [name, wrong, what] of [
    ['soak', '--list', /^Unknown option '--list'/],
    ['table', '--rounds', /^Option '--rounds <value>' argument missing/],
    ['process', '--quick=yes', /^Option '--quick' does not take an argument/],
  ] as const) {
    const { status, stdout, stderr } = bench(name, wrong);
    t.equal(status, 2);
    t.match(stderr, what);
    t.match(stderr, /\noptions:\n {2}--/);
    t.notMatch(stderr, /\n\s+at /, 'no trace');
    t.equal(stdout, '');
  }
  t.end();
});

t.test('of several benches none begins when the command line is wrong', (t) => {
  for (const [line, what] of [
    [['codec', '--nosuch'], /^Unknown option '--nosuch'/],
    [['--only', 'P1'], /^Unknown option '--only'/],
    [['--ms', 'x'], /^--ms takes a whole number above zero, not x\n$/],
    [['codec', '--svg', '/nonexist/x'], /^--svg cannot be written: ENOENT.*\n$/],
    [['codec', 'mask 20'], /^rows are asked of one bench, and not mask 20 of framing, .*\n$/],
  ] as const) {
    const { status, stdout, stderr } = bench(...line);
    t.equal(status, 2, line.join(' '));
    t.match(stderr, what);
    t.equal(stdout, '');
  }
  t.end();
});

t.test('each of several benches gets the options that it knows', (t) => {
  const line = ['--rounds', '3', '--ms=5', '--quick', '--with', 'a.js', '--with', 'b.js'];
  t.same(shareOptions(['allocation', 'framing', 'soak'], [...line, '--json', 'x.json']), {
    shares: [
      { name: 'allocation', args: ['--rounds=3', '--quick'] },
      {
        name: 'framing',
        args: ['--rounds=3', '--ms=5', '--quick', '--with=a.js', '--with=b.js'],
      },
      { name: 'soak', args: ['--quick'] },
    ],
    json: 'x.json',
    svg: undefined,
    guests: ['a.js', 'b.js'],
  });
  const names = bench('list').stdout.match(/(?<=^ {2})\w+$/gm)!;
  const groups = Object.keys(GROUPS);
  t.same(
    Object.keys(BENCH_OPTIONS),
    names.filter((name) => !groups.includes(name)),
  );
  t.end();
});

t.test('one file has what all of them found out, even when one finds nothing', async (t) => {
  const folder = t.testdir({});
  const [json, svg] = [join(folder, 'all.json'), join(folder, 'all.svg')];
  const shares = ['masking', 'soak', 'utf8'].map((name) => ({ name, args: ['--quick'] }));
  await runTogether({ shares, json, svg }, async (name, [quick, option, file]) => {
    t.same([quick, option], ['--quick', '--json']);
    const series = [{ value: 1 }];
    const row = makeRow({ id: name, title: name, unit: 'ns' }, [{ name: 'barewire', series }]);
    if (name !== 'soak') writeReport(file!, makeReport(name, [row]));
  });
  t.match(readReports(json), [{ bench: 'masking' }, { bench: 'utf8' }]);
  const chart = readFileSync(svg, 'utf8');
  for (const name of ['masking', 'utf8']) t.match(chart, `>${name}  ${name}<`);
  await runTogether({ shares: [{ name: 'utf8', args: [] }] }, async (_, args) => {
    t.same(args, [], 'nothing is written that nobody wants');
  });
});

t.test('what a bench cannot do is refused with one sentence, before anything is measured', (t) => {
  for (const [line, what] of [
    [['http', 'nope'], /^no row begins with nope\n$/],
    [['http', '--ms=0'], /^--ms takes a whole number above zero, not 0\n$/],
    [['framing', '--rounds', 'x'], /^--rounds takes a whole number above zero, not x\n$/],
    [['process', 'P1', '--rounds', '1.5'], /^--rounds takes a whole number above zero, not 1.5\n$/],
    [['http', 'P5', 'nope'], /^no row begins with nope\n$/],
    [['utf8', 'string ASCII, 20', 'P99'], /^no row begins with P99\n$/],
    [['allocation', '--ms', '1'], /^Unknown option '--ms'/],
    [['deflate', 'memory', '--ms', '1'], /^--ms says nothing about memory: --rounds does\n$/],
    [['soak', '--json', '/nonexist/x'], /^--json cannot be written: ENOENT.*\n$/],
    [['utf8', '--svg', '/nonexist/x'], /^--svg cannot be written: ENOENT.*\n$/],
    [['table', '--into', '/dev/null'], /^--into cannot be written: .*\n$/],
    [['table', '--only', 'P77'], /^P77 is none of P1, .*\n$/],
    [['table', '--page', '--only', 'P1'], /^--page measures nothing, .*--only .*\n$/],
    [['framing', '--with', './gone.js'], /^--with \.\/gone\.js cannot be loaded: .*\n$/],
    [
      ['framing', '--with', main.replace(/main\.js$/, 'framing/workload.js')],
      / exports no contender\n$/,
    ],
    [
      ['framing', '--quick', 'P4 decode masked text 125'],
      /^P4 decode masked text 125 is not in --quick\n$/,
    ],
    [
      ['process', 'P1', '--against', '/nonexist'],
      /^--against \/nonexist has no dist.*build there\n$/,
    ],
    [['process', 'P1', '--peers'], /^--peers says who takes part in --against, .*\n$/],
  ] as const) {
    const { status, stdout, stderr } = bench(...line);
    t.equal(status, 2, line.join(' '));
    t.match(stderr, what);
    t.equal(stdout, '');
  }
  t.end();
});

t.test('a contender that can do nothing is refused before any bench of a group has begun', (t) => {
  const folder = t.testdir({ 'bad.mjs': "export const contender = { name: 'bad' };" });
  const bad = join(folder, 'bad.mjs');
  for (const name of ['framing', 'codec']) {
    const { status, stdout, stderr } = bench(name, '--with', bad);
    t.equal(status, 2);
    t.equal(
      stderr,
      `--with ${bad}: its contender has neither a createDecoder nor a createEncoder\n`,
    );
    t.equal(stdout, '');
  }
  t.end();
});

t.test('a length that is no number is refused', (t) => {
  for (const BENCH_LENGTH of ['abc', '0', '-1', 'Infinity']) {
    const env = { ...process.env, BENCH_LENGTH };
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'process', 'P1'], {
      encoding: 'utf8',
      env,
    });
    t.equal(status, 2);
    t.equal(stderr, `BENCH_LENGTH takes a number above zero, not ${BENCH_LENGTH}\n`);
    t.equal(stdout, '');
  }
  t.end();
});

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { chooseBench } from '../../bench/support/dispatch.ts';

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

t.test('of several benches the first that refuses ends it', (t) => {
  const { status, stdout, stderr } = bench('codec', '--nosuch');
  t.equal(status, 2);
  t.equal(stdout.match(/^── /gm)?.length, 1);
  t.equal(stderr.match(/Unknown option '--nosuch'/g)?.length, 1);
  t.end();
});

t.test('what a bench cannot do is refused with one sentence, before anything is measured', (t) => {
  for (const [line, what] of [
    [['http', 'nope'], /^no row begins with nope\n$/],
    [['http', '--ms=0'], /^--ms takes a whole number above zero, not 0\n$/],
    [['framing', '--rounds', 'x'], /^--rounds takes a whole number above zero, not x\n$/],
    [['process', 'P1', '--rounds', '1.5'], /^--rounds takes a whole number above zero, not 1.5\n$/],
    [['table', '--only', 'P77'], /^P77 is none of P1, .*\n$/],
  ] as const) {
    const { status, stdout, stderr } = bench(...line);
    t.equal(status, 2, line.join(' '));
    t.match(stderr, what);
    t.equal(stdout, '');
  }
  t.end();
});

import t from 'tap';
import { type Counts, TapReport } from '../../tools/checks/tap-report.ts';

const FILE = 'dist/spec/a.spec.js';

/** Feeds lines of TAP and returns what was printed, what was counted, and what was skipped. */
function report(
  lines: readonly string[],
  status: number | null = 0,
  files: readonly string[] = [FILE],
): { printed: string[]; counts: Counts; skips: readonly string[] } {
  const printed: string[] = [];
  const report = new TapReport((line) => printed.push(line));
  for (const line of lines) report.line(line);
  report.end(status, files);
  return { printed, counts: report.counts, skips: report.skips };
}

/** A spec file whose one subtest holds the given lines. */
const inFile = (inner: readonly string[], verdict = 'ok'): string[] => [
  'TAP version 14',
  `# Subtest: ${FILE}`,
  '    # Subtest: does it',
  ...inner.map((line) => (line === '' ? '' : `        ${line}`)),
  `    ${verdict} 1 - does it # time=1.5ms`,
  '    ',
  '    1..1',
  '    # time=20ms',
  `${verdict} 1 - ${FILE} # time=20.4ms`,
  '# { total: 1, pass: 1 }',
];

t.test('counts assertions, not the tests around them, and prints one line a file', (t) => {
  const seen = report(inFile(['ok 1 - one', 'ok 2', 'ok 3 - # is no directive', '1..3']));
  t.same(seen.counts, { passed: 3, failed: 0, skipped: 0 });
  t.same(seen.printed, [`ok ${FILE} (20 ms)`]);
  t.end();
});

t.test('shows a failure once, with its full name and detail', (t) => {
  const detail = ['  ---', '  diff: |', '    -2', '    +1', '', '    far', '  ...', ''];
  const seen = report(
    inFile(['ok 1 - one', 'not ok 2 - should be equal', ...detail, '1..2'], 'not ok'),
    1,
  );
  t.same(seen.counts, { passed: 1, failed: 1, skipped: 0 });
  t.same(seen.printed, [
    `not ok ${FILE} › does it › should be equal`,
    '  diff: |',
    '    -2',
    '    +1',
    '  ',
    '    far',
  ]);
  t.end();
});

t.test('fails a subtest that asserts nothing, which tap passes', (t) => {
  const seen = report(inFile(['1..0']));
  t.same(seen.counts, { passed: 0, failed: 1, skipped: 0 });
  t.same(seen.printed, [`not ok ${FILE} › does it › asserts nothing`]);
  t.end();
});

t.test('fails a file without a test, which tap skips', (t) => {
  const lines = [`# Subtest: ${FILE}`, '    1..0 # no tests found'];
  const seen = report([...lines, `ok 1 - ${FILE} # SKIP no tests found`]);
  t.same(seen.counts, { passed: 0, failed: 1, skipped: 0 });
  t.same(seen.skips, []);
  t.end();
});

t.test('lists what is skipped with its reason', (t) => {
  const seen = report(inFile(['ok 1 - page # SKIP no Chromium', 'ok 2 - fine', '1..2']));
  t.same(seen.counts, { passed: 1, failed: 0, skipped: 1 });
  t.same(seen.skips, [`${FILE} › does it › page: no Chromium`]);
  const whole = report([`# Subtest: ${FILE}`, '    1..0 # SKIP', `ok 1 - ${FILE} # SKIP`]);
  t.same(whole.skips, [`${FILE}: without a reason`]);
  t.end();
});

t.test('counts a file that fails as a whole once', (t) => {
  const crashed = [`# Subtest: ${FILE}`, '    # Subtest: a', '        ok 1 - x', '    1..0'];
  const seen = report(
    [...crashed, `not ok 1 - ${FILE} # time=3ms`, '  ---', '  signal: SIGSEGV'],
    1,
  );
  t.same(seen.counts, { passed: 1, failed: 1, skipped: 0 });
  t.same(seen.printed, [`not ok ${FILE}`, '  signal: SIGSEGV']);
  t.end();
});

t.test('counts a subtest that ends too early once, though no assertion failed', (t) => {
  const seen = report(inFile(['ok 1 - one', '# test count(1) != plan(2)'], 'not ok'), 1);
  t.same(seen.counts, { passed: 1, failed: 1, skipped: 0 });
  t.match(seen.printed[0], /does it$/);
  t.end();
});

t.test('fails when the run bails out, stops half-way, or asserts nothing at all', (t) => {
  const bail = report(['# Subtest: x', '    Bail out! no use', 'Bail out! no use'], 1);
  t.equal(bail.counts.failed, 1);
  t.same(bail.printed, ['not ok x › Bail out! no use']);
  const silent = report(inFile(['ok 1 - one', '1..1']), 0, [FILE, 'dist/spec/b.spec.js']);
  t.same(silent.counts, { passed: 1, failed: 1, skipped: 0 });
  t.match(silent.printed.at(-1), /b\.spec\.js › left no result/);
  t.equal(report([], 0, []).counts.failed, 1, 'nothing was asserted');
  t.equal(report(inFile(['ok 1', '1..1']), null).counts.failed, 1, 'tap was killed');
  t.end();
});

t.test('names the files that have no result yet', (t) => {
  const files = [FILE, 'dist/spec/b.spec.js'];
  const partial = new TapReport(() => {});
  for (const line of inFile(['ok 1 - one', '1..1'])) partial.line(line);
  t.same(partial.silent(files), ['dist/spec/b.spec.js']);
  partial.line('Bail out! no use');
  t.same(partial.silent(files), []);
  t.end();
});

t.test('reads tests that tap has buffered, and takes no output of a spec for a result', (t) => {
  const seen = report([
    `# Subtest: ${FILE}`,
    '            ok 1 - printed by the spec',
    'hello',
    '    ok 1 - buffered # time=1ms {',
    '        ok 1 - x',
    '        1..1',
    '    }',
    `ok 1 - ${FILE} # time=2ms`,
  ]);
  t.equal(seen.counts.failed, 0);
  t.end();
});

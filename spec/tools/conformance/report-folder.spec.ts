import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildIndexPage } from '../../../tools/conformance/report/index-page.ts';
import { buildJunit } from '../../../tools/conformance/report/junit.ts';
import { buildSummary } from '../../../tools/conformance/report/summary.ts';
import { writeReports } from '../../../tools/conformance/report/write.ts';
import { fakeResult } from './results.ts';

const HEADING = { title: 'Peers', when: new Date('2024-02-03T04:05:06Z') };

t.test('JUnit counts failures and skips, and survives any text', (t) => {
  const results = [
    fakeResult('2.1'),
    fakeResult('2.2', 'FAILED', 'UNCLEAN', {
      verdict: {
        behavior: 'FAILED',
        behaviorClose: 'UNCLEAN',
        result: '<&"\u0001>',
        resultClose: '',
      },
    }),
    fakeResult('6.4.1', 'NON-STRICT'),
    fakeResult('12.1.1', 'UNIMPLEMENTED'),
  ];
  const xml = buildJunit(results);
  t.match(
    xml,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites tests="4" failures="1" errors="0" skipped="1" time="0.050">/,
  );
  t.match(xml, /<testsuite name="Test Peer\/1.0: 2 Pings\/Pongs" tests="2" failures="1"/);
  t.match(xml, /<failure message="FAILED \/ UNCLEAN">&lt;&amp;&quot;\ufffd&gt; <\/failure>/);
  t.match(xml, /<skipped message=/);
  t.match(xml, /<system-out>NON-STRICT/);
  t.equal(xml.match(/<testcase /g)?.length, 4);
  t.end();
});

t.test('our own cases stand apart from those of the original', async (t) => {
  const results = [
    fakeResult('2.1'),
    fakeResult('2.2', 'FAILED', 'OK'),
    fakeResult('b1.1.1', 'FAILED', 'OK'),
  ];
  const summary = buildSummary(results);
  t.match(summary, /^Test Peer\/1\.0: 2 cases\n {2}behaviour {2}OK 1, FAILED 1\n/);
  t.match(summary, /\nTest Peer\/1\.0, cases of our own: 1 case\n {2}behaviour {2}FAILED 1\n/);
  const page = buildIndexPage(results, HEADING);
  t.match(page, '2 cases, and 1 of our own');
  t.match(page, '1 of 2 cases are not fine.');
  t.match(page, '1 of 1 cases are not fine.');
  const folder = t.testdir();
  await writeReports(folder, results, HEADING);
  t.notMatch(readFileSync(join(folder, 'test_peer_1_0_case_2_2.html'), 'utf8'), 'case_b1_1_1');
});

t.test('verdicts stand in the same order, whichever came first', (t) => {
  const results = [
    fakeResult('2.1', 'FAILED', 'UNCLEAN'),
    fakeResult('12.1.1', 'UNIMPLEMENTED'),
    fakeResult('7.13.1', 'INFORMATIONAL', 'INFORMATIONAL'),
    fakeResult('6.4.1', 'NON-STRICT'),
    fakeResult('2.2'),
  ];
  const summary = buildSummary(results);
  t.match(summary, 'OK 1, NON-STRICT 1, INFORMATIONAL 1, UNIMPLEMENTED 1, FAILED 1\n');
  t.match(summary, 'OK 3, INFORMATIONAL 1, UNCLEAN 1\n');
  const boxes = [...buildIndexPage(results, HEADING).matchAll(/class="verdict" value="([^"]+)"/g)];
  t.same(
    boxes.map(([, verdict]) => verdict),
    ['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED', 'FAILED'],
  );
  t.end();
});

t.test('the summary fits a screen, and says one reason once', (t) => {
  const gone = {
    behavior: 'FAILED',
    behaviorClose: 'FAILED',
    result: 'Not run: gone.',
    resultClose: '',
  } as const;
  const many = Array.from({ length: 34 }, (_, at) =>
    fakeResult(`6.22.${at + 1}`, 'FAILED', 'OK', { verdict: gone }),
  );
  const text = buildSummary([...many, fakeResult('2.1'), fakeResult('2.2', 'OK', 'WRONG CODE')]);
  t.match(text, /34 cases: Not run: gone\./);
  t.match(text, /2\.2 +OK \/ WRONG CODE +Closed so\./);
  t.match(text, /behaviour {2}OK 2, FAILED 34/);
  t.ok(text.split('\n').length < 12);
  t.end();
});

t.test('a run without cases of our own leaves no index of earlier ones', async (t) => {
  const folder = t.testdir({ 'beyond.json': '{}', 'notes.txt': 'mine' });
  await writeReports(folder, [fakeResult('2.1')], HEADING);
  const files = readdirSync(folder);
  t.notOk(files.includes('beyond.json'));
  t.ok(files.includes('notes.txt'), 'and touches nothing else');
});

t.test('a folder of reports has an index, and a page and a file for each case', async (t) => {
  const folder = join(t.testdir(), 'deep', 'down');
  const path = await writeReports(folder, [fakeResult('2.1'), fakeResult('2.2')], HEADING);
  t.equal(path, join(folder, 'index.html'));
  t.same(readdirSync(folder).sort(), [
    ...['index.html', 'index.json', 'junit.xml'],
    ...['test_peer_1_0_case_2_1.html', 'test_peer_1_0_case_2_1.json'],
    ...['test_peer_1_0_case_2_2.html', 'test_peer_1_0_case_2_2.json'],
  ]);
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  t.same(Object.keys(index['Test Peer/1.0']), ['2.1', '2.2']);
  t.match(readFileSync(join(folder, 'test_peer_1_0_case_2_1.html'), 'utf8'), /case_2_2\.html/);
});

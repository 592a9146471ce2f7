import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildSummary } from '../../../tools/conformance/report/summary.ts';
import { writeReports } from '../../../tools/conformance/report/write.ts';
import { fakeResult } from './results.ts';

const HEADING = { title: 'Peers', when: new Date('2024-02-03T04:05:06Z') };

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
  t.match(text, /behaviour {2}FAILED 34, OK 2/);
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

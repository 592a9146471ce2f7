import t from 'tap';
import type { RecordedEvent } from '../../../tools/conformance/model.ts';
import { buildCasePage } from '../../../tools/conformance/report/case-page.ts';
import { buildIndexPage } from '../../../tools/conformance/report/index-page.ts';
import { buildCaseReport } from '../../../tools/conformance/report/json.ts';
import { agentLabels } from '../../../tools/conformance/report/style.ts';
import { gotPong, gotText, passed } from '../../../tools/conformance/script.ts';
import { captureWrites, findCase } from './capture.ts';
import { fakeResult } from './results.ts';

const NO_NEIGHBOURS = { previous: undefined, next: undefined };

t.test('a case without a connection has nothing to compare', (t) => {
  const closed = buildCasePage(fakeResult('2.1', 'FAILED', 'FAILED'), NO_NEIGHBOURS);
  t.match(closed, 'The connection was never open');
  t.notMatch(closed, 'Closed first by');
  const none = { messages: 0, app: 0, payload: 0 };
  const open = fakeResult('2.1', 'OK', 'OK', { peer: { sent: none, received: none } });
  t.match(buildCasePage(open, NO_NEIGHBOURS), 'Closed first by');
  t.end();
});

t.test('the index tells a connection that never opened from one that the wrong end closed', (t) => {
  const heading = { title: 'Peers', when: new Date(0) };
  const none = { messages: 0, app: 0, payload: 0 };
  const open = { peer: { sent: none, received: none } };
  t.match(buildIndexPage([fakeResult('2.1', 'FAILED', 'FAILED')], heading), />never open /);
  t.match(buildIndexPage([fakeResult('2.1', 'FAILED', 'FAILED', open)], heading), />wrong end /);
  const page = buildIndexPage([fakeResult('2.1')], heading);
  t.match(page, '<strong>kept open</strong> a server left it', 'and says what its words mean');
  t.match(page, '<a href="#group-2">2 Pings/Pongs</a>');
  t.end();
});

t.test('where a case may end in several ways, the page wants none of them', (t) => {
  const none = { messages: 0, app: 0, payload: 0 };
  const page = (id: string): string =>
    buildCasePage(
      fakeResult(id, 'OK', 'OK', { peer: { sent: none, received: none } }),
      NO_NEIGHBOURS,
    );
  t.match(page('2.1'), '<td class="soft">1000, or none</td>');
  t.notMatch(page('b2.4.1'), /, or none<|not required/);
  t.match(page('b2.4.1'), 'Close code of the testee');
  t.end();
});

t.test('a payload that is sent in pieces is shown piece by piece', async (t) => {
  const { log } = await captureWrites(findCase('6.4.3'), 'client');
  const text = buildCasePage(fakeResult('6.4.3', 'OK', 'OK', { log }), NO_NEIGHBOURS);
  t.match(text, /11 octets of its payload[\s\S]*Waits for 1 s \(A\)/);
  t.end();
});

t.test('events are red from the first one that differs from all that is tolerated', (t) => {
  const none = { messages: 0, app: 0, payload: 0 };
  const red = (id: string, behavior: 'FAILED' | 'INFORMATIONAL', ...events: RecordedEvent[]) => {
    const more = { events, peer: { sent: none, received: none } };
    const text = buildCasePage(fakeResult(id, behavior, 'OK', more), NO_NEIGHBOURS);
    return text.match(/<li class="wrong">/g)?.length ?? 0;
  };
  t.equal(red('6.4.1', 'FAILED', passed('A'), passed('B')), 0);
  t.equal(red('6.4.1', 'FAILED', passed('A'), passed('B'), gotText('x')), 1);
  t.equal(red('6.4.1', 'FAILED', gotPong(), passed('A')), 2);
  t.equal(red('7.1.6', 'INFORMATIONAL', gotPong()), 0, 'where there is no rule, none is');
  t.end();
});

t.test('names of agents cannot leave the style sheet that shows them', (t) => {
  t.equal(agentLabels(['one']), '', 'one agent needs no label');
  const sheet = agentLabels(['a"}</style>', 'plain 1.0']);
  t.match(sheet, 'nth-child(3)::before { content: "a\\22 \\7d \\3c /style\\3e "; }');
  t.match(sheet, 'nth-child(4)::before { content: "plain 1.0"; }');
  t.end();
});

t.test('what is sent in pieces is in the log as octets only, cut like payloads', async (t) => {
  const { log } = await captureWrites(findCase('6.4.3'), 'client');
  log.octets(false, Buffer.alloc(60));
  log.octets(false, Buffer.alloc(61));
  const report = buildCaseReport(fakeResult('6.4.3', 'OK', 'OK', { log }));
  const wirelog = report['wirelog'] as [kind: string, octets: [length: number, hex: string]][];
  t.same(
    wirelog.filter(([kind]) => kind === 'TF').map(([, [length]]) => length),
    [0, 12],
    'the last frame, and the close frame',
  );
  t.same(
    wirelog.filter(([kind]) => kind === 'RO').map(([, [, hex]]) => hex),
    ['00'.repeat(60), `${'00'.repeat(61)} ...`],
  );
});

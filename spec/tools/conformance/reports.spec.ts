import { createFrameHeader } from 'barewire/codec';
import t from 'tap';
import { noCloseFacts } from '../../../tools/conformance/close-facts.ts';
import { buildCasePage } from '../../../tools/conformance/report/case-page.ts';
import { createDissector } from '../../../tools/conformance/report/dissect.ts';
import { buildIndexPage } from '../../../tools/conformance/report/index-page.ts';
import {
  buildCaseReport,
  buildIndex,
  formatJson,
  reportName,
} from '../../../tools/conformance/report/json.ts';
import { escapeHtml, html } from '../../../tools/conformance/report/markup.ts';
import { payloadText } from '../../../tools/conformance/result.ts';
import { gotBinary, gotPong, gotText, passed } from '../../../tools/conformance/script.ts';
import { WireLog } from '../../../tools/conformance/wire-log.ts';
import { captureWrites, findCase } from './capture.ts';
import { fakeResult } from './results.ts';

const HEADING = { title: 'Peers', when: new Date('2024-02-03T04:05:06Z') };

t.test('the index has the fields of the original, keys sorted, three spaces deep', (t) => {
  const text = formatJson(buildIndex([fakeResult('2.10'), fakeResult('2.2', 'FAILED', 'UNCLEAN')]));
  t.equal(
    text.split('\n').slice(0, 10).join('\n'),
    [
      '{',
      '   "Test Peer/1.0": {',
      '      "2.10": {',
      '         "behavior": "OK",',
      '         "behaviorClose": "OK",',
      '         "duration": 12,',
      '         "remoteCloseCode": 1000,',
      '         "reportfile": "test_peer_1_0_case_2_10.json"',
      '      },',
      '      "2.2": {',
    ].join('\n'),
  );
  t.end();
});

t.test('report files are named as the original names them', (t) => {
  t.equal(reportName('ws 8.23.0', '1.1.1'), 'ws_8_23_0_case_1_1_1');
  t.equal(reportName('  Ünder/Score!', '9.10.1'), 'nder_score_case_9_10_1');
  t.end();
});

t.test('7.1.6 lists what the original lists, though it is INFORMATIONAL', (t) => {
  t.same(buildCaseReport(fakeResult('7.1.6', 'INFORMATIONAL', 'INFORMATIONAL'))['expected'], {
    OK: [['message', 'Hello World!', false]],
    'NON-STRICT': [],
  });
  t.end();
});

t.test('traffic counts the frames of messages only', (t) => {
  const log = new WireLog(() => 0, false);
  for (const opcode of [2, 0, 9, 10, 8]) {
    const header = { ...createFrameHeader(), opcode };
    for (const isOut of [true, false]) log.frame(isOut, header, Buffer.alloc(0));
  }
  const counts = { messages: 1, app: 2, payload: 1 };
  const { trafficStats } = fakeResult('12.1.1', 'OK', 'OK', {
    ...{ log, peer: { sent: counts, received: counts } },
  });
  t.equal(trafficStats?.outgoing.WebSocketFrames, 2);
  t.equal(trafficStats?.incoming.WebSocketFrames, 2);
  t.end();
});

t.test('an illegal close code is 1000 in JSON, as in the original', (t) => {
  const facts = { ...noCloseFacts(), remoteCloseCode: 1004, hasIllegalCloseCode: true };
  const result = fakeResult('7.9.3', 'FAILED', 'WRONG CODE', { facts });
  t.equal(buildCaseReport(result)['remoteCloseCode'], 1000);
  t.equal(buildIndex([result])['Test Peer/1.0']?.['7.9.3']?.remoteCloseCode, 1000);
  t.end();
});

/** The fields of a case file. */
const FIELDS = [
  ...['agent', 'id', 'case', 'description', 'expectation', 'started', 'duration', 'behavior'],
  ...[
    'behaviorClose',
    'result',
    'resultClose',
    'expected',
    'expectedClose',
    'received',
    'isServer',
  ],
  ...['closedByMe', 'failedByMe', 'droppedByMe', 'wasClean', 'wasNotCleanReason'],
  ...['wasOpenHandshakeTimeout', 'wasCloseHandshakeTimeout', 'wasServerConnectionDropTimeout'],
  ...['localCloseCode', 'localCloseReason', 'remoteCloseCode', 'remoteCloseReason'],
  ...['httpRequest', 'httpResponse', 'reportTime', 'reportCompressionRatio', 'createStats'],
  ...['rxOctetStats', 'txOctetStats', 'rxFrameStats', 'txFrameStats', 'trafficStats'],
  ...['createWirelog', 'wirelog'],
];

t.test('a case file has every field of the original, and no other', async (t) => {
  const { log } = await captureWrites(findCase('6.4.1'), 'client');
  const events = [passed('A'), gotText('grün'), gotBinary(Buffer.from('ff', 'hex')), gotPong('')];
  const report = buildCaseReport(fakeResult('6.4.1', 'NON-STRICT', 'OK', { events, log }));
  t.same(Object.keys(report).sort(), [...FIELDS].sort());
  t.match(report, {
    id: '6.4.1',
    started: '2024-02-03T04:05:06.789Z',
    duration: 12,
    expected: {
      OK: [['timeout', 'A']],
      'NON-STRICT': [
        ['timeout', 'A'],
        ['timeout', 'B'],
      ],
    },
    expectedClose: {
      closedByMe: false,
      closeCode: [1007],
      requireClean: false,
      closedByWrongEndpointIsFatal: true,
    },
    received: [
      ['timeout', 'A'],
      ['message', 'grün', false],
      ['message', '0xff', true],
      ['pong', ''],
    ],
    isServer: false,
    trafficStats: null,
    localCloseCode: null,
  });
  const wirelog = report['wirelog'] as unknown[][];
  t.same(wirelog[0], [
    'TF',
    [11, Buffer.from('cebae1bdb9cf83cebcceb5', 'hex').toString()],
    1,
    false,
    0,
    '01020304',
    null,
    null,
    false,
  ]);
  t.same(
    wirelog.find(([kind]) => kind === 'CT'),
    ['CT', 1, 'A'],
  );
  t.ok(wirelog.some(([kind, tag]) => kind === 'CTE' && tag === 'A'));
  t.same(
    wirelog.find(([kind]) => kind === 'KL'),
    ['KL', 1],
  );
  t.ok(wirelog.some(([kind]) => kind === 'KLE'));
  const out = wirelog.find(([kind]) => kind === 'TO') as [string, [number, string], boolean];
  t.equal(out[1][0], 17);
  t.match(out[1][1], /^018b01020304/);
});

t.test('payloads are shown as text where they are text, cut when they are long', (t) => {
  t.equal(payloadText(Buffer.from('short')), 'short');
  t.equal(payloadText(Buffer.from('00ff', 'hex')), '0x00ff');
  t.equal(payloadText(Buffer.alloc(60, 'a')), 'a'.repeat(60));
  t.equal(payloadText(Buffer.alloc(61, 'a')), `${'a'.repeat(61)} ...`);
  t.equal(payloadText(Buffer.alloc(1000, 'a')), `${'a'.repeat(64)} ...`);
  t.equal(
    payloadText(Buffer.from(`${'a'.repeat(63)}äöü`)),
    `${'a'.repeat(63)} ...`,
    'not within a letter',
  );
  t.end();
});

t.test('frames are taken apart, and the field that breaks a rule is found', async (t) => {
  const { log } = await captureWrites(findCase('3.2'), 'client');
  const dissect = createDissector(fakeResult('3.2', 'OK', 'OK', { log }));
  const frames = log.entries.flatMap((entry) => (entry.kind === 'frame' ? [dissect(entry)] : []));
  t.same(
    frames[1]!.fields.map(({ name, wire, isBad }) => `${name}=${wire}${isBad ? ' !' : ''}`),
    [
      'FIN=1',
      'RSV 1 2 3=010 !',
      'opcode=0001',
      'MASK=1',
      'length=0001101',
      'masking key=01 02 03 04',
      'payload=49 67 6f 68 6e 2e 23 73 6e 70 6f 60 …',
    ],
  );
  t.equal(frames[1]!.broken, 'reserved-bit [RFC 6455 §5.2]');
  t.equal(frames[0]!.broken, undefined);
});

t.test('frames out of order, too long or of a reserved kind are marked', async (t) => {
  const broken = async (id: string): Promise<(string | undefined)[]> => {
    const { log } = await captureWrites(findCase(id), 'server');
    const dissect = createDissector(fakeResult(id, 'OK', 'OK', { log, role: 'server' }));
    return log.entries.flatMap((entry) => (entry.kind === 'frame' ? [dissect(entry).broken] : []));
  };
  t.match((await broken('5.18'))[1], /message-not-finished/);
  t.match((await broken('5.9'))[0], /continuation-without-start/);
  t.match((await broken('5.1'))[0], /control-frame-fragmented/);
  t.match((await broken('2.5'))[0], /control-frame-too-long/);
  t.match((await broken('4.2.1'))[0], /reserved-opcode/);
  t.same((await broken('5.6')).slice(0, 3), [undefined, undefined, undefined]);
});

t.test('pages escape what testees say', (t) => {
  t.equal(escapeHtml(`<script>"'&\u0000\u0085`), '&lt;script&gt;&quot;&#39;&amp;\u2400\u2421');
  t.equal(
    html`<b title="${'"x"'}">${['<', html`<i>`]}</b>`.source,
    '<b title="&quot;x&quot;">&lt;<i></b>',
  );
  const evil = '<img src=x onerror=alert(1)>';
  const results = [
    fakeResult('2.1', 'OK', 'OK', { agent: evil, httpResponse: evil, events: [gotText(evil)] }),
  ];
  for (const text of [
    buildIndexPage(results, HEADING),
    buildCasePage(results[0]!, { previous: undefined, next: undefined }),
  ]) {
    t.notMatch(text, /<img/);
    t.match(text, /&lt;img/);
  }
  t.end();
});

t.test('pages need nothing from elsewhere', (t) => {
  const results = [fakeResult('2.1'), fakeResult('6.4.1', 'NON-STRICT')];
  for (const text of [
    buildIndexPage(results, HEADING),
    buildCasePage(results[0]!, { previous: '1.2.8', next: '2.2' }),
  ]) {
    t.notMatch(text, /(?:src|href)="(?!#|[a-z0-9_.-]+\.html)/);
    t.notMatch(text, /@import|url\(/);
    t.match(text, /prefers-color-scheme: dark/);
  }
  t.end();
});

/**
 * Which opening handshakes are good enough to begin: as in the original, and no stricter.
 */
import t from 'tap';
import { scanHead } from '../../../tools/conformance/head-scan.ts';
import { buildRefusal, buildRequest, buildResponse } from '../../../tools/conformance/opening.ts';
import {
  findResponseFault,
  readRequestLine,
  readStatusLine,
} from '../../../tools/conformance/opening-rules.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const RESPONSE = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
];

/** Changes the line that begins so, or adds one. */
const edit = (lines: readonly string[], start: string, ...line: string[]): string[] => [
  ...lines.flatMap((each) => (start !== '' && each.startsWith(start) ? line : [each])),
  ...(start === '' ? line : []),
];

function judge(lines: readonly string[]): string | undefined {
  const head = scanHead(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))!;
  const line = readStatusLine(head);
  return line === undefined ? 'no status line' : findResponseFault(head, line, KEY, ['chat']);
}

t.test('responses that the original takes', (t) => {
  for (const [what, lines] of Object.entries({
    'as it should be': RESPONSE,
    'no reason': edit(RESPONSE, 'HTTP', 'HTTP/1.1 101'),
    'other letters': edit(RESPONSE, 'Upgrade', 'UPGRADE: WebSocket'),
    'white space before a colon': edit(RESPONSE, 'Upgrade', 'Upgrade : websocket'),
    'a list of connection options': edit(RESPONSE, 'Conn', 'Connection: keep-alive, upgrade'),
    'a body that is none': edit(RESPONSE, '', 'Content-Length: 0', 'Transfer-Encoding: chunked'),
    'an empty subprotocol': edit(RESPONSE, '', 'Sec-WebSocket-Protocol:'),
    'the subprotocol that was offered': edit(RESPONSE, '', 'Sec-WebSocket-Protocol: chat'),
    'a line that is no field': edit(RESPONSE, '', 'what is this'),
  })) {
    t.equal(judge(lines), undefined, what);
  }
  t.end();
});

t.test('responses that it refuses', (t) => {
  for (const [lines, reason] of [
    [edit(RESPONSE, 'HTTP', 'HTTP/1.0 101 OK'), /version is HTTP\/1\.0/],
    [edit(RESPONSE, 'HTTP', 'HTTP/1.1 404 Not Found'), /status 404 Not Found/],
    [edit(RESPONSE, 'HTTP', 'WebSocket yes'), /no status line/],
    [edit(RESPONSE, 'Upgrade'), /no Upgrade/],
    [edit(RESPONSE, 'Upgrade', 'Upgrade: h2c'), /no Upgrade/],
    [edit(RESPONSE, 'Connection', 'Connection: close'), /no Connection/],
    [edit(RESPONSE, 'Sec-WebSocket-Accept'), /0 times/],
    [edit(RESPONSE, '', `Sec-WebSocket-Accept: ${ACCEPT}`), /2 times/],
    [edit(RESPONSE, 'Sec', `Sec-WebSocket-Accept: ${ACCEPT.toLowerCase()}`), /not the answer/],
    [edit(RESPONSE, '', 'Sec-WebSocket-Protocol: news'), /"news" was not offered/],
    [edit(RESPONSE, '', 'Sec-WebSocket-Protocol: chat', 'Sec-WebSocket-Protocol: chat'), /once/],
    [edit(RESPONSE, '', 'Sec-WebSocket-Extensions: a', 'Sec-WebSocket-Extensions: b'), /once/],
  ] as const) {
    t.match(judge(lines), reason);
  }
  t.end();
});

const REQUEST = [
  'GET /runCase?case=1 HTTP/1.1',
  'Host: localhost:9001',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
];

const ask = (lines: readonly string[]) =>
  readRequestLine(scanHead(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))!);

t.test('requests', (t) => {
  const good = { target: '/runCase?case=1', key: KEY };
  t.same(ask(REQUEST), good);
  t.same(ask(edit(REQUEST, 'Upgrade', 'upgrade : h2c, WebSocket')), good);
  t.same(ask(edit(REQUEST, '', 'Content-Length: 0', 'what is this')), good);
  for (const [lines, status] of [
    [edit(REQUEST, 'GET', 'GET /runCase HTTP/1.1 more'), 400],
    [edit(REQUEST, 'GET', 'GET'), 400],
    [edit(REQUEST, 'GET', 'POST / HTTP/1.1'), 405],
    [edit(REQUEST, 'GET', 'GET / HTTP/1.0'), 505],
    [edit(REQUEST, 'Host'), 400],
    [edit(REQUEST, '', 'Host: another'), 400],
    [edit(REQUEST, 'Upgrade'), 426],
    [edit(REQUEST, 'Connection'), 400],
    [edit(REQUEST, 'Sec-WebSocket-Version', 'Sec-WebSocket-Version: 12'), 426],
    [edit(REQUEST, 'Sec-WebSocket-Key'), 400],
    [edit(REQUEST, 'Sec-WebSocket-Key', 'Sec-WebSocket-Key: short=='), 400],
    [edit(REQUEST, '', `Sec-WebSocket-Key: ${KEY}`), 400],
  ] as const) {
    t.match(ask(lines), { status }, lines.join(' | '));
  }
  t.end();
});

t.test('the protocol is spelled as the original spells it, in both roles', (t) => {
  const target = {
    url: 'ws://x/',
    host: 'x',
    port: 80,
    isSecure: false,
    path: '/',
    authority: 'x',
  };
  t.match(
    buildRequest(target, KEY, undefined),
    '\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n',
  );
  t.match(buildResponse('accept', undefined), '\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n');
  t.end();
});

t.test('says in a refusal what its status demands', (t) => {
  t.match(buildRefusal(405, 'no'), /^HTTP\/1\.1 405 .*\r\n(?:.*\r\n)*Allow: GET\r\n/);
  t.match(buildRefusal(426, 'no'), /^HTTP\/1\.1 426 .*\r\n(?:.*\r\n)*Upgrade: websocket\r\n/);
  t.notMatch(buildRefusal(400, 'no'), /allow|upgrade/i);
  t.end();
});

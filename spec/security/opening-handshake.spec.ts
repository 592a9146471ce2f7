/**
 * What the opening handshake has broken elsewhere: quadratic parsers, inherited names, injected
 * lines, pages of other origins.
 */
import { parseExtensionList } from 'barewire/deflate';
import {
  type AcceptableUpgrade,
  buildUpgradeRequest,
  buildUpgradeResponse,
  checkOrigin,
  parseSubprotocols,
  type RefusedUpgrade,
  readUpgradeRequest,
  readUpgradeResponse,
  selectSubprotocol,
} from 'barewire/handshake';
import { RequestReader } from 'barewire/http';
import t from 'tap';
import { fieldsOf } from '../support/field-lookup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HEAD =
  'GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`;

/** Reads a request in bytes; `status` 0 means that the HTTP reader has refused it. */
function readBytes(bytes: Buffer): AcceptableUpgrade | RefusedUpgrade | undefined {
  let result: AcceptableUpgrade | RefusedUpgrade | undefined;
  const reader = new RequestReader({
    head(head) {
      reader.pause();
      result = readUpgradeRequest(head, { deflate: true });
    },
    body() {},
    end() {},
    failed() {},
  });
  reader.receive(bytes);
  return result;
}

/** Values of a megabyte: a quadratic parser needs hours for them, and the spec times out. */
const MEGABYTE: readonly (readonly [title: string, value: string])[] = [
  ['spaces', `foo;${' '.repeat(2 ** 20)}@`],
  ['spaces in a list', `foo${' '.repeat(2 ** 20)}bar`],
  ['backslashes in an open quote', `foo; bar="${'\\a'.repeat(2 ** 19)}`],
  ['quotes', `foo; bar=${'"'.repeat(2 ** 20)}`],
  ['parameters', `foo${';a'.repeat(2 ** 19)};`],
  ['parameters with values', `foo${';a="b"'.repeat(2 ** 18)};`],
  ['commas', 'a,'.repeat(2 ** 19)],
  ['tabs and commas', `a\t,\t${',\t'.repeat(2 ** 19)}`],
  ['one name', `${'a'.repeat(2 ** 20)} b`],
];

for (const [title, value] of MEGABYTE) {
  t.test(`a megabyte of ${title} is refused in linear time`, (t) => {
    t.throws(() => parseExtensionList(value, 2 ** 20), { code: 'extension-list-malformed' });
    t.throws(() => parseSubprotocols(value), { code: 'handshake-subprotocol' });
    const lines = [['upgrade', value] as const, ['connection', value] as const];
    const request = { method: 'GET', target: '/', version: '1.1', fields: fieldsOf(lines) };
    t.match(readUpgradeRequest(request), { ok: false, status: 426 });
    t.end();
  });
}

t.test('half a million subprotocols are told apart in linear time', (t) => {
  const names = Array.from({ length: 500_000 }, (_, at) => `p${at}`);
  t.equal(parseSubprotocols(names.join(',')).length, 500_000);
  t.equal(selectSubprotocol(names, names.toReversed()), 'p0');
  t.throws(() => parseSubprotocols([...names, 'p0'].join(',')), { code: 'handshake-subprotocol' });
  t.end();
});

t.test('names that objects inherit are names like others', (t) => {
  const lists =
    'Sec-WebSocket-Protocol: __proto__, constructor\r\n' +
    'Sec-WebSocket-Extensions: __proto__; constructor, permessage-deflate; __proto__\r\n\r\n';
  const result = readBytes(Buffer.from(HEAD + lists));
  t.match(result, { ok: true, extension: undefined });
  const upgrade = result as AcceptableUpgrade;
  t.same(upgrade.protocols, ['__proto__', 'constructor']);
  t.equal(selectSubprotocol(upgrade.protocols, ['chat']), undefined);
  t.throws(() => buildUpgradeResponse(upgrade, { protocol: 'toString' }), {
    code: 'invalid-argument',
  });
  t.same(Object.keys(Object.prototype), []);
  t.end();
});

t.test('too many extensions are refused, none is dropped', (t) => {
  const value = Array(65).fill('a').join(',');
  const result = readBytes(Buffer.from(`${HEAD}Sec-WebSocket-Extensions: ${value}\r\n\r\n`));
  t.match(result, { ok: false, status: 431, error: { code: 'too-many-extensions' } });
  t.end();
});

t.test('any byte at any place ends in an answer, never in an exception', (t) => {
  const request = Buffer.from(
    `${HEAD}Origin: https://a.example\r\nSec-WebSocket-Protocol: a, b\r\n` +
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits="10"\r\n\r\n',
  );
  t.match(readBytes(request), { ok: true });
  let answered = 0;
  for (let at = 0; at < request.length; at += 1) {
    for (let value = 0; value < 256; value += 1) {
      const spoiled = Buffer.from(request);
      spoiled[at] = value;
      const result = readBytes(spoiled);
      if (result === undefined || result.ok || result.status >= 400) answered += 1;
    }
  }
  t.equal(answered, request.length * 256);
  t.end();
});

t.test('no option of ours can inject a line into a head', (t) => {
  const upgrade = readBytes(Buffer.from(`${HEAD}Sec-WebSocket-Protocol: a\r\n\r\n`));
  for (const evil of ['a\r\nx: y', 'a\nx: y', 'a\rx', 'a\0', 'a\u010d\u010a']) {
    const code = /^invalid-/;
    const headers = [['x', evil] as const];
    const wishes = { host: 'a', target: '/' };
    for (const build of [
      () => buildUpgradeResponse(upgrade as AcceptableUpgrade, { headers }),
      () => buildUpgradeResponse(upgrade as AcceptableUpgrade, { headers: [[evil, 'x']] }),
      () => buildUpgradeResponse(upgrade as AcceptableUpgrade, { protocol: evil }),
      () => buildUpgradeRequest({ ...wishes, headers }, KEY),
      () => buildUpgradeRequest({ ...wishes, headers: [[evil, 'x']] }, KEY),
      () => buildUpgradeRequest({ ...wishes, host: evil }, KEY),
      () => buildUpgradeRequest({ ...wishes, target: `/${evil}` }, KEY),
      () => buildUpgradeRequest({ ...wishes, origin: evil }, KEY),
      () => buildUpgradeRequest({ ...wishes, offer: evil }, KEY),
      () => buildUpgradeRequest({ ...wishes, protocols: [evil] }, KEY),
      () => buildUpgradeRequest(wishes, evil),
    ]) {
      t.throws(build, { code });
    }
  }
  t.end();
});

t.test('a request with a body is no handshake: its body would be read as frames', (t) => {
  for (const framing of ['Content-Length: 5\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n']) {
    const result = readBytes(Buffer.from(HEAD + framing));
    t.match(result, { ok: false, error: { code: 'handshake-with-body' } });
  }
  t.end();
});

t.test('only the answer to this very request opens a connection', (t) => {
  const lines = (accept: string) =>
    fieldsOf([
      ['upgrade', 'websocket'],
      ['connection', 'upgrade'],
      ['sec-websocket-accept', accept],
    ]);
  const read = (accept: string) =>
    readUpgradeResponse({ version: '1.1', status: 101, fields: lines(accept) }, {}, KEY);
  t.match(read('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='), { ok: true });
  for (const accept of [KEY, '', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo']) {
    t.match(read(accept), { ok: false, error: { code: 'bad-accept' } });
  }
  t.end();
});

t.test('a page of another origin is refused unless somebody says otherwise', (t) => {
  for (const [origin, isSame] of [
    ['https://a.example', true],
    ['http://A.example:80', true],
    ['https://evil.example', false],
    ['https://a.example.evil.example', false],
    ['https://a.example:8443', false],
    ['null', false],
    ['file://', false],
    ['chrome-extension://a.example', false],
    ['https://xn--a-example-', false],
    ['https://[::1]', false],
  ] as const) {
    const result = readBytes(Buffer.from(`${HEAD}Origin: ${origin}\r\n\r\n`));
    t.match(result, isSame ? { ok: true } : { ok: false, status: 403 }, origin);
  }
  t.match(readBytes(Buffer.from(`${HEAD}\r\n`)), { ok: true }, 'no page at all');
  t.notOk(checkOrigin('null', 'null'), 'not even where the host is called so');
  t.end();
});

t.test('a rebound name is stopped by the names that the server goes by', (t) => {
  const fields = fieldsOf([
    ...HEAD.split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(': ') as [string, string]),
    ['Origin', 'http://a.example'],
  ]);
  const request = { method: 'GET', target: '/', version: '1.1', fields };
  t.match(readUpgradeRequest(request), { ok: true }, 'it is the same origin');
  t.match(readUpgradeRequest(request, { hosts: 'loopback' }), { ok: false, status: 403 });
  t.match(readUpgradeRequest(request, { hosts: ['b.example'] }), { ok: false, status: 403 });
  t.match(readUpgradeRequest(request, { hosts: ['a.example'] }), { ok: true });
  t.end();
});

import {
  type AcceptableUpgrade,
  buildUpgradeResponse,
  formatUpgradeResponse,
} from 'barewire/handshake';
import t from 'tap';

const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const UPGRADE: AcceptableUpgrade = {
  ok: true,
  kind: 'upgrade',
  accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  host: 'a',
  origin: undefined,
  protocols: ['v2', 'v1'],
  extension: { parameters: PARAMETERS, response: 'permessage-deflate' },
};

const IDS =
  '6455-4.2.2-1 6455-4.2.2-17 6455-4.2.2-18 6455-4.2.2-19 6455-4.2.2-20 6455-4.3-6 6455-11.3.2-2';
t.test(`writes the response, byte for byte [${IDS}]`, (t) => {
  const response = buildUpgradeResponse(UPGRADE, {
    protocol: 'v1',
    headers: [['Set-Cookie', 'a=b']],
  });
  t.equal(
    formatUpgradeResponse(response),
    'HTTP/1.1 101 Switching Protocols\r\n' +
      'upgrade: websocket\r\n' +
      'connection: Upgrade\r\n' +
      'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
      'sec-websocket-protocol: v1\r\n' +
      'sec-websocket-extensions: permessage-deflate\r\n' +
      'set-cookie: a=b\r\n\r\n',
  );
  t.end();
});

t.test('names no subprotocol and no extension that is not in use [6455-4.2.2-13]', (t) => {
  const { fields } = buildUpgradeResponse({ ...UPGRADE, extension: undefined });
  t.same(
    fields.map(([name]) => name),
    ['upgrade', 'connection', 'sec-websocket-accept'],
  );
  t.end();
});

t.test('refuses a subprotocol that was not offered [6455-4.2.2-12 6455-4.2.2-14]', (t) => {
  for (const protocol of ['', 'v3', 'V1', 'v1, v2', '__proto__']) {
    t.throws(() => buildUpgradeResponse(UPGRADE, { protocol }), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('refuses a second line of a field that is no list [9110-5.3-3]', (t) => {
  const build = (...headers: (readonly [string, string])[]): unknown =>
    buildUpgradeResponse(UPGRADE, { headers });
  for (const name of ['Server', 'date', 'content-type']) {
    t.throws(() => build([name, 'a'], ['x', 'y'], [name.toUpperCase(), 'a']), {
      code: 'invalid-header',
    });
    t.doesNotThrow(() => build([name, 'a']));
  }
  t.doesNotThrow(() =>
    build(['set-cookie', 'a=b'], ['set-cookie', 'c=d'], ['vary', 'a'], ['vary', 'b']),
  );
  t.end();
});

t.test('refuses fields that would break the head or the handshake', (t) => {
  const bad: readonly (readonly [string, string])[] = [
    ['x', 'a\r\nset-cookie: b'],
    ['x', 'a\nb'],
    ['x', 'a\0'],
    ['x', '\u0161'],
    ['x\r\ny', 'a'],
    ['x y', 'a'],
    ['x:', 'a'],
    ['', 'a'],
    ['Content-Length', '5'],
    ['transfer-encoding', 'chunked'],
    ['Connection', 'close'],
    ['upgrade', 'h2c'],
    ['Sec-WebSocket-Accept', 'a'],
    ['sec-websocket-extensions', 'foo'],
    ['sec-websocket-protocol', 'v1'],
  ];
  for (const field of bad) {
    t.throws(
      () => buildUpgradeResponse(UPGRADE, { headers: [field] }),
      { code: 'invalid-header' },
      JSON.stringify(field),
    );
  }
  t.end();
});

t.test('answers an extended CONNECT with 200 and without a key [8441-5-13 8441-5-12]', (t) => {
  const upgrade: AcceptableUpgrade = { ...UPGRADE, kind: 'extended-connect', accept: '' };
  const response = buildUpgradeResponse(upgrade, { protocol: 'v2', headers: [['X-A', 'b']] });
  t.same(response, {
    status: 200,
    fields: [
      ['sec-websocket-protocol', 'v2'],
      ['sec-websocket-extensions', 'permessage-deflate'],
      ['x-a', 'b'],
    ],
  });
  t.throws(() => formatUpgradeResponse(response), { code: 'invalid-argument' });
  t.end();
});

t.test('writes no field that was added to a response unchecked', (t) => {
  const response = buildUpgradeResponse(UPGRADE);
  for (const field of [
    ['x', 'a\r\nb: c'],
    ['x\r\ny', 'a'],
    ['x', '\0'],
    ['', 'a'],
  ] as const) {
    const added = { ...response, fields: [...response.fields, field] };
    t.throws(() => formatUpgradeResponse(added), { code: 'invalid-header' });
  }
  t.end();
});

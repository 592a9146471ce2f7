import {
  buildExtendedConnect,
  buildUpgradeRequest,
  readUpgradeRequest,
  readUpgradeResponse,
  type UpgradeWishes,
} from 'barewire/handshake';
import t from 'tap';
import { fieldsOf } from '../support/field-lookup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const WISHES: UpgradeWishes = { host: 'example.com', target: '/chat?x=1' };

const ASKING =
  '6455-4.1-19 6455-4.1-20 6455-4.1-21 6455-4.1-22 6455-4.1-23 6455-4.1-24 6455-4.1-25 6455-4.1-26 ' +
  '6455-4.1-27 6455-4.1-28 6455-4.1-30 6455-4.1-34 6455-4.1-35 6455-4.1-40 6455-11.3.5-2';
t.test(`asks, byte for byte, with one version [${ASKING}]`, (t) => {
  const head = buildUpgradeRequest(
    {
      ...WISHES,
      protocols: ['v2', 'v1'],
      offer: 'permessage-deflate; client_max_window_bits',
      origin: 'https://example.com',
      headers: [['Cookie', 'a=b']],
    },
    KEY,
  );
  t.equal(
    head,
    'GET /chat?x=1 HTTP/1.1\r\n' +
      'Host: example.com\r\n' +
      'Upgrade: websocket\r\n' +
      'Connection: Upgrade\r\n' +
      `Sec-WebSocket-Key: ${KEY}\r\n` +
      'Sec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Protocol: v2, v1\r\n' +
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' +
      'Origin: https://example.com\r\n' +
      'Cookie: a=b\r\n\r\n',
  );
  t.end();
});

t.test('leaves out what is not wanted [6455-4.1-36 6455-4.1-39]', (t) => {
  const head = buildUpgradeRequest(WISHES, KEY);
  t.notMatch(head, /protocol:|extensions:|origin:/i);
  t.end();
});

t.test('refuses to write what would break the request [6455-4.1-3 6455-4.1-33]', (t) => {
  const bad: readonly (readonly [Partial<UpgradeWishes>, string])[] = [
    [{ target: '' }, 'invalid-argument'],
    [{ target: 'chat' }, 'invalid-argument'],
    [{ target: '/a b' }, 'invalid-argument'],
    [{ target: '/a#b' }, 'invalid-argument'],
    [{ target: '/é' }, 'invalid-argument'],
    [{ target: '/\r\nx: y' }, 'invalid-argument'],
    [{ host: '' }, 'invalid-argument'],
    [{ host: 'a b' }, 'invalid-argument'],
    [{ host: 'user@a' }, 'invalid-argument'],
    [{ host: 'a/b' }, 'invalid-argument'],
    [{ host: 'a"b' }, 'invalid-argument'],
    [{ host: 'a%b' }, 'invalid-argument'],
    [{ host: '::1' }, 'invalid-argument'],
    [{ host: 'a:b' }, 'invalid-argument'],
    [{ host: 'a\r\nx: y' }, 'invalid-argument'],
    [{ protocols: ['a', 'a'] }, 'invalid-argument'],
    [{ offer: 'foo;' }, 'invalid-argument'],
    [{ origin: 'a\r\nx: y' }, 'invalid-header'],
    // An origin is serialised in ASCII [RFC 6454 §6.2].
    [{ origin: 'https://bücher.example' }, 'invalid-header'],
    [{ headers: [['a b', 'c']] }, 'invalid-header'],
    [{ headers: [['a', 'b\r\nc: d']] }, 'invalid-header'],
    [{ headers: [['HOST', 'b']] }, 'invalid-header'],
    [{ headers: [['Sec-WebSocket-Key', KEY]] }, 'invalid-header'],
    [{ headers: [['content-length', '5']] }, 'invalid-header'],
    [{ headers: [['sec-websocket-VERSION', '13']] }, 'invalid-header'], // [6455-11.3.5-2]
  ];
  for (const [wishes, code] of bad) {
    const build = () => buildUpgradeRequest({ ...WISHES, ...wishes }, KEY);
    t.throws(() => buildExtendedConnect({ ...WISHES, ...wishes }, 'https'), { code });
    t.throws(build, { code }, JSON.stringify(wishes));
  }
  t.throws(() => buildUpgradeRequest(WISHES, 'abc'), { code: 'invalid-argument' });
  t.end();
});

t.test('lets no caller set a field of the handshake, or announce a body', (t) => {
  for (const name of [
    'host',
    'upgrade',
    'connection',
    'origin',
    'content-length',
    'transfer-encoding',
    'sec-websocket-key',
    'sec-websocket-version',
    'sec-websocket-accept',
    'sec-websocket-protocol',
    'sec-websocket-extensions',
  ]) {
    for (const written of [name, name.toUpperCase()]) {
      const wishes = { ...WISHES, headers: [[written, '1']] as const };
      const code = { code: 'invalid-header' };
      t.throws(() => buildUpgradeRequest(wishes, KEY), code, written);
      t.throws(() => buildExtendedConnect(wishes, 'https'), code, written);
    }
  }
  t.end();
});

t.test(
  'asks by extended CONNECT without key, Connection, Upgrade and Host [8441-4-2 8441-5-1 8441-5-2 8441-5-9]',
  (t) => {
    const fields = buildExtendedConnect({ ...WISHES, protocols: ['a'] }, 'https');
    t.same(fields, [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'https'],
      [':path', '/chat?x=1'],
      [':authority', 'example.com'],
      ['sec-websocket-version', '13'],
      ['sec-websocket-protocol', 'a'],
    ]);
    const request = Object.fromEntries(fields);
    const result = readUpgradeRequest({
      method: 'CONNECT',
      version: '2.0',
      target: request[':path']!,
      protocol: request[':protocol'],
      scheme: request[':scheme'],
      authority: request[':authority'],
      fields: fieldsOf(fields),
    });
    t.match(result, { ok: true, kind: 'extended-connect', host: 'example.com' });
    const plain = Object.fromEntries(buildExtendedConnect(WISHES, 'http'));
    t.equal(plain[':scheme'], 'http', 'for ws: [8441-5-6], as https is for wss: [8441-5-5]');
    t.end();
  },
);

type Line = readonly [name: string, value: string];

const ANSWER: readonly Line[] = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
];

function answer(fields: readonly Line[], status = 101, version = '1.1') {
  const wishes = { protocols: ['v2', 'v1'], offer: 'permessage-deflate; client_max_window_bits' };
  return readUpgradeResponse({ version, status, fields: fieldsOf(fields) }, wishes, KEY);
}

t.test('takes an answer that leaves everything out [6455-4.1-52 6455-4.1-54 6455-9.1-6]', (t) => {
  t.same(answer(ANSWER), { ok: true, protocol: undefined, extension: undefined });
  t.end();
});

t.test('takes subprotocol and extension of the answer [6455-4.1-53 6455-4.2.2-23]', (t) => {
  const fields: Line[] = [
    ...ANSWER,
    ['sec-websocket-protocol', ' v1 '],
    ['sec-websocket-extensions', 'permessage-deflate; server_max_window_bits=10'],
  ];
  t.match(answer(fields), { ok: true, protocol: 'v1', extension: { serverMaxWindowBits: 10 } });
  t.end();
});

const swap = (name: string, ...values: readonly string[]): Line[] => [
  ...ANSWER.filter((line) => line[0] !== name),
  ...values.map((value): Line => [name, value]),
];

const FAILURES: readonly (readonly [
  title: string,
  code: string,
  fields: Line[],
  ...rest: [number?, string?],
])[] = [
  ['HTTP/1.0', 'bad-version', [...ANSWER], 101, '1.0'],
  ['200', 'bad-status', [...ANSWER], 200],
  ['another 1xx', 'bad-status', [...ANSWER], 102],
  ['no Upgrade [6455-4.1-45]', 'bad-upgrade', swap('Upgrade')],
  ['another Upgrade', 'bad-upgrade', swap('Upgrade', 'h2c')],
  ['a list of upgrades', 'bad-upgrade', swap('Upgrade', 'websocket, h2c')],
  ['no Connection [6455-4.1-46]', 'bad-connection', swap('Connection')],
  ['a Connection without upgrade', 'bad-connection', swap('Connection', 'close')],
  ['no accept [6455-4.1-47]', 'bad-accept', swap('Sec-WebSocket-Accept')],
  ['another accept', 'bad-accept', swap('Sec-WebSocket-Accept', KEY)],
  [
    'the accept in another case',
    'bad-accept',
    swap('Sec-WebSocket-Accept', 'S3PPLMBITXAQ9KYGZZHZRBK+XOO='),
  ],
  ['the accept twice [6455-11.3.3-1]', 'bad-accept', [...ANSWER, ANSWER[2]!]],
  ['a foreign extension', 'bad-extension', [...ANSWER, ['Sec-WebSocket-Extensions', 'foo']]],
  [
    'a malformed extension list [6455-4.1-50]',
    'bad-extension',
    [...ANSWER, ['Sec-WebSocket-Extensions', 'foo;']],
  ],
  [
    'a foreign subprotocol [6455-4.1-49]',
    'bad-subprotocol',
    [...ANSWER, ['Sec-WebSocket-Protocol', 'v3']],
  ],
  [
    'a list of subprotocols [6455-4.3-5]',
    'bad-subprotocol',
    [...ANSWER, ['Sec-WebSocket-Protocol', 'v2, v1']],
  ],
  [
    'two subprotocols [6455-11.3.4-2]',
    'bad-subprotocol',
    [...ANSWER, ['Sec-WebSocket-Protocol', 'v2'], ['Sec-WebSocket-Protocol', 'v2']],
  ],
  ['an empty subprotocol', 'bad-subprotocol', [...ANSWER, ['Sec-WebSocket-Protocol', '']]],
];

for (const [title, code, fields, status, version] of FAILURES) {
  t.test(`fails on ${title} with ${code} [6455-4.1-42]`, (t) => {
    t.match(answer(fields, status, version), { ok: false, error: { code } });
    t.end();
  });
}

t.test('takes any 2xx for the answer to an extended CONNECT [8441-5-13 8441-5-15]', (t) => {
  const read = (status: number) =>
    readUpgradeResponse({ version: '2.0', status, fields: fieldsOf([]) }, {}, undefined);
  t.match(read(200), { ok: true });
  t.match(read(204), { ok: true });
  for (const status of [101, 199, 300, 404, 501]) {
    t.match(read(status), { ok: false, error: { code: 'bad-status' } });
  }
  t.end();
});

t.test('throws on an offer of its own that is malformed', (t) => {
  const fields = fieldsOf([...ANSWER, ['Sec-WebSocket-Extensions', 'foo']]);
  const response = { version: '1.1', status: 101, fields };
  t.throws(() => readUpgradeResponse(response, { offer: ';' }, KEY), { code: 'invalid-argument' });
  t.end();
});

t.test('fails on an answer to what it has not wished for', (t) => {
  for (const [name, value, code] of [
    ['Sec-WebSocket-Extensions', 'permessage-deflate', 'bad-extension'],
    ['Sec-WebSocket-Extensions', '', 'bad-extension'],
    ['Sec-WebSocket-Protocol', 'v1', 'bad-subprotocol'],
  ] as const) {
    const fields = fieldsOf([...ANSWER, [name, value]]);
    const result = readUpgradeResponse({ version: '1.1', status: 101, fields }, {}, KEY);
    t.match(result, { ok: false, error: { code } }, `${name}: ${value}`);
  }
  t.end();
});

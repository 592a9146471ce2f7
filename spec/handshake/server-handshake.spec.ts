import {
  type AcceptableUpgrade,
  checkUpgradePolicy,
  type RefusedUpgrade,
  readUpgradeRequest,
  type UpgradePolicy,
  type UpgradeRequest,
} from 'barewire/handshake';
import t from 'tap';
import { fieldsOf } from '../support/field-lookup.ts';

type Line = readonly [name: string, value: string];

const LINES: readonly Line[] = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];
const CONNECT_LINES: readonly Line[] = [['sec-websocket-version', '13']];
const CONNECT = {
  method: 'CONNECT',
  version: '2.0',
  target: '/chat',
  protocol: 'websocket',
  scheme: 'https',
  authority: 'example.com',
};

/** The lines without some names, and with others. */
function lines(changes: Record<string, string | undefined>, base = LINES): Line[] {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = base.filter(([name]) => !names.has(name.toLowerCase()));
  const added = Object.entries(changes).flatMap(([name, value]): Line[] =>
    value === undefined ? [] : [[name, value]],
  );
  return [...kept, ...added];
}

function read(
  fields: readonly Line[],
  request: Partial<UpgradeRequest> = {},
  policy: UpgradePolicy = {},
): AcceptableUpgrade | RefusedUpgrade {
  const whole = { method: 'GET', target: '/chat', version: '1.1', fields: fieldsOf(fields) };
  return readUpgradeRequest({ ...whole, ...request }, policy);
}

t.test(
  'takes a correct handshake, whatever the order of its fields [6455-4.2.1-12 6455-4.4-2]',
  (t) => {
    for (const fields of [LINES, LINES.toReversed(), [...LINES, ['X-Other', 'a'] as const]]) {
      t.match(read(fields), {
        ok: true,
        kind: 'upgrade',
        accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
        host: 'example.com',
        origin: undefined,
        protocols: [],
        extension: undefined,
      });
    }
    t.end();
  },
);

const TAKEN: readonly (readonly [title: string, changes: Record<string, string>])[] = [
  [
    'upper-case values [6455-4.2.1-5 6455-4.2.1-6]',
    { Upgrade: 'WebSocket', Connection: 'UPGRADE' },
  ],
  ['lists that hold the tokens', { Upgrade: 'h2c, websocket', Connection: 'keep-alive, Upgrade' }],
  ['a body of no bytes', { 'Content-Length': '0' }],
];

for (const [title, changes] of TAKEN) {
  t.test(`takes ${title}`, (t) => {
    t.equal(read(lines(changes)).ok, true);
    t.end();
  });
}

type Refusal = readonly [
  title: string,
  changes: Record<string, string | undefined>,
  request: Partial<UpgradeRequest>,
  expected: object,
];

const UPGRADE_NEEDED = { upgrade: 'websocket', connection: 'upgrade' };

const REFUSALS: readonly Refusal[] = [
  [
    'another method [6455-4.2.1-2]',
    {},
    { method: 'POST' },
    { status: 405, headers: { allow: 'GET' }, error: { code: 'handshake-method' } },
  ],
  ['a method in lower case', {}, { method: 'get' }, { status: 405 }],
  [
    'HTTP/1.0 [6455-4.2.1-2]',
    {},
    { version: '1.0' },
    { status: 400, error: { code: 'handshake-http-version' } },
  ],
  ['a GET over HTTP/2 [8441-5-4]', {}, { version: '2.0' }, { status: 400 }],
  [
    'no Host [6455-4.2.1-4]',
    { Host: undefined },
    {},
    { status: 400, error: { code: 'handshake-host' } },
  ],
  [
    'no Upgrade',
    { Upgrade: undefined },
    {},
    { status: 426, headers: UPGRADE_NEEDED, error: { code: 'handshake-not-upgrade' } },
  ],
  ['another upgrade', { Upgrade: 'h2c' }, {}, { status: 426, headers: UPGRADE_NEEDED }],
  ['a longer upgrade token', { Upgrade: 'websocketx' }, {}, { status: 426 }],
  ['a versioned upgrade token', { Upgrade: 'websocket/13' }, {}, { status: 426 }],
  ['no Connection', { Connection: undefined }, {}, { status: 426, headers: UPGRADE_NEEDED }],
  ['a Connection without upgrade', { Connection: 'close' }, {}, { status: 426 }],
  [
    'no key [6455-4.2.1-7]',
    { 'Sec-WebSocket-Key': undefined },
    {},
    { status: 400, error: { code: 'handshake-key' } },
  ],
  ['a key that is none', { 'Sec-WebSocket-Key': 'AAAA' }, {}, { status: 400 }],
  [
    'no version',
    { 'Sec-WebSocket-Version': undefined },
    {},
    {
      status: 400,
      headers: { 'sec-websocket-version': '13' },
      error: { code: 'handshake-version-missing' },
    },
  ],
  [
    'another version [6455-4.2.1-8 6455-4.2.2-9 6455-4.3-7 6455-4.4-3]',
    { 'Sec-WebSocket-Version': '8' },
    {},
    {
      status: 426,
      headers: { 'sec-websocket-version': '13', ...UPGRADE_NEEDED },
      error: { code: 'handshake-version' },
    },
  ],
  [
    'a version with a leading zero [6455-4.3-3]',
    { 'Sec-WebSocket-Version': '013' },
    {},
    { status: 426 },
  ],
  [
    'a body',
    { 'Content-Length': '5' },
    {},
    { status: 400, error: { code: 'handshake-with-body' } },
  ],
  ['a chunked body', { 'Transfer-Encoding': 'chunked' }, {}, { status: 400 }],
  [
    'a malformed subprotocol list',
    { 'Sec-WebSocket-Protocol': 'a b' },
    {},
    { status: 400, error: { code: 'handshake-subprotocol' } },
  ],
  [
    'a malformed extension list, although no extension is wanted',
    { 'Sec-WebSocket-Extensions': 'foo;' },
    {},
    { status: 400, error: { code: 'extension-list-malformed' } },
  ],
];

for (const [title, changes, request, expected] of REFUSALS) {
  t.test(`refuses ${title} [6455-4.2.1-1 6455-10.7-4]`, (t) => {
    t.match(read(lines(changes), request), { ok: false, ...expected });
    t.end();
  });
}

t.test('refuses fields that must stand there once [6455-11.3.1-1 6455-11.3.5-2]', (t) => {
  for (const [name, status] of [
    ['Host', 400],
    ['Sec-WebSocket-Key', 400],
    ['Sec-WebSocket-Version', 426],
    ['Origin', 400],
  ] as const) {
    const value = LINES.find((line) => line[0] === name)?.[1] ?? 'https://example.com';
    const once = name === 'Origin' ? [...LINES, [name, value] as const] : LINES;
    t.match(read([...once, [name, value]]), { ok: false, status }, name);
  }
  t.end();
});

t.test('reads lists from several lines [6455-11.3.2-1 6455-11.3.4-1 6455-9.1-3]', (t) => {
  const fields: Line[] = [
    ...LINES,
    ['Sec-WebSocket-Protocol', 'a'],
    ['Sec-WebSocket-Protocol', 'b, c'],
    ['Sec-WebSocket-Extensions', 'foo'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
  ];
  const result = read(fields, {}, { deflate: true });
  t.match(result, { protocols: ['a', 'b', 'c'], extension: { response: 'permessage-deflate' } });
  t.end();
});

t.test('declines compression unless the policy wants it', (t) => {
  const fields = lines({ 'Sec-WebSocket-Extensions': 'permessage-deflate' });
  t.match(read(fields), { ok: true, extension: undefined });
  t.match(read(fields, {}, { deflate: false }), { ok: true, extension: undefined });
  const bounded = read(fields, {}, { deflate: { serverMaxWindowBits: 10 } });
  t.match(bounded, { extension: { parameters: { serverMaxWindowBits: 10 } } });
  t.end();
});

t.test('refuses pages of other origins by default [6455-10.2-2 6455-4.2.2-7]', (t) => {
  const foreign = lines({ Origin: 'https://evil.example' });
  t.match(read(foreign), { ok: false, status: 403, error: { code: 'handshake-rejected' } });
  t.match(read(foreign, {}, { origins: 'any' }), { ok: true, origin: 'https://evil.example' });
  t.match(read(lines({ Origin: 'https://example.com' })), { ok: true });
  t.match(read(LINES, {}, { hosts: ['other.example'] }), { ok: false, status: 403 });
  const secure = { isSecure: true };
  t.match(read(lines({ Origin: 'http://example.com' }), {}, secure), { status: 403 });
  t.end();
});

t.test('goes by the authority of an absolute target [6455-4.2.1-3]', (t) => {
  const request = { target: 'http://real.example:8080/chat' };
  t.match(read(LINES, request), { ok: true, host: 'real.example:8080' });
  t.match(read(lines({ Origin: 'http://real.example:8080' }), request), { ok: true });
  t.match(read(lines({ Origin: 'http://example.com' }), request), { status: 403 });
  const other = { target: 'ws://real.example/chat' };
  t.match(read(LINES, other), { ok: true, host: 'real.example' }, 'whatever the scheme');
  t.match(read(lines({ Origin: 'http://example.com' }), other), { status: 403 });
  t.end();
});

t.test('checks a policy before there is a request', (t) => {
  t.doesNotThrow(() => checkUpgradePolicy({}));
  t.doesNotThrow(() => checkUpgradePolicy({ origins: 'any', hosts: ['a'], deflate: true }));
  const bad: UpgradePolicy[] = [
    { origins: ['a'] },
    { hosts: ['https://a'] },
    { deflate: { clientMaxWindowBits: 7 } },
    { maxExtensionOffers: -1 },
  ];
  for (const policy of bad) t.throws(() => checkUpgradePolicy(policy), { code: 'invalid-option' });
  t.end();
});

t.test('throws on a bad policy, never on a bad request', (t) => {
  const policy = { deflate: { serverMaxWindowBits: 16 } };
  t.throws(() => read(LINES, {}, policy), { code: 'invalid-option' });
  t.end();
});

t.test('takes an extended CONNECT instead, and needs no key [8441-5-10 8441-5-4 8441-4-3]', (t) => {
  const fields = [...CONNECT_LINES, ['sec-websocket-protocol', 'chat'] as const];
  t.match(read(fields, CONNECT), {
    ok: true,
    kind: 'extended-connect',
    accept: '',
    host: 'example.com',
    protocols: ['chat'],
  });
  const keyed = [...fields, ['sec-websocket-key', 'junk'] as const];
  t.equal(read(keyed, CONNECT).ok, true);
  t.equal(read(fields, { ...CONNECT, protocol: 'WebSocket' }).ok, true);
  t.end();
});

const CONNECT_REFUSALS: readonly Refusal[] = [
  [
    'another :protocol [8441-4-5]',
    {},
    { protocol: 'connect-udp' },
    { status: 501, error: { code: 'handshake-protocol' } },
  ],
  [
    'no :scheme [8441-4-2]',
    {},
    { scheme: undefined },
    { status: 400, error: { code: 'handshake-connect' } },
  ],
  ['another :scheme', {}, { scheme: 'ws' }, { status: 400 }],
  ['no :path [8441-4-2]', {}, { target: '' }, { status: 400 }],
  ['an authority instead of a :path', {}, { target: 'example.com:443' }, { status: 400 }],
  [':protocol on a GET', {}, { method: 'GET' }, { status: 400 }],
  ['a Connection field [8441-5-8]', { connection: 'Upgrade' }, {}, { status: 400 }],
  ['an Upgrade field [8441-5-8]', { upgrade: 'websocket' }, {}, { status: 400 }],
  ['no authority', {}, { authority: undefined }, { status: 400 }],
  ['another version [8441-5-11]', { 'sec-websocket-version': '8' }, {}, { status: 426 }],
  ['a foreign origin [8441-8-1]', { origin: 'https://evil.example' }, {}, { status: 403 }],
  ['a malformed extension list', { 'sec-websocket-extensions': ';' }, {}, { status: 400 }],
];

for (const [title, changes, request, expected] of CONNECT_REFUSALS) {
  t.test(`refuses an extended CONNECT with ${title}`, (t) => {
    const result = read(lines(changes, CONNECT_LINES), { ...CONNECT, ...request });
    t.match(result, { ok: false, ...expected });
    t.end();
  });
}

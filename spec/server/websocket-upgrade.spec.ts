import { type Exchange, HandshakeRejected } from 'barewire';
import { UsageError } from 'barewire/base';
import { completePolicy } from 'barewire/peer';
import t from 'tap';
import { acceptUpgrade, asUpgradeRequest } from '../../lib/server/websocket-upgrade.ts';
import { get, serve } from '../support/serving.ts';

const HANDSHAKE = [
  ...['upgrade: websocket', 'connection: upgrade', 'sec-websocket-version: 13'],
  ...['sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-protocol: a, b'],
];

/** Shows a handler what came. */
async function receive(
  t: Parameters<typeof serve>[0],
  request: string,
  look: (exchange: Exchange) => void,
): Promise<void> {
  const { connect, errors } = await serve(t, (exchange) => {
    look(exchange);
    exchange.respond(200, {}, 'seen');
  });
  await connect().send(request).until('seen');
  t.same(errors, []);
}

t.test('shows an exchange as the handshake wants it', async (t) => {
  await receive(t, get('/chat?x', ...HANDSHAKE), (exchange) => {
    t.match(asUpgradeRequest(exchange), { method: 'GET', target: '/chat?x', version: '1.1' });
    t.equal(asUpgradeRequest(exchange).fields.get('Upgrade'), 'websocket');
    t.equal(exchange.wantsUpgrade, true);
    t.equal(exchange.wantsWebSocket, true);
  });
});

t.test('knows who wants a WebSocket and who wants something else', async (t) => {
  const cases: readonly (readonly [fields: readonly string[], wants: boolean])[] = [
    [['upgrade: WebSocket', 'connection: Upgrade'], true],
    [['upgrade: h2c, websocket', 'connection: x, upgrade'], true],
    [['upgrade: websocket'], false],
    [['upgrade: h2c', 'connection: upgrade'], false],
    [['upgrade: websocket/13', 'connection: upgrade'], false],
    [['connection: upgrade'], false],
  ];
  for (const [fields, wants] of cases) {
    await receive(t, get('/', ...fields), (exchange) => {
      t.equal(exchange.wantsWebSocket, wants, fields.join(' · '));
    });
  }
});

t.test('completes the policy with whether the connection is encrypted', async (t) => {
  await receive(t, get('/'), (exchange) => {
    t.equal(completePolicy({}, exchange.isSecure).isSecure, false);
    t.equal(completePolicy({ isSecure: true }, exchange.isSecure).isSecure, true, 'behind a proxy');
  });
});

t.test('holds a handshake against rules that its options have inherited', async (t) => {
  const rules = Object.create({ origins: ['https://b'] }) as { origins: string[] };
  await receive(t, get('/', ...HANDSHAKE, 'origin: https://b'), (exchange) => {
    t.equal(acceptUpgrade(exchange, rules).ok, true);
  });
  await receive(t, get('/', ...HANDSHAKE, 'origin: https://a'), (exchange) => {
    t.throws(() => acceptUpgrade(exchange, rules), HandshakeRejected);
  });
});

t.test('accepts with a subprotocol of the policy, or the one that is named', async (t) => {
  await receive(t, get('/', ...HANDSHAKE), (exchange) => {
    t.equal(acceptUpgrade(exchange, {}).protocol, undefined);
    t.equal(acceptUpgrade(exchange, { protocols: ['b'] }).protocol, 'b');
    t.equal(acceptUpgrade(exchange, { protocols: ['b'], protocol: 'a' }).protocol, 'a');
    t.throws(() => acceptUpgrade(exchange, { protocol: 'c' }), { code: 'invalid-argument' });
  });
});

t.test('sends the fields that it is given, as a record or as pairs', async (t) => {
  const pairs = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['x-limit', '7'],
  ] as const;
  for (const headers of [{ 'set-cookie': ['a=1', 'b=2'], 'x-limit': 7 }, pairs]) {
    const { connect, errors } = await serve(t, (exchange) => exchange.accept({ headers }));
    const client = connect().send(get('/', ...HANDSHAKE));
    const answer = await client.until('\r\n\r\n');
    t.match(answer, /^HTTP\/1\.1 101 /);
    t.match(answer, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-limit: 7\r\n/);
    client.close();
    t.same(errors, []);
  }
});

t.test('refuses fields of the handshake, and lines in fields, in both forms', async (t) => {
  await receive(t, get('/', ...HANDSHAKE), (exchange) => {
    for (const record of [{ upgrade: 'h2c' }, { 'x-a': 'b\r\nset-cookie: c' }, { 'a b': 'c' }]) {
      t.throws(() => acceptUpgrade(exchange, { headers: record }), UsageError);
      const pairs = Object.entries(record) as [string, string][];
      t.throws(() => acceptUpgrade(exchange, { headers: pairs }), UsageError);
    }
  });
});

t.test('throws a refusal with its status and its fields', async (t) => {
  await receive(t, get('/'), (exchange) => {
    t.throws(() => acceptUpgrade(exchange, {}), HandshakeRejected);
    try {
      acceptUpgrade(exchange, {});
    } catch (error) {
      t.match(error, { status: 426, headers: { upgrade: 'websocket' } });
    }
  });
});

t.test('says which rule was broken, or what the policy said', async (t) => {
  const broken: [fields: string[], options: object, status: number, text: RegExp][] = [
    [HANDSHAKE.slice(0, 3), {}, 400, /handshake-key/],
    [[...HANDSHAKE, 'sec-websocket-extensions: ;'], {}, 400, /extension-list-malformed/],
    [[...HANDSHAKE, 'sec-websocket-extensions: a, b'], { maxExtensionOffers: 1 }, 431, /too-many/],
    [[...HANDSHAKE, 'origin: http://b.example'], {}, 403, /origin not allowed/],
    [HANDSHAKE, { hosts: ['b.example'] }, 403, /unknown host/],
  ];
  for (const [fields, options, status, message] of broken) {
    await receive(t, get('/', ...fields), (exchange) => {
      t.throws(() => acceptUpgrade(exchange, options), {
        name: 'HandshakeRejected',
        status,
        message,
      });
    });
  }
});

import { createSecureContext } from 'node:tls';
import { HandshakeRefused, parseWebSocketUrl } from 'barewire/client';
import { Fields } from 'barewire/http';
import t from 'tap';
import { parseHttpUrl } from '../../lib/client/address.ts';
import { firstHop, followRedirect, type Hop } from '../../lib/client/redirect.ts';

const SECRETS = {
  Cookie: 'session=1',
  AUTHORIZATION: 'Bearer 2',
  'X-Api-Key': '3',
  'user-agent': 'spec',
};
const IDENTITY = {
  ...{ cert: 'c', key: 'k', pfx: 'p', passphrase: 's', servername: 'a.example', ca: 'ca' },
  ...{ secureContext: createSecureContext(), session: Buffer.of(1) },
  ...{ clientCertEngine: 'e', privateKeyEngine: 'e', privateKeyIdentifier: 'i' },
  ...{ pskCallback: () => null, checkServerIdentity: () => undefined, rejectUnauthorized: false },
};
const hop = (url: string): Hop => ({
  address: parseWebSocketUrl(url),
  fields: Fields.from(SECRETS),
  tls: IDENTITY,
  isUnix: false,
});
const refusal = (
  location: string | readonly string[] | undefined,
  status = 302,
  by: 'server' | 'proxy' = 'server',
): HandshakeRefused =>
  new HandshakeRefused(
    by,
    { status, reason: 'Found', fields: Fields.from({ location }) },
    Buffer.alloc(0),
  );

t.test('follows within an origin with everything, credentials of the URL included', (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const from = hop('wss://user:pass@a.example/x');
    const next = followRedirect(from, refusal('/y?z', status));
    t.equal(next?.address.target, '/y?z');
    t.equal(next?.address.authorization, from.address.authorization);
    t.equal(next?.fields.length, 4);
    t.equal(next?.tls, IDENTITY);
  }
  t.end();
});

t.test('takes no credentials from a location, not even of the same origin', (t) => {
  for (const own of ['', 'user:pass@']) {
    const from = hop(`wss://${own}a.example/x`);
    const next = followRedirect(from, refusal('wss://mallory:x@a.example/y'));
    t.equal(next?.address.target, '/y');
    t.equal(next?.address.authorization, from.address.authorization, own);
  }
  t.end();
});

t.test('leaves credentials, cookies and every other field behind on another origin', (t) => {
  const elsewhere = [
    ['ws://user:pass@a.example/', 'ws://b.example/'],
    ['ws://user:pass@a.example/', 'ws://a.example:81/'],
    ['ws://user:pass@a.example/', 'wss://a.example/'],
    ['ws://user:pass@a.example/', '//sub.a.example/'],
    ['ws://user:pass@a.example/', 'ws://mallory:x@b.example/'],
    ['wss://user:pass@a.example/', 'https://b.example/'],
  ] as const;
  for (const [from, to] of elsewhere) {
    const next = followRedirect(hop(from), refusal(to))!;
    t.strictSame([...next.fields], [['user-agent', 'spec']], to);
    t.equal(next.address.authorization, undefined, to);
    t.strictSame(next.tls, { ca: 'ca' }, to);
  }
  t.end();
});

t.test('does not follow from wss: to ws:', (t) => {
  for (const to of ['ws://a.example/', 'http://a.example/', 'ws://b.example:443/']) {
    t.throws(() => followRedirect(hop('wss://a.example/'), refusal(to)), {
      code: 'handshake-refused',
      status: 302,
      message: /from TLS to plain text/,
    });
  }
  t.end();
});

t.test('does not follow a location that is missing, doubled or no place', (t) => {
  for (const to of [undefined, ['/a', '/b'], 'ftp://a/', 'ws://', 'javascript:alert(1)']) {
    t.throws(() => followRedirect(hop('ws://a/'), refusal(to)), { name: 'HandshakeRefused' });
  }
  t.end();
});

t.test('takes other statuses, and answers of a proxy, for what they are', (t) => {
  for (const status of [200, 300, 304, 305, 306, 401, 426, 503]) {
    t.equal(followRedirect(hop('ws://a/'), refusal('/b', status)), undefined);
  }
  t.equal(followRedirect(hop('ws://a/'), refusal('/b', 302, 'proxy')), undefined);
  t.end();
});

t.test('stays at a unix socket, and is never led to one', (t) => {
  const from = hop('ws+unix:/run/a.sock:/x');
  const next = followRedirect(from, refusal('/y'));
  t.match(next?.address, { socketPath: '/run/a.sock', target: '/y' });
  t.equal(next?.fields.get('cookie'), 'session=1', 'it is the same origin');
  for (const away of ['ws+unix:/run/b.sock:/y', 'ws://b.example/', '//b.example/y']) {
    t.throws(() => followRedirect(from, refusal(away)), /away from a unix socket/, away);
  }
  for (const origin of ['ws://a.example/', 'wss://a.example/']) {
    const socket = refusal('ws+unix:/run/a.sock:/y');
    t.throws(() => followRedirect(hop(origin), socket), /a bad location/, origin);
    const nobody = refusal('ws://a"b/y');
    t.throws(() => followRedirect(hop(origin), nobody), /a bad location/, origin);
  }
  t.end();
});

t.test('leaves no unix socket that takes the place of host and port', (t) => {
  const from: Hop = { ...hop('ws://a.example/x'), isUnix: true };
  const next = followRedirect(from, refusal('ws://a.example/y'));
  t.match(next, { address: { target: '/y' }, isUnix: true });
  for (const away of ['ws://b.example/y', 'ws://a.example:81/', 'wss://a.example/']) {
    t.throws(() => followRedirect(from, refusal(away)), /away from a unix socket/, away);
  }
  t.end();
});

t.test('begins with what the caller gave, and with nothing else', (t) => {
  const address = parseWebSocketUrl('ws://a.example/x');
  const bare = firstHop(address, undefined, {});
  t.strictSame([...bare.fields], []);
  t.match(bare, { address, tls: undefined, isUnix: false });
  const full = firstHop(address, SECRETS, { tls: IDENTITY, socketPath: '/run/a.sock' });
  t.equal(full.fields.length, 4);
  t.match(full, { tls: IDENTITY, isUnix: true });
  t.equal(firstHop(parseWebSocketUrl('ws+unix:/run/a.sock'), undefined, {}).isUnix, true);
  t.end();
});

t.test('an event stream stays one: its location has a scheme of HTTP, and no TLS to lose', (t) => {
  const from: Hop = { ...hop('ws://a.example/'), address: parseHttpUrl('http://a.example/x') };
  t.equal(followRedirect(from, refusal('/y#z'))?.address.href, 'http://a.example/y#z');
  const elsewhere = followRedirect({ ...from, tls: undefined }, refusal('https://b.example/y'));
  t.match(elsewhere, { address: { origin: 'https://b.example' }, tls: undefined });
  t.throws(() => followRedirect(from, refusal('wss://a.example/')), /a bad location/);
  t.end();
});

/** Laws of redirects: wherever a chain of them leads, no secret goes along. */
import assert from 'node:assert/strict';
import { HandshakeRefused, parseWebSocketUrl } from 'barewire/client';
import { Fields } from 'barewire/http';
import t from 'tap';
import { firstHop, followRedirect, type Hop } from '../../lib/client/redirect.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const host = fc.constantFrom('a.example', 'b.example', 'sub.a.example', '127.0.0.1', '[::1]');
const port = fc.constantFrom('', ':80', ':443', ':8080');
const user = fc.constantFrom('', 'mallory:x@', 'u@');
const target = fc.constantFrom('/', '/y', '/y?z=1', '/y/../z', '/%2e%2e/z', '/y#frag');
const scheme = fc.constantFrom('ws:', 'wss:', 'http:', 'https:', '');
const absolute = fc
  .tuple(scheme, user, host, port, target)
  .map(([scheme, user, host, port, target]) => `${scheme}//${user}${host}${port}${target}`);
const elsewhere = fc.constantFrom(
  ...['y', '?z', '', '#', '..', 'ws+unix:/run/a.sock:/y', 'ftp://a.example/', 'javascript:0'],
  ...['ws://', 'ws:y', 'wss:y', '\\\\b.example/', '/\\b.example/', 'ws://a"b/', '\t//b.example/'],
);
const location = fc.oneof(
  { weight: 4, arbitrary: absolute },
  { weight: 2, arbitrary: target },
  { weight: 1, arbitrary: elsewhere },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }) },
);
const start = fc
  .tuple(fc.constantFrom('ws:', 'wss:'), fc.constantFrom('', 'user:pass@'), host, port)
  .map(([scheme, own, host, port]) => `${scheme}//${own}${host}${port}/x`);

const SECRETS = { Cookie: 'session=1', Authorization: 'Bearer 2', 'User-Agent': 'spec' };
/** Any field may be a secret, also one whose name is nearly that of the field that is none. */
const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/) },
  fc.constantFrom('X-User-Agent', 'User-Agent-Token', 'User.Agent', 'User-Agen'),
);
const ownFields = fc
  .uniqueArray(name, { selector: (name) => name.toLowerCase(), maxLength: 4 })
  .map((names) => names.filter((name) => !/^(cookie|authorization|user-agent)$/i.test(name)))
  .map((names) => ({ ...Object.fromEntries(names.map((name) => [name, '3'])), 'X-Api-Key': '4' }));
/** What shows who we are, whom we expect, or that we take anybody: as `lib` may not forget it. */
const IDENTITY = [
  ...['cert', 'key', 'pfx', 'passphrase', 'secureContext', 'session', 'pskCallback'],
  ...['clientCertEngine', 'privateKeyEngine', 'privateKeyIdentifier'],
  ...['servername', 'checkServerIdentity', 'rejectUnauthorized'],
];
const identity = fc.subarray(IDENTITY);

/** A value of Location may hold no control characters but tabs; those never reach us. */
function refusal(location: string): HandshakeRefused {
  const head = { status: 307, reason: '', fields: Fields.from({ location }) };
  return new HandshakeRefused('server', head, Buffer.alloc(0));
}

function step(hop: Hop, location: string): Hop | undefined {
  try {
    return followRedirect(hop, refusal(location));
  } catch (error) {
    assert.ok(error instanceof HandshakeRefused, String(error));
    return undefined;
  }
}

t.test('law: what left its origin once carries no secret any more, even back there', (t) => {
  const seen = { home: 0, away: 0, back: 0, stopped: 0 };
  const locations = fc.array(
    location.filter((text) => /^[\t -~]*$/.test(text)),
    { minLength: 1, maxLength: 6 },
  );
  const law = fc.property(start, locations, ownFields, identity, (url, chain, own, shown) => {
    const tls = Object.fromEntries([...shown, 'ca'].map((name) => [name, name]));
    const fields = { ...SECRETS, ...own };
    let hop = firstHop(parseWebSocketUrl(url), fields, { tls });
    const { origin: home, authorization } = hop.address;
    let isAway = false;
    for (const place of chain) {
      const next = step(hop, place);
      if (next === undefined) {
        seen.stopped += 1;
        return;
      }
      assert.ok(next.address.isSecure || !hop.address.isSecure, 'TLS is never lost');
      assert.equal(next.address.socketPath, undefined, 'nobody is led to a unix socket');
      if (next.address.origin !== home) isAway = true;
      if (isAway) {
        assert.deepEqual([...next.fields], [['User-Agent', 'spec']]);
        assert.equal(next.address.authorization, undefined);
        assert.deepEqual(next.tls, { ca: 'ca' });
      } else {
        assert.equal(next.fields.length, Object.keys(fields).length);
        assert.equal(next.address.authorization, authorization, 'the caller’s, not the location’s');
        assert.equal(next.tls, tls);
      }
      seen[next.address.origin === home ? (isAway ? 'back' : 'home') : 'away'] += 1;
      hop = next;
    }
  });
  fc.assert(law, runs(2000));
  for (const [what, count] of Object.entries(seen)) t.ok(count > 20, `${what}: ${count}`);
  t.end();
});

t.test('law: nothing leads away from a unix socket', (t) => {
  let stayed = 0;
  const places = location.filter((text) => /^[\t -~]*$/.test(text));
  const chains = fc.array(places, { minLength: 1, maxLength: 4 });
  const law = fc.property(chains, fc.boolean(), (chain, isInUrl) => {
    // The URL may name the socket, or an option that takes the place of its host and port.
    const socketPath = '/run/a.sock';
    const url = isInUrl ? `ws+unix:${socketPath}:/x` : 'ws://a.example/x';
    let hop = firstHop(parseWebSocketUrl(url), SECRETS, isInUrl ? {} : { socketPath });
    const { origin } = hop.address;
    for (const place of chain) {
      const next = step(hop, place);
      if (next === undefined) return;
      assert.equal(next.address.socketPath, isInUrl ? socketPath : undefined);
      assert.equal(next.address.origin, origin);
      assert.equal(next.isUnix, true);
      stayed += 1;
      hop = next;
    }
  });
  fc.assert(law, runs(500));
  t.ok(stayed > 100, `${stayed} times`);
  t.end();
});

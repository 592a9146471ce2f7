/** Laws of origins: who is allowed is whom the URL standard's own reader says is the same. */
import assert from 'node:assert/strict';
import { checkHost, checkOrigin } from 'barewire/handshake';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const label = fc.string({
  unit: fc.constantFrom('a', 'B', 'z', '0', '-', '_'),
  minLength: 1,
  maxLength: 3,
});
/** Few hosts, so that two of them are often the same but for case; no last label is a number. */
const host = fc.oneof(
  fc.constantFrom('example.com', 'EXAMPLE.com', 'localhost', '127.0.0.1', '[::1]', '[2001:DB8::1]'),
  fc.tuple(label, fc.constantFrom('com', 'Example', 'localhost')).map((parts) => parts.join('.')),
);
const port = fc.constantFrom('', '', '', ':80', ':443', ':8080', ':1');
const authority = fc.tuple(host, port).map((parts) => parts.join(''));
/** The same host again, or another one. */
const again = fc
  .tuple(authority, port, fc.boolean(), authority)
  .map(([page, other, isSame, any]) => {
    const server = isSame ? split(page)[0].toUpperCase() + other : any;
    return { page, server };
  });
const scheme = fc.constantFrom('http', 'https', 'HTTPS');

/** What a page's browser would say is its origin. */
const originOf = (url: string): string => new URL(url).origin;

t.test('two origins are the same when the URL standard says so', (t) => {
  const seen = { same: 0, foreign: 0 };
  fc.assert(
    fc.property(scheme, again, fc.boolean(), (over, { page, server }, isSecure) => {
      const origin = `${over}://${page}`;
      const isSame = originOf(origin) === originOf(`${over}://${server}`);
      const isAllowed = isSame && !(isSecure && over === 'http');
      assert.equal(checkOrigin(origin, server, 'same-origin', isSecure), isAllowed);
      seen[isSame ? 'same' : 'foreign'] += 1;
    }),
    runs(1000),
  );
  t.ok(Math.min(seen.same, seen.foreign) > 50, JSON.stringify(seen));
  t.end();
});

t.test('a list lets in those that it names, and nobody else', (t) => {
  const origin = fc.tuple(scheme, authority).map((parts) => parts.join('://'));
  fc.assert(
    fc.property(fc.array(origin, { maxLength: 5 }), origin, (list, page) => {
      // Browsers send an origin in its canonical form.
      const sent = originOf(page);
      assert.equal(checkOrigin(sent, 'any.example', list), list.map(originOf).includes(sent));
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('a server goes by the names of its list: with their port, or with any', (t) => {
  fc.assert(
    fc.property(fc.array(authority, { maxLength: 4 }), authority, (list, called) => {
      const [asked, port] = split(called);
      const isKnown = list.some((entry) => {
        const [name, only] = split(entry);
        return name === asked && (only === '' || only === port);
      });
      assert.equal(checkHost(called, list), isKnown);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

function split(authority: string): [host: string, port: string] {
  const port = /:\d+$/.exec(authority)?.[0] ?? '';
  return [authority.slice(0, authority.length - port.length).toLowerCase(), port];
}

t.test('whatever is sent as an origin or a host is answered, and noise is refused', (t) => {
  const noise = fc
    .array(
      fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('http', '://', '@', ':', '[', ']')),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(noise, noise, (origin, called) => {
      const isSame = checkOrigin(origin, called);
      // Nothing passes that a browser would call another origin, or none.
      if (isSame) {
        assert.ok(URL.canParse(origin));
        const { protocol } = new URL(origin);
        assert.equal(originOf(origin), originOf(`${protocol}//${called}`));
      }
      assert.equal(typeof checkHost(called, 'loopback'), 'boolean');
    }),
    runs(2000),
  );
  t.pass('never a throw');
  t.end();
});

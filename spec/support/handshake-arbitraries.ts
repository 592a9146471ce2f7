/** What a client may wish for in its opening handshake, and what a server may allow. */
import type { UpgradeWishes } from 'barewire/handshake';
import { deflateOffer } from './extension-arbitraries.ts';
import { fc } from './fast-check.ts';
import { characters, text, token } from './http-generators.ts';

/** Few names, so that both sides often have one in common. */
export const protocols: fc.Arbitrary<readonly string[]> = fc.subarray(['chat', 'v2.chat', 'x']);

const value = fc.oneof(text([...characters(0x21, 0x7e), ' '], 0, 12), fc.constant('a\tb'));
const headers = fc.array(
  fc.tuple(
    token.map((name) => `x-${name}`),
    value,
  ),
  { maxLength: 3 },
);

/** Wishes that can be fulfilled. */
export const wishes: fc.Arbitrary<UpgradeWishes> = fc.record(
  {
    host: fc.constantFrom('example.com', 'example.com:8080', '[::1]:80', '127.0.0.1'),
    target: text(characters(0x21, 0x7e), 0, 20).map((rest) => `/${rest.replaceAll('#', '')}`),
    protocols,
    offer: deflateOffer,
    origin: fc.constantFrom('https://example.com', 'null', 'http://other.example:81'),
    headers,
  },
  { requiredKeys: ['host', 'target'] },
);

/** What breaks a line, a list or a name, or stands for something else. */
const evil = fc.constantFrom(
  ...['\r\n', '\n', '\r', '\0', ' ', ',', '"', '#', '/', 'é', '\u{1f600}', '\r\nX: y', ';', '\x7f'],
);
const spoil = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(arbitrary, evil, fc.nat(20))
    .map(([good, bad, at]) => good.slice(0, at) + bad + good.slice(at));

/** What is not the caller's to say. */
const handshakeField = fc.constantFrom(
  ...['Host', 'upgrade', 'CONNECTION', 'origin', 'Content-Length', 'transfer-encoding'],
  ...['key', 'version', 'accept', 'protocol', 'extensions'].map((name) => `sec-websocket-${name}`),
);

/** Wishes of which one is spoiled: by accident, or by who fills in a form. */
export const hostileWishes: fc.Arbitrary<UpgradeWishes> = fc
  .tuple(
    wishes,
    fc.oneof(
      fc.record({ host: spoil(fc.constant('example.com')) }),
      fc.record({ target: spoil(fc.constant('/path')) }),
      fc.record({ protocols: fc.array(spoil(token), { minLength: 1, maxLength: 2 }) }),
      fc.record({ offer: spoil(deflateOffer) }),
      fc.record({ origin: spoil(fc.constant('https://example.com')) }),
      fc.record({ headers: fc.tuple(fc.tuple(spoil(token), value)) }),
      fc.record({ headers: fc.tuple(fc.tuple(token, spoil(value))) }),
      fc.record({ headers: fc.tuple(fc.tuple(handshakeField, value)) }),
    ),
  )
  .map(([good, bad]) => ({ ...good, ...bad }));

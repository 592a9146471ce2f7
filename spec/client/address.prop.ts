/** Laws of addresses: a URL made of parts gives the parts, and its own URL means the same. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { UsageError } from 'barewire/base';
import { parseWebSocketUrl } from 'barewire/client';
import t from 'tap';
import { parseHttpUrl } from '../../lib/client/address.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const name = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const secret = fc.string({ unit: 'grapheme', maxLength: 8 });
const credentials = fc.option(fc.tuple(secret, secret), { nil: undefined });
const segments = fc.array(fc.webSegment(), { maxLength: 3 });

t.test('law: a URL gives back what it was made of', (t) => {
  const law = fc.property(
    fc.constantFrom('ws', 'wss', 'http', 'https'),
    credentials,
    name,
    port,
    segments,
    fc.option(fc.webQueryParameters(), { nil: undefined }),
    (scheme, own, host, port, segments, query) => {
      const user = own?.map(encodeURIComponent).join(':');
      const path = `/${segments.join('/')}`;
      const at = `${user === undefined ? '' : `${user}@`}${host}${port ? `:${port}` : ''}`;
      const url = `${scheme}://${at}${path}${query === undefined ? '' : `?${query}`}`;
      const reads = scheme.startsWith('http')
        ? [parseWebSocketUrl, parseHttpUrl]
        : [parseWebSocketUrl];
      for (const read of reads) {
        if (own?.[0].includes(':')) {
          assert.throws(() => read(url), UsageError);
          continue;
        }
        const address = read(url);
        const isSecure = scheme === 'wss' || scheme === 'https';
        const usual = isSecure ? 443 : 80;
        assert.equal(address.isSecure, isSecure);
        assert.equal(address.port, port ?? usual);
        assert.equal(address.socketPath, undefined);
        assert.equal(address.hostname.includes('['), false);
        assert.equal(isIPv6(address.hostname), host.startsWith('['));
        const bracketed = isIPv6(address.hostname) ? `[${address.hostname}]` : address.hostname;
        const isNamed = port !== undefined && port !== usual;
        assert.equal(address.host, isNamed ? `${bracketed}:${port}` : bracketed);
        const { pathname, search } = new URL(url);
        assert.equal(address.target, pathname + search);
        const isAnybody = own === undefined || (own[0] === '' && own[1] === '');
        const basic = Buffer.from(own?.join(':') ?? '').toString('base64');
        assert.equal(address.authorization, isAnybody ? undefined : `Basic ${basic}`);
        assert.deepEqual(read(address.href), address, 'its own URL means the same');
        assert.ok(address.href.startsWith(`${address.origin.split('//')[0]}//`));
      }
    },
  );
  fc.assert(law, runs(1000));
  t.pass('no counterexample');
  t.end();
});

t.test('law: whatever is no URL of a WebSocket is a UsageError, and nothing else', (t) => {
  let taken = 0;
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...'ws:/@[]#?%aé\\ 0123.'), maxLength: 20 }),
    fc
      .string({ unit: fc.constantFrom(...':/@[]#?%aé\\ "`{}0123.'), maxLength: 12 })
      .map((rest) => `ws://a${rest}`),
  );
  const law = fc.property(text, (url) => {
    try {
      const { host, target, href } = parseWebSocketUrl(url);
      assert.match(host, /^[^\s"`{}/?#@]+$/);
      assert.match(target, /^\/[!-~]*$/);
      assert.equal(href.includes('#'), false);
      taken += 1;
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error));
    }
  });
  fc.assert(law, runs(3000));
  t.ok(taken > 100, `${taken} are URLs`);
  t.end();
});

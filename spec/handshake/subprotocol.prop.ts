/** Laws of subprotocols: lists are read as they are written, and nothing else is read. */
import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { formatSubprotocols, parseSubprotocols, selectSubprotocol } from 'barewire/handshake';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { token } from '../support/http-generators.ts';
import { runs } from '../support/laws.ts';

const names = fc.uniqueArray(token, { maxLength: 6 });

t.test('reads back every list that it writes, and chooses from it', (t) => {
  fc.assert(
    fc.property(names, names, (offered, supported) => {
      assert.deepEqual(parseSubprotocols(formatSubprotocols(offered)), offered);
      const common = offered.filter((name) => supported.includes(name));
      assert.equal(selectSubprotocol(offered, supported), common[0]);
      assert.equal(selectSubprotocol(offered, new Set(supported)), common[0]);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('reads a value exactly when it is a list of different tokens', (t) => {
  const known = fc.constantFrom('chat', 'Chat', 'x', ' chat\t', '');
  const list = fc.array(known, { minLength: 1, maxLength: 4 }).map((names) => names.join(','));
  const noise = fc
    .array(fc.oneof(fc.constantFrom('chat', 'Chat', ',', ' ', '\t', '"', '/', 'é', '\0'), token))
    .map((parts) => parts.join(''));
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof(list, noise), (text) => {
      const elements = text.split(',').map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''));
      const isList = elements.every((element) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(element));
      const expected = isList && new Set(elements).size === elements.length ? elements : undefined;
      let found: string[] | undefined;
      try {
        found = parseSubprotocols(text);
      } catch (error) {
        assert.ok(error instanceof ProtocolError && error.code === 'handshake-subprotocol');
      }
      assert.deepEqual(found, expected);
      seen[found === undefined ? 'refused' : 'read'] += 1;
    }),
    runs(1000),
  );
  t.ok(Math.min(seen.read, seen.refused) > 100, JSON.stringify(seen));
  t.end();
});

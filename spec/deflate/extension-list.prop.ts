/** Laws of extension lists: read as they are meant, however spelled, and read from nothing else. */
import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { formatExtensionList, parseExtensionList } from 'barewire/deflate';
import t from 'tap';
import {
  anyExtensionText,
  extensions,
  readListLiterally,
  spelledLists,
} from '../support/extension-arbitraries.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

t.test('law: every list is read back as it was written', (t) => {
  fc.assert(
    fc.property(extensions, (list) => {
      assert.deepEqual(parseExtensionList(formatExtensionList(list)), list);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: the same list is read however it is spaced and quoted', (t) => {
  fc.assert(
    fc.property(spelledLists, ({ text, meant }) => {
      assert.deepEqual(parseExtensionList(text), meant);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: agrees with a literal reader, or fails with one ProtocolError', (t) => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(anyExtensionText, (value) => {
      const wanted = readListLiterally(value);
      seen[wanted === undefined ? 'refused' : 'read'] += 1;
      try {
        assert.deepEqual(parseExtensionList(value), wanted);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        assert.deepEqual([error.code, wanted], ['extension-list-malformed', undefined]);
      }
    }),
    runs(3000),
  );
  t.ok(Math.min(seen.read, seen.refused) > 500, JSON.stringify(seen));
  t.end();
});

t.test('law: so many extensions are read, and one more is refused', (t) => {
  fc.assert(
    fc.property(spelledLists, ({ text, meant }) => {
      assert.equal(parseExtensionList(text, meant.length).length, meant.length);
      const few = (): unknown => parseExtensionList(text, meant.length - 1);
      assert.throws(few, { code: 'too-many-extensions' });
    }),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});

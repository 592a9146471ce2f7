/** The law of fields that another parser has read: line by line, case-blind, none joined before. */
import assert from 'node:assert/strict';
import { LineFields } from 'barewire/adapters';
import { Fields } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const name = fc.constantFrom('host', 'Host', 'HOST', 'hOst', 'hosts', '__proto__', 'x-é', 'K');
const value = fc.string({ unit: fc.constantFrom('a', ',', ' '), maxLength: 3 });

t.test(
  'law: agrees with a list that is searched from its beginning, and with our own fields',
  (t) => {
    const lines = fc.array(fc.tuple(name, value), { maxLength: 8 });
    const law = fc.property(lines, name, (lines, wanted) => {
      const fields = new LineFields(lines.flat());
      const lower = (text: string): string => text.replace(/[A-Z]/g, (c) => c.toLowerCase());
      const found = lines
        .filter(([name]) => lower(name) === lower(wanted))
        .map(([, value]) => value);
      assert.deepEqual(fields.getAll(wanted), found);
      assert.equal(fields.get(wanted), found.length === 0 ? undefined : found.join(', '));
      const plain = lines.filter(([name]) => /^[!-~]+$/.test(name));
      const own = Fields.from(plain.map(([name, value]) => [name, value.trim()] as const));
      if (!/^[!-~]+$/.test(wanted)) return;
      assert.deepEqual(
        own.getAll(wanted),
        found.map((value) => value.trim()),
      );
    });
    fc.assert(law, runs(1000));
    t.pass('no counterexample');
    t.end();
  },
);

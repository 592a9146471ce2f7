import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { type Extension, formatExtensionList, parseExtensionList } from 'barewire/deflate';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';

const TCHARS = "!#$%&'*+-.^_`|~0189azAZ";
const token = fc.string({ unit: fc.constantFrom(...TCHARS), minLength: 1, maxLength: 6 });
const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
// Compared to the letter: objects without a prototype are not equal to those that are read.
const ordinary = { noNullPrototype: true } as const;
const parameter = fc.record({ name: token, value: fc.option(token, { nil: undefined }) }, ordinary);
const extension: fc.Arbitrary<Extension> = fc.record(
  { name: token, parameters: fc.array(parameter, { maxLength: 4 }) },
  ordinary,
);
const list = fc.array(extension, { minLength: 1, maxLength: 5 });

t.test('reads back every list that it writes', (t) => {
  fc.assert(
    fc.property(list, (extensions) => {
      assert.deepEqual(parseExtensionList(formatExtensionList(extensions)), extensions);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('reads the same list however it is spaced and quoted', (t) => {
  const spelled = fc.tuple(list, fc.infiniteStream(whiteSpace), fc.infiniteStream(fc.boolean()));
  fc.assert(
    fc.property(spelled, ([extensions, spaces, quotes]) => {
      const space = (): string => spaces.next().value ?? '';
      const quote = (value: string): string =>
        quotes.next().value ? `"${[...value].map((c) => `\\${c}`).join('')}"` : value;
      const text = extensions
        .map(({ name, parameters }) => {
          const written = parameters.map(
            (p) =>
              `${space()};${space()}${p.name}${p.value === undefined ? '' : `=${quote(p.value)}`}`,
          );
          return `${space()}${name}${written.join('')}${space()}`;
        })
        .join(',');
      assert.deepEqual(parseExtensionList(text), extensions);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('ends in a list or in one ProtocolError, whatever the value is', (t) => {
  const noise = fc.string({
    unit: fc.oneof(fc.constantFrom(...';,="\\ \tab1'), fc.string({ minLength: 1, maxLength: 1 })),
    maxLength: 60,
  });
  fc.assert(
    fc.property(noise, (value) => {
      try {
        return parseExtensionList(value).length > 0;
      } catch (error) {
        return error instanceof ProtocolError;
      }
    }),
    runs(5000),
  );
  t.pass('no other exception');
  t.end();
});

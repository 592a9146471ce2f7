/**
 * Values of `Sec-WebSocket-Extensions`: lists, spelled in any way, almost lists, and noise; what
 * permessage-deflate says in them; and a literal reader to compare with.
 */
import { buildOffer, type DeflatePolicy, type Extension } from 'barewire/deflate';
import { fc } from './fast-check.ts';
import { token } from './http-generators.ts';

const bits = fc.integer({ min: 8, max: 15 });
/** Parameters of permessage-deflate, as a client wishes for them and as a server allows them. */
export const deflatePolicy: fc.Arbitrary<DeflatePolicy> = fc.record(
  {
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
  },
  { requiredKeys: [] },
);

/** What a client offers: up to three sets of parameters, the one that it likes best first. */
export const deflateOffer: fc.Arbitrary<string> = fc
  .array(deflatePolicy, { minLength: 1, maxLength: 3 })
  .map((policies) => buildOffer(...policies));

// Compared to the letter: objects without a prototype are not equal to those that are read.
const ordinary = { noNullPrototype: true } as const;
const parameter = fc.record({ name: token, value: fc.option(token, { nil: undefined }) }, ordinary);

/** Lists of extensions in their parts. */
export const extensions: fc.Arbitrary<Extension[]> = fc.array(
  fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 4 }) }, ordinary),
  { minLength: 1, maxLength: 5 },
);

/** A list, and one of the ways to write it. */
export interface SpelledList {
  readonly text: string;
  readonly meant: readonly Extension[];
}

const SPACES = ['', '', '', ' ', '\t', ' \t '];
const choices = fc.array(fc.nat(255), { minLength: 8, maxLength: 16 });

/** Lists, spaced and quoted as the grammar allows [RFC 6455 §9.1]. */
export const spelledLists: fc.Arbitrary<SpelledList> = fc
  .tuple(extensions, choices)
  .map(([meant, drawn]) => {
    let turn = 0;
    const next = (): number => drawn[turn++ % drawn.length]!;
    const space = (): string => SPACES[next() % SPACES.length]!;
    const spoken = (character: string): string => (next() % 2 === 0 ? '\\' : '') + character;
    const spell = (value: string): string =>
      next() % 2 === 0 ? value : `"${[...value].map(spoken).join('')}"`;
    const elements = meant.map(({ name, parameters }) => {
      const parts = parameters.map(({ name: key, value }) => {
        return `${space()};${space()}${key}${value === undefined ? '' : `=${spell(value)}`}`;
      });
      return `${space()}${name}${parts.join('')}${space()}`;
    });
    return { text: elements.join(','), meant };
  });

const piece = fc.oneof(
  fc.constantFrom(
    ...';,="\\ \tab1',
    '=""',
    '="\\"',
    ';;',
    ',,',
    '; a=',
    '="a b"',
    '\0',
    '\x7f',
    'é',
    '\r\n',
  ),
  token,
);
const edits = fc.array(fc.tuple(fc.nat(60), fc.nat(2), piece), { minLength: 1, maxLength: 2 });

/** Whatever may stand in the field: lists, lists with an edit or two, and noise. */
export const anyExtensionText: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: spelledLists.map(({ text }) => text) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(spelledLists, edits)
      .map(([{ text }, all]) =>
        all.reduce(
          (found, [at, cut, put]) => found.slice(0, at) + put + found.slice(at + cut),
          text,
        ),
      ),
  },
  { weight: 1, arbitrary: fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')) },
);

const isTokenText = (text: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
const bare = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');

/**
 * Reads a list by cutting it up, for no delimiter is part of a value: what is quoted is a token
 * without its quotes [RFC 6455 §9.1].
 *
 * @returns `undefined` for what is no list; so is one with an empty element, or with white space
 *   next to "=", which our reader refuses on purpose.
 */
export function readListLiterally(value: string): Extension[] | undefined {
  const found: Extension[] = [];
  for (const element of value.split(',')) {
    const [name = '', ...rest] = element.split(';').map(bare);
    const parameters = rest.map((part) => {
      const [, key = '', sign, written = ''] = /^([^=]*)(=?)(.*)$/s.exec(part)!;
      const [, quoted] = /^"(.*)"$/s.exec(written) ?? [];
      const isEscaped = quoted !== undefined && /^(?:[^\\]|\\.)*$/s.test(quoted);
      const meant = isEscaped ? quoted.replace(/\\(.)/gs, '$1') : written;
      return { name: key, value: sign === '' ? undefined : meant };
    });
    const isSound = parameters.every(
      (each) => isTokenText(each.name) && (each.value === undefined || isTokenText(each.value)),
    );
    if (!isTokenText(name) || !isSound) return undefined;
    found.push({ name, parameters });
  }
  return found;
}

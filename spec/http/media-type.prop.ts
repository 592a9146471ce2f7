/** Laws of media types: read however they are spelled, and by nobody else's rules than the RFC's. */
import assert from 'node:assert/strict';
import { type MediaType, parseMediaType } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { characters, text, token } from '../support/http-generators.ts';
import { runs } from '../support/laws.ts';

const ows = fc.constantFrom('', '', ' ', '\t', ' \t');
const lower = (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** What may stand within quotes, and likes to look like what stands outside of them. */
const quotable = fc
  .array(
    fc.oneof(
      text([...characters(0x20, 0x7e), ...characters(0x80, 0xff), '\t'], 1, 3),
      fc.constantFrom('"', '\\', '; charset=x', ','),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));

/** A value in quotes: what must be escaped is, and here and there what need not be. */
const quoted = fc.tuple(quotable, fc.nat(2 ** 12 - 1)).map(([value, escapes]) => {
  const written = [...value].map((character, index) => {
    const mustEscape = character === '"' || character === '\\';
    return mustEscape || (escapes >> (index % 12)) % 2 === 1 ? `\\${character}` : character;
  });
  return { value, wire: `"${written.join('')}"` };
});

const value = fc.oneof(
  token.map((word) => ({ value: word, wire: word })),
  quoted,
);

/** A parameter as it is spelled, and as it is meant; an empty one is none. */
const parameter = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ wire: '', meant: [] }) },
  {
    weight: 5,
    arbitrary: fc.tuple(token, ows, ows, value).map(([name, before, after, given]) => ({
      wire: `${name}${before}=${after}${given.wire}`,
      meant: [[lower(name), given.value] as const],
    })),
  },
);

interface Spelled {
  readonly wire: string;
  readonly meant: MediaType;
}

const spelled: fc.Arbitrary<Spelled> = fc
  .record({
    type: token,
    subtype: token,
    parameters: fc.array(fc.tuple(ows, ows, parameter), { maxLength: 4 }),
    ends: fc.tuple(ows, ows),
  })
  .map(({ type, subtype, parameters, ends: [start, end] }) => {
    const tail = parameters.map(([before, after, { wire }]) => `${before};${after}${wire}`);
    return {
      wire: `${start}${type}/${subtype}${tail.join('')}${end}`,
      meant: {
        essence: lower(`${type}/${subtype}`),
        parameters: parameters.flatMap(([, , { meant }]) => meant),
      },
    };
  });

t.test('law: what is meant is read, however it is spaced and quoted', (t) => {
  fc.assert(
    fc.property(spelled, ({ wire, meant }) => {
      assert.deepEqual(parseMediaType(wire), meant);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

const TCHAR = new Set(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
);
const isWithinQuotes = (character: string): boolean => {
  const code = character.codePointAt(0)!;
  return character === '\t' || (code >= 0x20 && code <= 0x7e) || (code >= 0x80 && code <= 0xff);
};

/** The grammar of [RFC 9110 §8.3.1], character by character, whitespace around "=" allowed. */
class LiteralReader {
  readonly #rest: string[];

  constructor(value: string) {
    this.#rest = [...value];
  }

  /** `undefined` for what is no media type. */
  read(): MediaType | undefined {
    try {
      this.#skip();
      const type = this.#token();
      this.#want('/');
      const essence = lower(`${type}/${this.#token()}`);
      const parameters: [string, string][] = [];
      for (this.#skip(); this.#rest.length > 0; this.#skip()) {
        this.#want(';');
        this.#skip();
        // Nothing between two semicolons, or behind the last.
        if (this.#rest.length === 0 || this.#rest[0] === ';') continue;
        const name = lower(this.#token());
        this.#skip();
        this.#want('=');
        this.#skip();
        parameters.push([name, this.#rest[0] === '"' ? this.#quoted() : this.#token()]);
      }
      return { essence, parameters };
    } catch (error) {
      if (error === NO_TYPE) return undefined;
      throw error;
    }
  }

  #skip(): void {
    while (this.#rest[0] === ' ' || this.#rest[0] === '\t') this.#rest.shift();
  }

  #want(character: string): void {
    if (this.#rest.shift() !== character) throw NO_TYPE;
  }

  #token(): string {
    let word = '';
    while (this.#rest.length > 0 && TCHAR.has(this.#rest[0]!)) word += this.#rest.shift();
    if (word === '') throw NO_TYPE;
    return word;
  }

  #quoted(): string {
    let word = '';
    this.#want('"');
    for (;;) {
      let next = this.#rest.shift();
      if (next === '"') return word;
      if (next === '\\') next = this.#rest.shift();
      if (next === undefined || !isWithinQuotes(next)) throw NO_TYPE;
      word += next;
    }
  }
}

const NO_TYPE = new Error('no media type');

const piece = fc.oneof(
  fc.constantFrom(...['/', ';', '=', '"', '\\', ' ', '\t', ',', 'a', 'text/plain', '; charset=']),
  fc.constantFrom('\n', '\r', '\0', '\x7f', '\u010a', '\u212a', 'é', '"a b"', '"\\"', 'B'),
  text(characters(0, 0xff), 1, 2),
);
const hostile = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
const almost = fc
  .tuple(spelled, fc.array(fc.tuple(fc.nat(60), fc.nat(1), piece), { minLength: 1, maxLength: 2 }))
  .map(([{ wire }, edits]) =>
    edits.reduce((all, [at, cut, put]) => all.slice(0, at) + put + all.slice(at + cut), wire),
  );

t.test('law: agrees with a literal reader about whatever else is sent', (t) => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof({ weight: 3, arbitrary: almost }, hostile), (wire) => {
      const wanted = new LiteralReader(wire).read();
      assert.deepEqual(parseMediaType(wire), wanted);
      seen[wanted === undefined ? 'refused' : 'read'] += 1;
    }),
    runs(3000),
  );
  t.ok(Math.min(seen.read, seen.refused) > 150, JSON.stringify(seen));
  t.end();
});

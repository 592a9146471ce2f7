import { runInNewContext } from 'node:vm';
import t from 'tap';
import { Choices } from '../../fuzz/engine/choices.ts';
import { escapeBytes, unescapeBytes } from '../../fuzz/engine/corpus.ts';
import { Counters } from '../../fuzz/engine/counters.ts';
import { instrument, REGISTRY } from '../../fuzz/engine/instrument.ts';
import { mutate, tokensOf } from '../../fuzz/engine/mutators.ts';
import { Random } from '../../fuzz/engine/random.ts';
import { shrink } from '../../fuzz/engine/shrink.ts';

/** Runs instrumented code; returns what its last expression is worth, and its counters. */
function runCode(source: string): { value: unknown; counts: number[] } {
  const { code } = instrument(source, 'code.js');
  let counts: number[] = [];
  const registry = (_: string, count: number): number[] => (counts = Array(count).fill(0));
  const value = runInNewContext(code, { [REGISTRY]: registry });
  return { value, counts };
}

const PROGRAMS: readonly (readonly [title: string, source: string])[] = [
  ['if without braces and without else', 'let r = ""; if (r) r += 1; if (!r) r += 2; r'],
  ['a dangling else', 'let r = 0; if (1) if (0) r = 1; else r = 2; r'],
  [
    'else if',
    'const f = (x) => { if (x > 1) return "a"; else if (x) return "b"; return "c"; }; [f(2), f(1), f(0)]',
  ],
  ['nested conditionals', '[0, 1, 2].map((x) => x ? x > 1 ? "two" : "one" : "none")'],
  ['logical chains', '[(0 || 1) && 2, null ?? (0 || "x"), 1 && 0 && 3]'],
  [
    'loops without braces',
    'let n = 0; for (const x of [1, 2]) n += x; while (n < 9) n++; do n++; while (n < 12); n',
  ],
  [
    'switch with fall-through',
    'const f = (x) => { switch (x) { case 1: case 2: return "low"; default: return "high"; } }; [f(1), f(2), f(3)]',
  ],
  ['arrows that return objects', '[1].map((x) => ({ x }))'],
  [
    'private fields and getters',
    'class A { #a = 1; get a() { return this.#a; } static of() { return new A(); } } A.of().a',
  ],
  [
    'derived constructors',
    'class A { constructor() { this.x = 1; } } class B extends A { constructor() { super(); } } new B().x',
  ],
  ['try and catch', '(() => { try { throw 1; } catch { return 2; } finally { 3; } })()'],
  ['generators', '[...(function* () { yield 1; if (true) yield 2; })()]'],
];

for (const [title, source] of PROGRAMS) {
  t.test(`instruments without changing what a program does: ${title}`, (t) => {
    const plain = runInNewContext(source);
    const { value, counts } = runCode(source);
    t.equal(JSON.stringify(value), JSON.stringify(plain));
    t.ok(counts.some((count) => count > 0) && counts.every(Number.isInteger));
    t.end();
  });
}

t.test('counts each branch where it is taken, and not elsewhere', (t) => {
  const { counts } = runCode('const f = (x) => (x ? 1 : 2); f(1); f(1); f(0); if (false) f();');
  t.same(counts, [3, 2, 1, 0, 1]);
  t.end();
});

t.test('collects literals, and the words of patterns', (t) => {
  const { literals } = instrument('f("chunked", 65535, /^len=(\\d{1,9});?te[xt]ual/)', 'x');
  for (const word of ['chunked', 65535, 'len=', 'ual', 'te'])
    t.ok(literals.includes(word), String(word));
  t.end();
});

t.test('calls news only what reaches a new branch, or a new order of magnitude', (t) => {
  const counters = new Counters();
  counters.install();
  const claim = (globalThis as Record<string, unknown>)[REGISTRY] as (
    ...given: [string, number, string[]]
  ) => Uint32Array;
  claim('first.js', 2, ['a']);
  const counts = claim('second.js', 3, ['b']);
  const run = (...values: number[]): boolean => {
    counters.reset();
    counts.set(values);
    return counters.learn();
  };
  t.same([...counters.literals], ['a', 'b']);
  t.equal(run(1, 0, 0), true);
  t.equal(run(1, 0, 0), false);
  t.equal(run(2, 0, 0), true);
  t.equal(run(1000, 0, 0), true);
  t.equal(run(1001, 0, 0), false);
  t.equal(run(1, 0, 4), true);
  t.equal(run(2, 0, 7), false);
  t.same([counters.covered, counters.size], [2, 5]);
  t.same(counters.coverageOf(counters.modules[1]!), [2, 3]);
  counters.forget();
  t.equal(counters.covered, 0);
  t.end();
});

t.test('draws the same numbers from the same seed', (t) => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => random.below(1000));
  };
  t.same(draw(7), draw(7));
  t.notSame(draw(7), draw(8));
  t.ok(new Set(draw(7)).size > 30);
  t.equal(new Random(1).below(0), 0);
  t.end();
});

t.test('mutates within the length, never in place, and almost always into something else', (t) => {
  const random = new Random(3);
  const input = Buffer.from('GET / HTTP/1.1\r\n\r\n');
  const dictionary = tokensOf(['chunked', 126]);
  let changed = 0;
  for (let round = 0; round < 2000; round += 1) {
    const other = Buffer.from(random.oneIn(2) ? '' : 'other');
    const result = mutate(
      random.oneIn(9) ? Buffer.alloc(0) : input,
      { random, dictionary, other },
      40,
    );
    if (result.length > 40) t.fail(`${result.length} bytes`);
    if (!input.equals(result)) changed += 1;
  }
  t.equal(input.toString(), 'GET / HTTP/1.1\r\n\r\n');
  t.ok(changed > 1900, `${changed} of 2000`);
  t.end();
});

t.test('writes numbers of the dictionary in digits and in bytes', (t) => {
  const tokens = tokensOf([65536, 'GET', '', -1, 0.5]).map((token) =>
    Buffer.from(token).toString('latin1'),
  );
  t.same(tokens, ['65536', '\x01\0\0', 'GET', '-1', '0.5']);
  t.end();
});

t.test('writes any bytes as one printable line, and reads them back', (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const line = escapeBytes(all);
  t.match(line, /^[ -~]+$/);
  t.same([...unescapeBytes(line)], [...all]);
  t.equal(escapeBytes(Buffer.from('a\\x41\r\n\t\0')), 'a\\\\x41\\r\\n\\t\\x00');
  t.same(unescapeBytes(escapeBytes(Buffer.from('\\\\x41\\r'))), Buffer.from('\\\\x41\\r'));
  t.end();
});

t.test('takes decisions from the end of an input, and 0 when it is used up', (t) => {
  const choices = new Choices(Buffer.from('text\x05\x03\x01'));
  t.equal(choices.flag(), true);
  t.equal(choices.below(2), 1);
  t.equal(choices.pick(['a', 'b', 'c']), 'c');
  t.equal(Buffer.from(choices.rest).toString(), 'text');
  const none = new Choices(new Uint8Array(0));
  t.same([none.byte(), none.below(1000), none.flag(), none.cuts(3)], [0, 0, false, []]);
  t.end();
});

t.test('shrinks to what matters', async (t) => {
  const input = Buffer.from(`${'x'.repeat(300)}BUG${'y'.repeat(200)}!`);
  const small = await shrink(input, (bytes) => /BUG.*!/.test(Buffer.from(bytes).toString()));
  t.equal(Buffer.from(small).toString(), 'BUG!');
  const stubborn = await shrink(input, (bytes) => bytes.length >= 500, 100);
  t.ok(stubborn.length >= 500);
});

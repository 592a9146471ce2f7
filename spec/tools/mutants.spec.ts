import t from 'tap';
import { applyMutant, mutantsOf } from '../../tools/checks/mutation/mutants.ts';

/** The sources that a line becomes, one for each mutant. */
const changed = (text: string): string[] =>
  mutantsOf('x.ts', text).map((mutant) => applyMutant(text, mutant));

const CASES: readonly (readonly [title: string, text: string, mutants: readonly string[]])[] = [
  ['comparisons', 'a < b;', [';', 'a <= b;', 'a >= b;']],
  ['equality', 'f = a === b;', [';', 'f = a !== b;']],
  ['arithmetic and numbers', 'x = a + 1;', [';', 'x = a - 1;', 'x = a + 2;']],
  ['joining texts', 'x = "a" + b;', [';', "x = '' + b;"]],
  ['logic', 'x = a && !b;', [';', 'x = a || !b;', 'x = a && b;']],
  ['defaults', 'x = a ?? b;', [';', 'x = (a);']],
  ['conditions', 'if (a) f();', ['if (true) f();', 'if (false) f();', 'if (a) ;']],
  ['choices', 'x = a ? b : c;', [';', 'x = true ? b : c;', 'x = false ? b : c;']],
  ['loops', 'while (a) f();', ['while (false) f();', 'while (a) ;']],
  ['booleans and strings', `x = [true, ''];`, [';', `x = [false, ''];`, `x = [true, 'mutant'];`]],
  ['throwing and returning', 'function f() { return; }', ['function f() { ; }']],
];

for (const [title, text, expected] of CASES) {
  t.test(`changes ${title}`, (t) => {
    t.same(changed(text), expected);
    t.end();
  });
}

t.test('leaves types, imports, cases, names and messages alone', (t) => {
  for (const text of [
    `import a from 'a';`,
    `type A = 'x' | 1;`,
    'interface A { readonly a: true }',
    `export { a } from './a.ts';`,
    'function f(a: 1): void {}',
    'super(a);',
  ]) {
    t.same(changed(text), [], text);
  }
  t.same(changed(`throw new UsageError('code', 'for people ' + 1);`), [
    ';',
    `throw new UsageError('', 'for people ' + 1);`,
  ]);
  t.same(changed(`const x = { 'a': b };`), []);
  t.end();
});

t.test('says where a mutant is', (t) => {
  const [, mutant] = mutantsOf('lib/x.ts', '\n\nx = a < b;');
  t.match(mutant, { file: 'lib/x.ts', line: 3, original: '<', replacement: '<=' });
  t.end();
});

/**
 * Each rule of the house goes red on a planted breach, and stays green without it.
 */
import t from 'tap';
import { FILE_RULES } from '../../tools/checks/house/file-rules.ts';
import { House, type Rule } from '../../tools/checks/house/house.ts';
import { IMPORT_RULES } from '../../tools/checks/house/import-rules.ts';
import { requirementCoverage, TABLE_RULES } from '../../tools/checks/house/table-rules.ts';
import { EXCUSE, TEXT_RULES } from '../../tools/checks/house/text-rules.ts';

const RULES: readonly Rule[] = [...IMPORT_RULES, ...FILE_RULES, ...TEXT_RULES, ...TABLE_RULES];

const HEAD = '/** A chapter. */\n';
const door = (subpath: string): { types: string; 'barewire-modules': string; default: string } => ({
  types: `./dist/lib/${subpath}index.d.ts`,
  'barewire-modules': `./dist/lib/${subpath}index.js`,
  default: `./dist/bundle/${subpath === '' ? 'index' : subpath.slice(0, -1)}.js`,
});
const manifest = (more: object = {}): string =>
  JSON.stringify({
    dependencies: { debug: '4' },
    exports: {
      '.': door(''),
      './base': door('base/'),
      './sse': door('sse/'),
      './package.json': './package.json',
    },
    ...more,
  });

/** A small house that obeys every rule. */
const SOUND: Readonly<Record<string, string>> = {
  'package.json': manifest(),
  'README.md': '# x',
  '.gitignore': 'dist',
  'lib/index.ts': `${HEAD}export { a, type T } from './base/index.ts';\n`,
  'lib/base/README.md': '# base',
  'lib/base/index.ts': `${HEAD}export { a, type T } from './a.ts';\n`,
  'lib/base/a.ts': `${HEAD}\n/** One. */\nexport const a = 1;\nexport const b = 2;\n/** T. */\nexport type T = 1;\n`,
  'lib/base/violations.ts': `${HEAD}const V = {\n  // lib/sse: all\n  'bad-event': { source: 'HTML §9.2' },\n};\n`,
  'lib/sse/README.md': '# sse',
  'lib/sse/index.ts': `${HEAD}export { s } from './s.ts';\n`,
  'lib/sse/s.ts': `${HEAD}import { a } from '../base/index.ts';\n/** S [HTML §9.2.6]. */\nexport const s = a + 'bad-event';\n`,
  'spec/base/a.spec.ts': `import t from 'tap';\nt.test('6455-2-1', (t) => { t.equal(1, 1); t.end(); });\n`,
  'spec/base/violations.spec.ts': `import t from 'tap';\nt.test('x', (t) => { t.pass(); t.end(); });\n`,
  'spec/sse/s.spec.ts': `import { s } from 'barewire/sse';\nt.test('x', (t) => { t.equal(s, 'bad-event'); });\n`,
  'spec/house/public-names.json': JSON.stringify({
    '.': ['a', 'type T'],
    './base': ['a', 'type T'],
    './sse': ['s'],
  }),
  'spec/vectors/requirements/x.json': JSON.stringify({
    document: 'X',
    requirements: [{ id: '6455-2-1', level: 'MUST', testable: true }],
  }),
};

/** What is planted, and the finding that it must lead to. */
type Breach = readonly [path: string, text: string, finding: RegExp];

const code = (line: string): string => `${HEAD}${line}\n`;
const nested = (depth: number): string => `${'if (x) {'.repeat(depth)}${'}'.repeat(depth)}`;
const long = (lines: number): string => code(`function f() {${'\n'.repeat(lines - 1)}}`);

const BREACHES: Readonly<Record<string, readonly Breach[]>> = {
  'imports only go down, and through the door of a folder': [
    ['lib/base/a.ts', code(`import { s } from '../sse/index.ts';`), /may not import sse/],
    ['lib/sse/s.ts', code(`import { a } from '../base/a.ts';`), /one door/],
    ['lib/sse/s.ts', code(`import type { a } from './gone.ts';`), /leads nowhere/],
    ['lib/sse/s.ts', code(`import { x } from '../../package.json';`), /leaves lib/],
    ['lib/sse/s.ts', code(`export { a } from '../index.ts';`), /may not import the roof/],
    ['lib/attic/index.ts', HEAD, /stands on no floor/],
  ],
  'lib needs nothing but debug, and only the top floor knows Node': [
    ['lib/sse/s.ts', code(`import ws from 'ws';`), /imports the package ws/],
    ['lib/sse/s.ts', code(`import net from 'node:net';`), /does not know node:net/],
    ['lib/server/x.ts', code(`import http from 'node:http';`), /only an adapter/],
    ['lib/server/x.ts', code(`const x = await import('node:net');`), /loads node:net late/],
    ['lib/handshake/x.ts', code(`import { randomBytes } from 'node:crypto';`), /draws no lots/],
  ],
  'cores have no clock, no lots and no output of their own': [
    ['lib/sse/s.ts', code('const now = Date.now();'), /does not use Date.now/],
    ['lib/sse/s.ts', code('const now = new Date();'), /does not use new Date/],
    ['lib/sse/s.ts', code('setTimeout(() => {}, 1);'), /does not use setTimeout/],
    ['lib/sse/s.ts', code('const { a } = process.env;'), /does not use process.env/],
  ],
  'no import goes round': [
    ['lib/base/a.ts', code(`import { a } from './index.ts';`), /goes round/],
    ['tools/a.ts', code(`import './a.ts';`), /goes round/],
  ],
  'no default export and no star': [
    ['lib/base/a.ts', code('export default 1;'), /default export/],
    ['lib/base/a.ts', code('export default function f() {}'), /default export/],
    ['lib/sse/index.ts', code(`export * from './s.ts';`), /star/],
  ],
  'no private getter': [
    ['lib/sse/s.ts', code('class A {\n  get #a() {\n    return 1;\n  }\n}'), /private getter/],
  ],
  'no method with # where each connection has the object': [
    ['lib/server/socket-pump.ts', code('class A {\n  #a(): void {}\n}'), /method with #/],
    ['lib/peer/peer-output.ts', code('class A {\n  async #a<B>(b: B) {}\n}'), /method with #/],
  ],
  'specs, tools, benches and fuzz targets come in by the package name': [
    ['bench/x.ts', code(`import { a } from '../lib/base/a.ts';`), /instead of barewire/],
    ['spec/x.ts', code(`import { a } from '../lib/base/index.ts';`), /instead of barewire/],
    ['spec/x.ts', code(`import { a } from 'barewire/attic';`), /no subpath/],
  ],
  'nothing lies at the top level that does not belong there': [
    ['notes.md', 'x', /does not belong/],
    ['src', 'x', /does not belong/],
  ],
  'each file of lib has its spec': [['lib/base/b.ts', HEAD, /has no spec\/base\/b\.spec\.ts/]],
  'each chapter has its page': [
    ['lib/codec/index.ts', HEAD, /lib\/codec\/README\.md: is missing/],
    ['lib/base/README.md', '\n'.repeat(101), /no single page/],
  ],
  'each chapter is a subpath of the package, and debug its only need': [
    ['package.json', manifest({ dependencies: { debug: '4', ws: '8' } }), /needs ws/],
    ['package.json', manifest({ exports: { './sse': door('base/') } }), /does not lead/],
    ['package.json', manifest({ exports: { './gone': door('gone/') } }), /has no lib\/gone/],
    ['lib/codec/index.ts', HEAD, /lib\/codec is no subpath/],
    ['lib/codec/x.ts', HEAD, /has no index\.ts/],
  ],
  'the public names are the pinned ones': [
    ['lib/sse/index.ts', code(`export { s, u } from './s.ts';`), /\[u\] more/],
    ['lib/base/index.ts', code(`export { a, T } from './a.ts';`), /\[type T\] less/],
  ],
  'an index only re-exports': [
    ['lib/base/index.ts', code('export const a = 1;'), /only re-exports/],
  ],
  'files stay within 250 lines of 100 columns': [
    ['tools/x.ts', `${HEAD}${'\n'.repeat(250)}x`, /252 lines/],
    ['lib/base/a.ts', code(`// ${'x'.repeat(98)}`), /101 columns/],
  ],
  'functions stay within 50 lines, and shallow': [
    ['lib/base/a.ts', long(51), /function of 51 lines/],
    ['lib/base/a.ts', code(nested(4)), /nests 4 deep/],
    ['lib/base/a.ts', code('for (;;) try { while (x) switch (x) {} } finally {}'), /nests 4/],
  ],
  'each file begins with a heading': [
    ['tools/x.ts', 'const x = 1;\n/** Late. */', /without a heading/],
    ['lib/base/a.ts', '// No chapter.\n', /without a heading/],
  ],
  'each export of lib has its docstring': [
    ['lib/base/a.ts', `${HEAD}export const a = 1;\n`, /a has no docstring/],
    ['lib/base/a.ts', code('\n/** A. */\nexport const a = 1;\n\nexport const b = 1;'), /b has no/],
    ['lib/base/a.ts', code('\n/** A. */\nexport class a {\n  m() {}\n}'), /m has no docstring/],
  ],
  'citations are well-formed': [
    ['lib/base/a.ts', code('// [RFC 6455 5.2]'), /no citation/],
    ['lib/base/a.ts', code('// [RFC6455 §5.2]'), /no citation/],
    ['lib/base/README.md', '[HTML 9.2]', /no citation/],
    ['lib/base/a.ts', code('// [RFC 6455\n// section 2]'), /no citation/],
  ],
  'no debt, no machine paths, nothing hidden from coverage': [
    ['lib/base/a.ts', code(`// TO${'DO'}: later`), /leaves work behind/],
    ['tools/x.ts', code(`const x = '/ho${'me'}/me';`), /machine path/],
    ['README.md', `see ../sha${'red'}/x.md`, /machine path/],
    ['lib/base/a.ts', code(`/* c8 ign${'ore'} next */`), /hides code/],
  ],
  'each spec file tests and asserts something, and leaves nothing out': [
    ['spec/x.spec.ts', `t.test('x', (t) => t.end());`, /asserts nothing/],
    ['spec/x.spec.ts', 't.equal(1, 1);', /has no test/],
    ['spec/x.spec.ts', `t.test('x', { skip: true }, (t) => t.pass());`, /without a reason/],
    ['spec/x.spec.ts', `t.only('x', (t) => t.pass());`, /leaves tests out/],
  ],
  'each row of the violation table is raised, and named by a spec': [
    ['spec/sse/s.spec.ts', '', /no spec names bad-event/],
    ['lib/sse/s.ts', HEAD, /nothing raises bad-event/],
  ],
  'specs name only requirements that exist': [
    ['spec/x.spec.ts', '// 6455-2-9', /6455-2-9 is no requirement/],
    ['spec/x.spec.ts', `t.test('6455-2-9')`, /6455-2-9 is no requirement/],
    ['spec/requirements/not-applicable.json', '{"6455-2-9":"Nobody does this."}', /no requirement/],
    [
      'spec/requirements/not-applicable.json',
      '{"6455-2-1":"Nobody does this."}',
      /a\.spec\.ts names/,
    ],
    ['spec/requirements/not-applicable.json', '{"6455-2-1":""}', /has no reason/],
  ],
};

t.test('a sound house breaks no rule', (t) => {
  const house = House.of(SOUND);
  for (const { title, check } of RULES) t.same(check(house), [], title);
  t.same(RULES.map(({ title }) => title).sort(), Object.keys(BREACHES).sort());
  t.end();
});

for (const { title, check } of RULES) {
  t.test(`notices a breach of: ${title}`, (t) => {
    for (const [path, text, expected] of BREACHES[title] ?? []) {
      const findings = check(House.of({ ...SOUND, [path]: text }));
      t.ok(
        findings.some((finding) => expected.test(finding)),
        `${expected.source} in [${findings.join(' | ')}]`,
      );
    }
    t.end();
  });
}

t.test('lets a file be longer when its head says why', (t) => {
  const text = `/** Table. ${EXCUSE} a row a state. */\n${'\n'.repeat(300)}${nested(5)}`;
  const house = House.of({ ...SOUND, 'tools/x.ts': text });
  for (const { title, check } of TEXT_RULES) t.same(check(house), [], title);
  t.end();
});

t.test('takes "else if" for one level, and a function for a new beginning', (t) => {
  const chain = 'if (x) {} else if (y) {} else if (z) {} else if (u) {} else if (v) {}';
  const inner = `if (x) { if (y) { const f = () => { ${nested(3)} }; } }`;
  const house = House.of({ ...SOUND, 'tools/x.ts': code(`${chain}\n${inner}`) });
  for (const { title, check } of TEXT_RULES) t.same(check(house), [], title);
  t.end();
});

t.test('asks unfinished chapters for their floors, but not for completeness', (t) => {
  const texts = {
    ...SOUND,
    'lib/codec/x.ts': code(`import net from 'node:net'; // ${'x'.repeat(99)}`),
  };
  const finished = House.of(texts);
  const unfinished = House.of(texts, ['codec']);
  const count = (house: House): number => RULES.flatMap(({ check }) => check(house)).length;
  t.ok(count(unfinished) < count(finished));
  t.ok(count(unfinished) > 0);
  t.end();
});

t.test('takes a requirement for named in a title or a text, and not in a comment', (t) => {
  const unnamed = (text: string, exempt = '{}'): number => {
    const [coverage] = requirementCoverage(
      House.of({
        ...SOUND,
        'spec/base/a.spec.ts': text,
        'spec/requirements/not-applicable.json': exempt,
      }),
    );
    return coverage!.unnamed.length;
  };
  for (const text of [
    `t.test('x [6455-2-1]');`,
    't.test(`x [6455-2-1]`);',
    `t.test(\`6455-2-1 \${x}\`);`,
    `t.test(\`\${x} 6455-2-1 \${y}\`);`,
    `t.test(\`\${x} 6455-2-1\`);`,
    `t.equal(1, 1, "6455-2-1");`,
  ]) {
    t.equal(unnamed(text), 0, text);
  }
  for (const text of ['// 6455-2-1', '/** 6455-2-1 */ x();', 't.equal(1, 1); // [6455-2-1]', '']) {
    t.equal(unnamed(text), 1, text);
    t.equal(unnamed(text, '{"6455-2-1":"Nobody does this."}'), 0, text);
  }
  t.end();
});

/** Laws are asked in one way: replayable, scaled by one variable, and legible when they fail. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFrame } from 'barewire/codec';
import t from 'tap';
import ts from 'typescript';
import { dissect } from '../support/dissection.ts';
import { fc } from '../support/fast-check.ts';
import { anyBytes, legalFrames } from '../support/frame-arbitraries.ts';
import { explain } from '../support/laws.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** All of spec but this file, and what says how often and from which seed. */
const FILES = readdirSync(join(root, 'spec'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/laws(\.spec)?\.ts$/.test(file))
  .map((file) => [file, readFileSync(join(root, 'spec', file), 'utf8')] as const);

/** What makes arbitraries, or says what one is. */
const DRAWING = /\bfc\./;

/** What draws cases, and how much of that says by runs() how many and from which seed. */
function countDraws(text: string): { drawn: number; seeded: number } {
  const drawn = text.match(/\bfc\s*\.(?:assert|check|sample|statistics)\(/g)?.length ?? 0;
  return { drawn, seeded: text.match(/[^\w]runs\(/g)?.length ?? 0 };
}

t.test('whatever draws cases says by runs() how many, and from which seed', (t) => {
  for (const [file, text] of FILES) {
    const { drawn, seeded } = countDraws(text);
    if (drawn > 0) t.equal(seeded, drawn, file);
    // By another name it would not be counted.
    if (file === join('support', 'fast-check.ts')) continue;
    t.notOk(text.includes("'fast-check'"), `${file} draws short lists`);
    if (DRAWING.test(text))
      t.match(text, /^import \{ fc \} from '\.[./a-z]*\/fast-check\.ts';$/m, file);
  }
  t.same(countDraws('fc.assert(law, runs(9)); fc.sample(any, 200)'), { drawn: 2, seeded: 1 });
  t.same(countDraws('fc\n  .sample(any, runs(200))'), { drawn: 1, seeded: 1 });
  t.end();
});

t.test('laws are in files of their own, which the nightly run asks more often', (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  t.match(scripts['spec:nightly'], /run-specs\.js \.prop /);
  for (const [file, text] of FILES) {
    if (file.endsWith('.spec.ts')) t.equal(countDraws(text).drawn, 0, file);
  }
  t.end();
});

t.test('every law file asks a law, and says so', (t) => {
  for (const [file, text] of FILES.filter(([name]) => name.endsWith('.prop.ts'))) {
    t.match(text, /fc\.assert\(/, file);
    t.match(text, /t\.(pass|ok|equal|same)\(/, file);
  }
  t.end();
});

/**
 * The lines on which a law asks `t` for something. tap notes that and goes on, so that fast-check
 * sees no failure: no counterexample, no seed. What `t` says belongs into the function of the test,
 * not into a property, nor into what one may call.
 */
function findAskedOfTap(text: string): number[] {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const found: number[] = [];
  const visit = (node: ts.Node, isTest: boolean): void => {
    const isHere = ts.isFunctionLike(node) ? isGivenTo(node, 't.test') : isTest;
    if (
      !isHere &&
      ts.isCallExpression(node) &&
      /^t\s*\.(?!test$)/.test(node.expression.getText())
    ) {
      found.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    }
    ts.forEachChild(node, (child) => visit(child, isHere));
  };
  visit(source, true);
  return found;
}

function isGivenTo(node: ts.Node, name: string): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression.getText() === name;
}

t.test('laws throw what they find, so that fast-check hears of it', (t) => {
  for (const [file, text] of FILES.filter(([name]) => name.endsWith('.prop.ts'))) {
    t.same(findAskedOfTap(text), [], file);
  }
  const law = (body: string): string =>
    `t.test('law', (t) => {\n  fc.assert(fc.property(any, (one) => ${body}), runs(9));\n  t.pass();\n});`;
  t.same(findAskedOfTap(law('assert.equal(one, one)')), []);
  t.same(findAskedOfTap(law('t.equal(one, one)')), [2]);
  t.same(findAskedOfTap(law('{ for (const x of one) if (x) t\n.ok(x); }')), [2]);
  t.same(findAskedOfTap(`function check(x) {\n  t.same(x, 1);\n}\n${law('check(one)')}`), [2]);
  t.end();
});

const BROKEN = `
  import fc from 'fast-check';
  import { runs } from '${join(root, 'dist/spec/support/laws.js')}';
  let asked = 0;
  const law = fc.property(fc.nat(1000), (n) => { asked += 1; return n < Number(process.env.MOST); });
  try { fc.assert(law, runs(50)); console.log('asked', asked); }
  catch (error) { console.log(error.message); }
`;

function ask(env: Record<string, string>): Promise<string> {
  const { BAREWIRE_LAW_SEED: _, BAREWIRE_LAW_RUNS: __, NODE_OPTIONS: ___, ...rest } = process.env;
  return new Promise((done) => {
    const args = ['--input-type=module', '-e', BROKEN];
    const options = { cwd: root, env: { ...rest, ...env } };
    execFile(process.execPath, args, options, (_error, stdout, stderr) => done(stdout + stderr));
  });
}

t.test(
  'a law that fails names its seed, and the seed brings the counterexample back',
  async (t) => {
    const first = await ask({ MOST: '900' });
    const again = /See it again: (BAREWIRE_LAW_SEED=(\d+)) npm run spec -- spec/.exec(first);
    t.match(first, /Counterexample: \[900\]/);
    t.ok(again, first);
    t.equal(await ask({ MOST: '900', BAREWIRE_LAW_SEED: again?.[2] ?? '' }), first);
    t.equal(await ask({ MOST: '900' }), first, 'the same cases every time');
  },
);

t.test('one variable makes laws be asked more often, with cases of their own', async (t) => {
  t.match(await ask({ MOST: '1001' }), /^asked 50$/m);
  t.match(await ask({ MOST: '1001', BAREWIRE_LAW_RUNS: '100' }), /^asked 5000$/m);
  t.match(
    await ask({ MOST: '900', BAREWIRE_LAW_RUNS: '3', BAREWIRE_LAW_SEED: '7' }),
    /See it again: BAREWIRE_LAW_SEED=7 BAREWIRE_LAW_RUNS=3 npm run spec/,
  );
  t.match(await ask({ MOST: '1', BAREWIRE_LAW_RUNS: 'often' }), /is no number: often/);
});

t.test('prints streams of frames dissected', (t) => {
  const masked = encodeFrame({ opcode: 1, payload: 'Hello', maskingKey: 0x37fa213d });
  const ping = Buffer.from('09057f', 'hex');
  const long = encodeFrame({ opcode: 2, payload: Buffer.alloc(300, 1) });
  const odd = Buffer.from('f3800000', 'hex');
  t.equal(
    dissect(Buffer.concat([masked, long, ping])),
    [
      `<${masked.toString('hex')}827e012c${'01'.repeat(17)}…> 318 bytes:`,
      '  FIN text, masked by 37fa213d, 5 bytes: "Hello"',
      `  FIN binary, 300 bytes announced in 2: <${'01'.repeat(32)}…>`,
      '  ping, 5 bytes, only 1 there: <7f>',
    ].join('\n'),
  );
  t.match(dissect(odd), 'a header that is cut: <f3800000>');
  t.match(dissect(Buffer.from('f30000', 'hex')), 'FIN reserved opcode 3, RSV 111, 0 bytes');

  const bytes = fc.check(
    fc.property(anyBytes, (bytes) => bytes.length < 2),
    { seed: 1 },
  );
  t.match(explain(bytes), /Counterexample: \[<[0-9a-f…]*> \d+ bytes:\n {2}/);
  const frames = fc.check(
    fc.property(legalFrames(true), (list) => list.length < 1),
    { seed: 1 },
  );
  t.match(explain(frames), /Counterexample: \[<[0-9a-f…]*> \d+ bytes:\n {2}.*masked by/);
  t.end();
});

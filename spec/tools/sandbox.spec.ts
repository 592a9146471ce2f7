import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { ROOT } from '../../tools/checks/mutation/compile.ts';
import { firstFailure, Sandbox } from '../../tools/checks/mutation/sandbox.ts';

/** A repository with one spec in it, of this body. */
function repositoryOf(body: string): string {
  const root = mkdtempSync(join(tmpdir(), 'barewire-sandbox-spec-'));
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  const tap = pathToFileURL(join(ROOT, 'node_modules/tap/dist/esm/index.js')).href;
  writeFileSync(join(root, 'dist/it.js'), `import t from '${tap}';\n${body}\n`);
  return root;
}

const ENDINGS: readonly (readonly [title: string, body: string, ending: object])[] = [
  ['passes', `t.ok(true);`, { verdict: 'passed', failure: undefined }],
  [
    'fails',
    `t.test('it holds', (t) => { t.ok(true); t.ok(false, 'two'); t.end(); });`,
    { verdict: 'failed', failure: /^it holds: two/ },
  ],
  ['crashes', `process.abort();`, { verdict: 'failed', failure: 'no assertion: it crashed' }],
  [
    'is given up by the test library',
    `t.test('it ends', { timeout: 50 }, () => new Promise(() => setInterval(() => {}, 1e6)));`,
    { verdict: 'timed-out', failure: undefined },
  ],
  [
    'waits for ever',
    `t.test('it ends', () => new Promise(() => setInterval(() => {}, 1e6)));`,
    { verdict: 'timed-out', failure: undefined },
  ],
];

for (const [title, body, ending] of ENDINGS) {
  t.test(`tells of a spec that ${title}`, async (t) => {
    const sandbox = new Sandbox(repositoryOf(body));
    t.teardown(() => sandbox.close());
    const allowance = { processorSeconds: 60, wallMs: title === 'waits for ever' ? 1_000 : 60_000 };
    t.match(await sandbox.run('dist/it.js', allowance), ending);
  });
}

t.test('a spec that fails without an assertion has crashed', (t) => {
  t.equal(firstFailure('TAP version 14\n# Subtest: it\n'), 'no assertion: it crashed');
  t.end();
});

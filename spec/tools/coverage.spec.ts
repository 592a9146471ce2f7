import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { readRecordings } from '../../tools/checks/coverage.ts';

const json = (value: unknown): string => JSON.stringify(value);

t.test('what a spec starts in processes of its own counts for that spec', (t) => {
  const root = t.testdirName;
  const inDist = (path: string): { url: string; functions: readonly [] } => ({
    url: pathToFileURL(join(root, 'dist', path)).href,
    functions: [],
  });
  const record = (...paths: string[]): string => json({ result: paths.map(inDist) });
  t.testdir({
    '.tap': {
      processinfo: {
        'spec.json': json({ externalID: 'dist/spec/a.spec.js', parent: null }),
        'child.json': json({ parent: 'spec' }),
        'grandchild.json': json({ parent: 'child' }),
        'orphan.json': json({ parent: 'killed' }),
      },
      coverage: {
        'spec.json': record('lib/a.js', 'spec/a.spec.js'),
        'child.json': record('lib/b.js'),
        'grandchild.json': record('lib/c.js', 'lib/d.js'),
        'orphan.json': record('lib/e.js'),
      },
    },
  });
  const recordings = new Map<string, string[]>();
  for (const { spec, scripts } of readRecordings(root)) {
    recordings.set(
      spec,
      [...(recordings.get(spec) ?? []), ...scripts.map(({ url }) => url)].sort(),
    );
  }
  const urls = (...paths: string[]): string[] => paths.map((path) => inDist(path).url);
  t.strictSame(
    recordings,
    new Map([
      ['dist/spec/a.spec.js', urls('lib/a.js', 'lib/b.js', 'lib/c.js', 'lib/d.js')],
      ['', urls('lib/e.js')],
    ]),
  );
  t.strictSame(readRecordings(join(root, 'elsewhere')), []);
  t.end();
});

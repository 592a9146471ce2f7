import { readFileSync } from 'node:fs';
import t from 'tap';
import { readReasons, reasonFor } from '../../tools/checks/mutation/results.ts';

const SURVIVOR = {
  file: 'lib/a/b.ts',
  line: 'if (a) {',
  occurrence: 2,
  original: 'a',
  replacement: 'false',
};

t.test('excuses a survivor on that line alone of which the reason was given', (t) => {
  const reasons = [{ ...SURVIVOR, reason: 'only speed' }];
  t.equal(reasonFor(SURVIVOR, reasons), 'only speed');
  for (const other of [
    { occurrence: 1 },
    { file: 'lib/a/c.ts' },
    { original: 'b' },
    { replacement: 'true' },
  ]) {
    t.equal(reasonFor({ ...SURVIVOR, ...other }, reasons), undefined, JSON.stringify(other));
  }
  t.end();
});

t.test('has no two reasons for one, and says which of several lines it means', (t) => {
  const seen = new Set<string>();
  for (const { reason, ...survivor } of readReasons(process.cwd())) {
    const name = JSON.stringify(survivor);
    t.notOk(seen.has(name), name);
    seen.add(name);
    const lines = readFileSync(survivor.file, 'utf8').split('\n');
    const count = lines.filter((line) => line.trim() === survivor.line).length;
    // Where the line has gone since, the reason waits for nobody.
    t.ok(count === 0 || survivor.occurrence <= count, `${survivor.file}: ${survivor.line}`);
    t.ok(reason.length > 0);
  }
  t.end();
});

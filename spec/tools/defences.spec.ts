import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { defencesPage, takeOut } from '../../tools/checks/defences/defences.ts';
import { DEFENCES } from '../../tools/checks/defences/list.ts';
import { ROOT, sourceOf } from '../../tools/checks/mutation/compile.ts';

t.test('every defence stands where the list says, once, and its spec is there', (t) => {
  for (const defence of DEFENCES) {
    const { attack, file, spec, find } = defence;
    t.equal(sourceOf(file).split(find).length, 2, `${file}: ${attack}`);
    t.ok(existsSync(join(ROOT, spec)), spec);
    t.not(takeOut(defence, sourceOf(file)), sourceOf(file));
  }
  t.throws(() => takeOut(DEFENCES[0]!, ''), /0 places/);
  t.end();
});

t.test('the page tells of all of them', (t) => {
  t.equal(sourceOf('spec/security/README.md'), defencesPage(DEFENCES));
  for (const { attack } of DEFENCES) t.match(defencesPage(DEFENCES), attack);
  t.end();
});

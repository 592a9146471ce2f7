/** Implementations that are programs of their own. What is not installed is skipped, and says so. */
import t from 'tap';
import { chromium } from './peers/chromium.ts';
import { bun, node } from './peers/programs.ts';
import { cannotTalk, talkWith } from './talk.ts';

const BOTH = ['server', 'client'];
const ROLES = new Map([
  [bun, BOTH],
  [node, ['client']],
  [chromium, ['client']],
]);

for (const [foreign, roles] of ROLES) {
  t.test(foreign.name, { skip: cannotTalk(foreign) }, async (t) => {
    t.strictSame(await talkWith(t, foreign), roles);
  });
}
